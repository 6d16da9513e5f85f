/* agents: see agents.h.  Engine process; unix_diag needs no rights. */
#include "agentd/engine/agents.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WAIT_MS 500

struct looking {
	struct owners *owners;
	const struct host *host;
	int asked;
};

/* What unix_diag says of one listener. */
struct listener {
	struct bytes path;
	bool has_file;
	struct unix_diag_vfs file;
};

static void
take_attr(struct listener *l, struct rtattr *a)
{
	const size_t n = RTA_PAYLOAD(a);

	if (a->rta_type == UNIX_DIAG_NAME) {
		l->path = (struct bytes){.p = RTA_DATA(a), .n = n};
	} else if (a->rta_type == UNIX_DIAG_VFS && n >= sizeof(l->file)) {
		memcpy(&l->file, RTA_DATA(a), sizeof(l->file));
		l->has_file = true;
	}
}

/* The kernel's own dev_t: twenty bits of minor (linux/kdev_t.h). */
static struct fact_unix
fact_of(const struct listener *l)
{
	return (struct fact_unix){.path = l->path, .has_inode = true, .inode = l->file.udiag_vfs_ino,
	    .dev_major = l->file.udiag_vfs_dev >> 20, .dev_minor = l->file.udiag_vfs_dev & 0xfffff,
	    .ouid = UINT32_MAX};
}

static void
look_at(struct looking *k, struct nlmsghdr *h)
{
	struct unix_diag_msg *m = NLMSG_DATA(h);
	struct rtattr *a = (struct rtattr *)(void *)(m + 1);
	size_t left = h->nlmsg_len - NLMSG_LENGTH(sizeof(*m));
	struct listener l = {0};
	struct fact_unix un;

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		take_attr(&l, a);
	if (l.path.n > 0 && l.path.p[l.path.n - 1] == '\0')
		l.path.n--;
	if (!l.has_file || usock_kind_of(l.path) != USOCK_AGENT || k->asked >= AGENTS_AT_ONCE)
		return;
	un = fact_of(&l);
	if (host_usock(k->host, &un) != NULL)
		return;
	owners_want(k->owners, SES_UNSET, &un);
	k->asked++;
}

/* 1: there is more to come; 0: that was the end; −errno. */
static int
take_packet(struct looking *k, char *packet, size_t n)
{
	struct nlmsghdr *h = (struct nlmsghdr *)(void *)packet;

	for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
		if (h->nlmsg_type == NLMSG_DONE)
			return 0;
		if (h->nlmsg_type == NLMSG_ERROR)
			return -EPROTO;
		if (h->nlmsg_type == SOCK_DIAG_BY_FAMILY &&
		    h->nlmsg_len >= NLMSG_LENGTH(sizeof(struct unix_diag_msg)))
			look_at(k, h);
	}
	return 1;
}

static int
dump(int netlink, struct looking *k)
{
	static char packet[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct {
		struct nlmsghdr head;
		struct unix_diag_req req;
	} r = {
	    .head = {.nlmsg_len = sizeof(r), .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	    .req = {.sdiag_family = AF_UNIX, .udiag_states = 1u << TCP_LISTEN,
		.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS},
	};
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	int rc = 1;

	if (sendto(netlink, &r, sizeof(r), 0, (struct sockaddr *)&kernel, sizeof(kernel)) == -1)
		return -errno;
	while (rc == 1) {
		ssize_t n = recv(netlink, packet, sizeof(packet), 0);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == -1 ? -errno : -EPIPE;
		rc = take_packet(k, packet, (size_t)n);
	}
	return rc;
}

int
agents_look(struct owners *owners, const struct host *host)
{
	const struct timeval tv = timeval_of_ms(WAIT_MS);
	struct looking k = {.owners = owners, .host = host};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG), rc;

	if (fd == -1)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	rc = dump(fd, &k);
	close(fd);
	return rc < 0 ? rc : k.asked;
}
