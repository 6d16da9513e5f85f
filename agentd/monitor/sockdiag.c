/* sockdiag: see sockdiag.h.  Runs in the monitor.  Layouts: include/uapi/linux/{inet,unix,sock}_diag.h. */
#include "agentd/monitor/sockdiag.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"

#define ANSWER_MS   500
#define ROOM_BYTES  (32 << 10) /* the most that a dump puts in one datagram (af_netlink.c) */

#ifndef SOCK_DESTROY
#define SOCK_DESTROY 21
#endif

/* Not const: the macros of linux/netlink.h would cast it away. */
typedef int message_fn(struct nlmsghdr *, void *);

static int
open_diag(void)
{
	struct timeval tv = timeval_of_ms(ANSWER_MS);
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd == -1)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) == 0)
		return fd;
	close(fd);
	return -EINVAL;
}

/* One datagram; 1: more to come, 0: the end, else what fn or the kernel said. */
static int
take(int fd, message_fn *fn, void *arg)
{
	_Alignas(struct nlmsghdr) char room[ROOM_BYTES];
	ssize_t n = recv(fd, room, sizeof(room), 0);
	int rc;

	if (n == -1)
		return errno == EINTR ? 1 : errno == EAGAIN ? -ETIMEDOUT : -errno;
	for (struct nlmsghdr *h = (void *)room; NLMSG_OK(h, (size_t)n); h = NLMSG_NEXT(h, n)) {
		if (h->nlmsg_type == NLMSG_DONE)
			return 0;
		if (h->nlmsg_type == NLMSG_ERROR)
			return ((struct nlmsgerr *)NLMSG_DATA(h))->error;
		rc = fn == NULL ? 0 : fn(h, arg);
		if (rc != 0)
			return rc == 1 ? 2 : rc;
	}
	return 1;
}

/*
 * Until something was received, the kernel makes its datagrams of a page, and with an entry that needs more a dump just
 * ends (af_netlink.c, netlink_dump(); a listener at which a thousand wait is such a one).
 */
static int
widen(int fd)
{
	const struct nlmsghdr nothing = {
	    .nlmsg_len = sizeof(nothing), .nlmsg_type = NLMSG_NOOP, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK};

	if (send(fd, &nothing, sizeof(nothing), 0) != (ssize_t)sizeof(nothing))
		return -errno;
	return take(fd, NULL, NULL);
}

/* Sends one request and hears it out. */
static int
converse(const void *request, size_t len, message_fn *fn, void *arg)
{
	int fd = open_diag(), rc;

	if (fd < 0)
		return fd;
	rc = widen(fd);
	if (rc == 0)
		rc = send(fd, request, len, 0) == (ssize_t)len ? 1 : -errno;
	while (rc == 1)
		rc = take(fd, fn, arg);
	close(fd);
	return rc;
}

/* --- TCP ---------------------------------------------------------------------------------------------- */

struct inet_request {
	struct nlmsghdr h;
	struct inet_diag_req_v2 d;
	/* With the dump, what a BPF map of socket storage has of each (bpf_sk_storage_diag_alloc()). */
	struct rtattr storages, map;
	uint32_t fd;
};

struct tcp_sink {
	int (*fn)(const struct diag_tcp *, void *);
	void *arg;
};

static void
convert(uint8_t family, const uint32_t word[4], uint16_t port, struct report_addr *out)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct report_addr a = {.family = family == AF_INET ? 4 : 6, .port = ntohs(port)};

	memcpy(a.b, word, a.family == 4 ? 4 : 16);
	if (a.family == 6 && memcmp(a.b, mapped, sizeof(mapped)) == 0) {
		memcpy(a.b, a.b + 12, 4);
		memset(a.b + 4, 0, 12);
		a.family = 4;
	}
	*out = a;
}

/* Of nested attributes, the first of that type.  NULL: there is none. */
static struct rtattr *
attribute(struct rtattr *a, size_t left, unsigned short type)
{
	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if ((a->rta_type & NLA_TYPE_MASK) == type)
			return a;
	return NULL;
}

static void
take_maker(struct nlmsghdr *h, struct gate_maker *out)
{
	struct rtattr *a = (struct rtattr *)((char *)NLMSG_DATA(h) + NLMSG_ALIGN(sizeof(struct inet_diag_msg)));

	a = attribute(a, h->nlmsg_len - NLMSG_SPACE(sizeof(struct inet_diag_msg)), INET_DIAG_SK_BPF_STORAGES);
	if (a != NULL)
		a = attribute(RTA_DATA(a), RTA_PAYLOAD(a), SK_DIAG_BPF_STORAGE);
	if (a != NULL)
		a = attribute(RTA_DATA(a), RTA_PAYLOAD(a), SK_DIAG_BPF_STORAGE_MAP_VALUE);
	if (a != NULL && RTA_PAYLOAD(a) >= sizeof(*out))
		memcpy(out, RTA_DATA(a), sizeof(*out));
}

static int
take_tcp(struct nlmsghdr *h, void *arg)
{
	const struct tcp_sink *sink = arg;
	struct diag_tcp t = {.maker.ses = SES_UNSET};

	if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY || h->nlmsg_len < NLMSG_LENGTH(sizeof(t.raw)))
		return 0;
	memcpy(&t.raw, NLMSG_DATA(h), sizeof(t.raw));
	convert(t.raw.idiag_family, t.raw.id.idiag_src, t.raw.id.idiag_sport, &t.local);
	convert(t.raw.idiag_family, t.raw.id.idiag_dst, t.raw.id.idiag_dport, &t.peer);
	t.inode = t.raw.idiag_inode;
	if (h->nlmsg_len > NLMSG_SPACE(sizeof(t.raw)))
		take_maker(h, &t.maker);
	return sink->fn(&t, sink->arg);
}

static struct inet_request
inet_request(uint16_t type, uint16_t flags, uint8_t family)
{
	struct inet_request r = {
		.h = {.nlmsg_len = offsetof(struct inet_request, storages), .nlmsg_type = type,
		    .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags)},
		.d = {.sdiag_family = family, .sdiag_protocol = IPPROTO_TCP},
	};

	return r;
}

static void
ask_makers(struct inet_request *r, int makers)
{
	if (makers == -1)
		return;
	r->storages = (struct rtattr){.rta_type = INET_DIAG_REQ_SK_BPF_STORAGES | NLA_F_NESTED,
	    .rta_len = RTA_LENGTH(RTA_LENGTH(sizeof(r->fd)))};
	r->map = (struct rtattr){.rta_type = SK_DIAG_BPF_STORAGE_REQ_MAP_FD, .rta_len = RTA_LENGTH(sizeof(r->fd))};
	r->fd = (uint32_t)makers;
	r->h.nlmsg_len = sizeof(*r);
}

static int
tcp_each(uint32_t states, int makers, int (*fn)(const struct diag_tcp *, void *), void *arg)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	struct tcp_sink sink = {.fn = fn, .arg = arg};
	int rc = 0;

	for (size_t i = 0; i < sizeof(families) && rc == 0; i++) {
		struct inet_request r = inet_request(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, families[i]);

		r.d.idiag_states = states;
		ask_makers(&r, makers);
		rc = converse(&r, r.h.nlmsg_len, take_tcp, &sink);
	}
	return rc;
}

int
diag_tcp_each(int makers, int (*fn)(const struct diag_tcp *, void *), void *arg)
{
	return tcp_each(1u << TCP_ESTABLISHED | 1u << TCP_SYN_SENT | 1u << TCP_FIN_WAIT1 | 1u << TCP_CLOSE_WAIT |
	    1u << TCP_FIN_WAIT2 | 1u << TCP_LAST_ACK, makers, fn, arg);
}

int
diag_tcp_listeners_each(int (*fn)(const struct diag_tcp *, void *), void *arg)
{
	return tcp_each(1u << TCP_LISTEN, -1, fn, arg);
}

int
diag_destroy(const struct diag_tcp *t)
{
	struct inet_request r = inet_request(SOCK_DESTROY, NLM_F_ACK, t->raw.idiag_family);

	r.d.id = t->raw.id; /* with its cookie: another socket on the same addresses is not meant */
	r.d.idiag_states = 1u << t->raw.idiag_state;
	return converse(&r, r.h.nlmsg_len, NULL, NULL);
}

/* --- Unix --------------------------------------------------------------------------------------------- */

struct unix_sink {
	int (*fn)(const struct diag_unix *, void *);
	void *arg;
};

static void
take_attribute(struct rtattr *a, struct diag_unix *u)
{
	struct unix_diag_vfs vfs;
	uint32_t peer;

	if (a->rta_type == UNIX_DIAG_VFS && RTA_PAYLOAD(a) >= sizeof(vfs)) {
		memcpy(&vfs, RTA_DATA(a), sizeof(vfs));
		u->file_ino = vfs.udiag_vfs_ino;
		/* The kernel's own dev_t: 12 bits of major, 20 of minor (include/linux/kdev_t.h). */
		u->major = vfs.udiag_vfs_dev >> 20;
		u->minor = vfs.udiag_vfs_dev & 0xfffff;
		u->bound = true;
	} else if (a->rta_type == UNIX_DIAG_PEER && RTA_PAYLOAD(a) >= sizeof(peer)) {
		memcpy(&peer, RTA_DATA(a), sizeof(peer));
		u->peer = peer;
	} else if (a->rta_type == UNIX_DIAG_ICONS) {
		u->pending = RTA_DATA(a);
		u->pending_n = RTA_PAYLOAD(a) / sizeof(*u->pending);
	} else if (a->rta_type == UNIX_DIAG_NAME) {
		u->name = RTA_DATA(a);
		u->name_n = RTA_PAYLOAD(a);
	}
}

static int
take_unix(struct nlmsghdr *h, void *arg)
{
	const struct unix_sink *sink = arg;
	struct unix_diag_msg *msg = NLMSG_DATA(h);
	struct diag_unix u = {0};
	struct rtattr *a;
	size_t left;

	if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY || h->nlmsg_len < NLMSG_LENGTH(sizeof(*msg)))
		return 0;
	u.inode = msg->udiag_ino;
	u.cookie = (uint64_t)msg->udiag_cookie[1] << 32 | msg->udiag_cookie[0];
	u.listening = msg->udiag_state == TCP_LISTEN;
	left = h->nlmsg_len - NLMSG_LENGTH(sizeof(*msg));
	for (a = (struct rtattr *)(msg + 1); RTA_OK(a, left); a = RTA_NEXT(a, left))
		take_attribute(a, &u);
	return sink->fn(&u, sink->arg);
}

static int
unix_each(uint32_t states, uint32_t show, int (*fn)(const struct diag_unix *, void *), void *arg)
{
	struct unix_sink sink = {.fn = fn, .arg = arg};
	struct {
		struct nlmsghdr h;
		struct unix_diag_req d;
	} r = {
		.h = {.nlmsg_len = sizeof(r), .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.d = {.sdiag_family = AF_UNIX, .udiag_states = states, .udiag_show = show},
	};

	return converse(&r, sizeof(r), take_unix, &sink);
}

int
diag_unix_each(int (*fn)(const struct diag_unix *, void *), void *arg)
{
	return unix_each(~0u, UDIAG_SHOW_VFS | UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_ICONS, fn, arg);
}

int
diag_listeners_each(int (*fn)(const struct diag_unix *, void *), void *arg)
{
	return unix_each(1u << TCP_LISTEN, UDIAG_SHOW_VFS | UDIAG_SHOW_NAME, fn, arg);
}
