/*
 * netlink: records from the kernel's audit multicast group.  See source.h.
 *
 * One datagram is one record.  The length in its header is not used: kernel/audit.c counts the header
 * for multicast readers and leaves it out for auditd, and which of the two a reader gets has changed;
 * the datagram's own length is right in both cases.
 */
#include "agentd/source/source.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <sshtether/limits.h>

#define BATCH       32 /* datagrams of one system call */
#define ROOM        (NLMSG_HDRLEN + ST_RECORD_MAX + 256)
#define KERNEL_PID  0

struct batch {
	struct mmsghdr msg[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_nl from[BATCH];
	char room[BATCH][ROOM] __attribute__((aligned(8)));
};

static void
batch_prepare(struct batch *b)
{
	for (unsigned i = 0; i < BATCH; i++) {
		b->iov[i] = (struct iovec){.iov_base = b->room[i], .iov_len = ROOM};
		b->msg[i].msg_hdr = (struct msghdr){
		    .msg_name = &b->from[i],
		    .msg_namelen = sizeof(b->from[i]),
		    .msg_iov = &b->iov[i],
		    .msg_iovlen = 1,
		};
	}
}

/* The kernel ends some payloads with a NUL, and pads. */
static struct bytes
payload_of(const char *p, size_t n)
{
	struct bytes b = {.p = p + NLMSG_HDRLEN, .n = n - NLMSG_HDRLEN};

	while (b.n > 0 && (b.p[b.n - 1] == '\0' || b.p[b.n - 1] == '\n'))
		b.n--;
	return b;
}

static void
take(const struct mmsghdr *m, const char *p, const struct source_taker *taker,
    struct source_stats *stats)
{
	const struct sockaddr_nl *from = m->msg_hdr.msg_name;
	struct nlmsghdr h;
	struct record rec;

	stats->bytes += m->msg_len;
	stats->messages++;
	if ((m->msg_hdr.msg_flags & MSG_TRUNC) != 0) {
		stats->cut++;
		return;
	}
	/* Only the kernel speaks here; a message of another sender is not looked at. */
	if (m->msg_len < NLMSG_HDRLEN || m->msg_hdr.msg_namelen != sizeof(*from) ||
	    from->nl_pid != KERNEL_PID) {
		stats->malformed++;
		return;
	}
	memcpy(&h, p, sizeof(h));
	if (record_parse_netlink(h.nlmsg_type, payload_of(p, m->msg_len), &rec) != RECORD_OK) {
		stats->malformed++;
		return;
	}
	taker->record(&rec, taker->arg);
}

enum source_got
source_netlink_read(int fd, const struct source_taker *taker, struct source_stats *stats)
{
	static struct batch b;
	int n;

	batch_prepare(&b);
	do
		n = recvmmsg(fd, b.msg, BATCH, MSG_DONTWAIT, NULL);
	while (n == -1 && errno == EINTR);
	if (n == -1 && errno == ENOBUFS) {
		stats->overruns++;
		return SOURCE_MORE;
	}
	if (n == -1)
		return errno == EAGAIN || errno == EWOULDBLOCK ? SOURCE_DRY : SOURCE_BROKEN;
	for (int i = 0; i < n; i++)
		take(&b.msg[i], b.room[i], taker, stats);
	return n == BATCH ? SOURCE_MORE : SOURCE_DRY;
}
