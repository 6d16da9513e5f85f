/* tcp_diag: see tcp_diag.h.  Engine process. */
#include "agentd/engine/tcp_diag.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <unistd.h>

#include "base/clock.h"

#define WAIT_MS     50         /* the kernel answers in the call; this is for a kernel that does not */
#define ENDS_BYTES  (1u << 20) /* of what nobody has read yet; the kernel has a limit of its own */
#define PACKET      32768      /* the most that a dump puts in one (af_netlink.c) */

/*
 * The kernel filters by a small program (linux/inet_diag.h): one condition, "destination is this address
 * and port", which jumps over its own end when it does not hold.
 */
#define FILTER_MAX (sizeof(struct port_step) * TCP_DIAG_PORTS)

/* struct inet_diag_hostcond without an address behind it: the end of a struct is not in the middle of another. */
struct port_cond {
	uint8_t family, prefix_len;
	int port;
};
_Static_assert(sizeof(struct port_cond) == sizeof(struct inet_diag_hostcond), "as the kernel has it");

/* "Is our port this one?"; what is jumped over when it is not. */
struct port_step {
	struct inet_diag_bc_op op;
	struct port_cond cond;
	struct inet_diag_bc_op jump;
};
_Static_assert(FILTER_MAX >= sizeof(struct inet_diag_bc_op) + sizeof(struct inet_diag_hostcond) + 16,
    "it has room for an address");

struct request {
	struct nlmsghdr head;
	struct inet_diag_req_v2 req;
	struct nlattr attr; /* from here on with a dump alone */
	char filter[FILTER_MAX]; /* cut where it ends */
};

/* States that have a peer: all but LISTEN, CLOSE and TIME_WAIT, which no process holds (net/tcp_states.h). */
#define STATE(n) (1u << (n))
enum { ESTABLISHED = 1, SYN_SENT, SYN_RECV, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT = 8, LAST_ACK, LISTEN, CLOSING };
#define STATES (STATE(ESTABLISHED) | STATE(SYN_SENT) | STATE(SYN_RECV) | STATE(FIN_WAIT1) | STATE(FIN_WAIT2) | \
    STATE(CLOSE_WAIT) | STATE(LAST_ACK) | STATE(CLOSING))

/* --- asking ----------------------------------------------------------------------------------------- */

static size_t
addr_len(struct addr a)
{
	return a.family == 4 ? 4 : 16;
}

static int
family_of(struct addr a)
{
	return a.family == 4 ? AF_INET : AF_INET6;
}

static size_t
filter_fill(char out[FILTER_MAX], struct endpoint peer)
{
	struct inet_diag_hostcond cond;
	const size_t n = sizeof(struct inet_diag_bc_op) + sizeof(cond) + addr_len(peer.addr);
	const struct inet_diag_bc_op op = {.code = INET_DIAG_BC_D_COND, .yes = (unsigned char)n,
	    .no = (unsigned short)(n + 4)};

	memset(&cond, 0, sizeof(cond)); /* its padding, too: all of it goes to the kernel */
	cond.family = (uint8_t)family_of(peer.addr);
	cond.prefix_len = (uint8_t)(addr_len(peer.addr) * 8);
	cond.port = peer.port;
	memcpy(out, &op, sizeof(op));
	memcpy(out + sizeof(op), &cond, sizeof(cond));
	memcpy(out + sizeof(op) + sizeof(cond), peer.addr.b, addr_len(peer.addr));
	return n;
}

/* Answers of questions that nobody waited for are told apart by their number. */
static uint32_t
next_seq(void)
{
	static uint32_t seq;

	return ++seq;
}

static struct request
request_of(int family, uint16_t flags)
{
	return (struct request){
	    .head = {.nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
		.nlmsg_seq = next_seq(), .nlmsg_len = offsetof(struct request, attr)},
	    .req = {.sdiag_family = (uint8_t)family, .sdiag_protocol = IPPROTO_TCP,
		.idiag_ext = 1u << (INET_DIAG_INFO - 1), .idiag_states = STATES,
		.id.idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}},
	    .attr = {.nla_type = INET_DIAG_REQ_BYTECODE},
	};
}

/* --- understanding ---------------------------------------------------------------------------------- */

static struct endpoint
endpoint_at(uint8_t family, const uint32_t word[4], uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = port};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = port};
	struct endpoint e = {0};

	memcpy(&in.sin_addr, word, sizeof(in.sin_addr));
	memcpy(&in6.sin6_addr, word, sizeof(in6.sin6_addr));
	if (family == AF_INET)
		(void)endpoint_from_sockaddr(&in, sizeof(in), &e);
	else
		(void)endpoint_from_sockaddr(&in6, sizeof(in6), &e);
	return e;
}

#define VOLUME_END (offsetof(struct tcp_info, tcpi_bytes_received) + sizeof(uint64_t))

/* What it carried: two members of the attribute INET_DIAG_INFO, which grows with each kernel. */
static void
take_volume(const char *p, size_t n, struct tcp_socket *out)
{
	struct nlattr a;
	size_t step;

	for (; n >= sizeof(a); p += step, n -= step) {
		memcpy(&a, p, sizeof(a));
		step = (size_t)NLA_ALIGN(a.nla_len);
		if (a.nla_len < sizeof(a) || a.nla_len > n)
			return;
		if (a.nla_type == INET_DIAG_INFO && a.nla_len >= sizeof(a) + VOLUME_END) {
			p += sizeof(a);
			memcpy(&out->sent, p + offsetof(struct tcp_info, tcpi_bytes_acked), sizeof(out->sent));
			memcpy(&out->received, p + offsetof(struct tcp_info, tcpi_bytes_received),
			    sizeof(out->received));
			return;
		}
		if (step > n)
			return;
	}
}

static bool
take_socket(const struct nlmsghdr *h, uint32_t states, struct tcp_socket *out)
{
	const size_t at = NLMSG_LENGTH(sizeof(struct inet_diag_msg));
	struct inet_diag_msg m;

	if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY || h->nlmsg_len < at)
		return false;
	memcpy(&m, (const char *)h + NLMSG_HDRLEN, sizeof(m));
	if (m.idiag_state >= 32 || (STATE(m.idiag_state) & states) == 0)
		return false;
	*out = (struct tcp_socket){.inode = m.idiag_inode, .uid = m.idiag_uid,
	    .local = endpoint_at(m.idiag_family, m.id.idiag_src, m.id.idiag_sport),
	    .peer = endpoint_at(m.idiag_family, m.id.idiag_dst, m.id.idiag_dport)};
	take_volume((const char *)h + at, h->nlmsg_len - at, out);
	return true;
}

/* 0: that is all; else −errno. */
static int
error_of(const struct nlmsghdr *h)
{
	struct nlmsgerr e;

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(e)))
		return -EBADMSG;
	memcpy(&e, (const char *)h + NLMSG_HDRLEN, sizeof(e));
	return e.error;
}

/* One packet of an answer.  1: there is more to come; 0: that was the end; −errno. */
static int
take_packet(char *packet, size_t n, const struct request *r, tcp_socket_fn *fn, void *arg)
{
	for (struct nlmsghdr *h = (struct nlmsghdr *)(void *)packet; NLMSG_OK(h, n);
	    h = NLMSG_NEXT(h, n)) {
		struct tcp_socket s;

		if (h->nlmsg_seq != r->head.nlmsg_seq)
			continue;
		if (h->nlmsg_type == NLMSG_DONE)
			return 0;
		if (h->nlmsg_type == NLMSG_ERROR)
			return error_of(h);
		if (take_socket(h, r->req.idiag_states, &s))
			fn(&s, arg);
		if ((h->nlmsg_flags & NLM_F_MULTI) == 0)
			return 0;
	}
	return 1;
}

static int
converse(int netlink, const struct request *r, tcp_socket_fn *fn, void *arg)
{
	static char packet[PACKET] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t n;
	int rc = 1;

	if (sendto(netlink, r, r->head.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) == -1)
		return -errno;
	while (rc == 1) {
		do
			n = recv(netlink, packet, sizeof(packet), 0);
		while (n == -1 && errno == EINTR);
		if (n <= 0)
			return n == -1 ? -errno : -EPIPE;
		rc = take_packet(packet, (size_t)n, r, fn, arg);
	}
	return rc;
}

int
tcp_diag_each(int netlink, int family, struct endpoint peer, tcp_socket_fn *fn, void *arg)
{
	struct request r = request_of(family, NLM_F_DUMP);
	const size_t n = sizeof(r.attr) + filter_fill(r.filter, peer);

	r.attr.nla_len = (uint16_t)n;
	r.head.nlmsg_len += (uint32_t)n;
	return converse(netlink, &r, fn, arg);
}

int
tcp_diag_all(int netlink, int family, tcp_socket_fn *fn, void *arg)
{
	const struct request r = request_of(family, NLM_F_DUMP);

	return converse(netlink, &r, fn, arg);
}

int
tcp_diag_listening(int netlink, int family, tcp_socket_fn *fn, void *arg)
{
	struct request r = request_of(family, NLM_F_DUMP);

	r.req.idiag_states = STATE(LISTEN);
	return converse(netlink, &r, fn, arg);
}

/* "Our port is one of these": one that holds jumps to the end, and the last has nothing to jump over. */
static size_t
filter_ports(char *out, const uint16_t *port, size_t n)
{
	const size_t total = n * sizeof(struct port_step) - sizeof(struct inet_diag_bc_op);

	for (size_t i = 0; i < n; i++) {
		const size_t at = i * sizeof(struct port_step);
		const struct port_step step = {
		    .op = {.code = INET_DIAG_BC_S_COND, .yes = offsetof(struct port_step, jump),
			.no = sizeof(step)},
		    .cond = {.family = AF_UNSPEC, .port = port[i]},
		    .jump = {.code = INET_DIAG_BC_JMP, .yes = sizeof(step.jump),
			.no = (unsigned short)(total - at - offsetof(struct port_step, jump))},
		};

		memcpy(out + at, &step, i + 1 < n ? sizeof(step) : offsetof(struct port_step, jump));
	}
	return total;
}

int
tcp_diag_served(int netlink, int family, const uint16_t *port, size_t n, tcp_socket_fn *fn, void *arg)
{
	struct request r = request_of(family, NLM_F_DUMP);
	const size_t len = sizeof(r.attr) + filter_ports(r.filter, port, n <= TCP_DIAG_PORTS ? n : TCP_DIAG_PORTS);

	r.req.idiag_states = STATE(ESTABLISHED);
	r.attr.nla_len = (uint16_t)len;
	r.head.nlmsg_len += (uint32_t)len;
	return converse(netlink, &r, fn, arg);
}

static void
keep_one(const struct tcp_socket *s, void *arg)
{
	*(struct tcp_socket *)arg = *s;
}

int
tcp_diag_one(int netlink, struct endpoint local, struct endpoint peer, struct tcp_socket *out)
{
	struct request r = request_of(family_of(peer.addr), 0);
	struct tcp_socket s = {0};
	int rc;

	r.req.id.idiag_sport = htons(local.port);
	r.req.id.idiag_dport = htons(peer.port);
	memcpy(r.req.id.idiag_src, local.addr.b, addr_len(local.addr));
	memcpy(r.req.id.idiag_dst, peer.addr.b, addr_len(peer.addr));
	rc = converse(netlink, &r, keep_one, &s);
	if (rc == 0 && s.local.addr.family == 0) /* or what TIME_WAIT left of it */
		rc = -ENOENT;
	if (rc == 0)
		*out = s;
	return rc;
}

int
tcp_diag_open(void)
{
	const struct timeval tv = timeval_of_ms(WAIT_MS);
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd != -1)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	return fd;
}

/* --- ends ------------------------------------------------------------------------------------------- */

#define GROUP(n) (1u << ((n) - 1))

int
tcp_diag_ends_open(void)
{
	struct sockaddr_nl sa = {.nl_family = AF_NETLINK,
	    .nl_groups = GROUP(SKNLGRP_INET_TCP_DESTROY) | GROUP(SKNLGRP_INET6_TCP_DESTROY)};
	const int room = ENDS_BYTES;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG), err;

	if (fd == -1)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

#define PORT_AT(member) ((uint32_t)(NLMSG_HDRLEN + offsetof(struct inet_diag_msg, id.member)))

/*
 * For both ends: load the port, one comparison each, the last instruction but one is the drop.  The
 * jumps, which have 8 bits, reach it: 2 * (TCP_DIAG_PORTS + 1) + 2 instructions.
 */
_Static_assert(2 * (TCP_DIAG_PORTS + 1) + 2 <= UINT8_MAX, "a jump is 8 bits");

int
tcp_diag_ends_of(int fd, const uint16_t *port, size_t n)
{
	const uint32_t at[] = {PORT_AT(idiag_sport), PORT_AT(idiag_dport)};
	const size_t keep = 2 * (n + 1) + 1;
	struct sock_filter code[2 * (TCP_DIAG_PORTS + 1) + 2];
	struct sock_fprog prog = {.filter = code};
	const int none = 0;
	size_t k = 0;

	if (n == 0 || n > TCP_DIAG_PORTS) {
		(void)setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof(none));
		return n == 0 ? 0 : -E2BIG;
	}
	for (size_t end = 0; end < 2; end++) {
		code[k++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_H | BPF_ABS, at[end]);
		for (size_t i = 0; i < n; i++, k++)
			code[k] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port[i],
			    (uint8_t)(keep - k - 1), 0);
	}
	code[k++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	code[k++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
	prog.len = (unsigned short)k;
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) == 0 ? 0 : -errno;
}

int
tcp_diag_ends_read(int fd, tcp_socket_fn *fn, void *arg)
{
	char packet[4096] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct sockaddr_nl from = {0};
	socklen_t len = sizeof(from);
	ssize_t got = recvfrom(fd, packet, sizeof(packet), 0, (struct sockaddr *)&from, &len);
	size_t n = (size_t)got;
	struct tcp_socket s;

	if (got == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got <= 0)
		return got == -1 ? -errno : -EPIPE;
	if (from.nl_pid != 0) /* not the kernel's */
		return 1;
	for (struct nlmsghdr *h = (struct nlmsghdr *)(void *)packet; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
		if (take_socket(h, UINT32_MAX, &s))
			fn(&s, arg);
	}
	return 1;
}
