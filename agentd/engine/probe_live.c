/* probe_live: see probe_live.h.  Engine process. */
#include "agentd/engine/probe_live.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agentd/engine/failures.h"
#include "agentd/engine/quota.h"
#include "base/log.h"

/* Walks over all TCP sockets for one uid: each takes the kernel a millisecond or so. */
#define UID_BURST    100
#define UID_MINUTE   600
#define DIAG_WAIT_MS 50 /* the kernel answers in the call; this is for a kernel that does not */

struct probe_live {
	struct probe probe;
	struct programs *programs; /* borrowed */
	struct owners *owners;     /* borrowed */
	struct watch *watch; /* borrowed */
	int netlink;               /* −1: none */
	uint32_t seq;
	struct quota quota; /* by uid */
};

/* --- tasks ---------------------------------------------------------------------------------------- */

static bool
probe_task(void *arg, uint32_t pid, struct probe_task *out)
{
	struct proc_stat st;
	uid_t ruid, euid;
	struct probe_task t;

	(void)arg;
	if (proc_stat((pid_t)pid, &st) != 0 || proc_sessionid((pid_t)pid, &t.ses) != 0 ||
	    proc_loginuid((pid_t)pid, &t.auid) != 0 || proc_uids((pid_t)pid, &ruid, &euid) != 0)
		return false;
	t.ppid = (uint32_t)st.ppid;
	t.uid = ruid;
	t.euid = euid;
	t.start_ticks = st.start_ticks;
	memcpy(t.comm, st.comm, sizeof(t.comm));
	*out = t;
	return true;
}

static bool
probe_same_network(void *arg, uint32_t pid)
{
	bool same;

	(void)arg;
	return proc_same_network((pid_t)pid, &same) == 0 && same;
}

/* --- TCP sockets ------------------------------------------------------------------------------------ */

/*
 * The kernel filters by a small program (linux/inet_diag.h): one condition, "destination is this address
 * and port", which jumps over its own end when it does not hold.
 */
#define FILTER_MAX (sizeof(struct inet_diag_bc_op) + sizeof(struct inet_diag_hostcond) + 16)

struct diag_request {
	struct nlmsghdr head;
	struct inet_diag_req_v2 req;
	struct nlattr attr;
	char filter[FILTER_MAX]; /* cut after the address */
};

/* States of tcp_states.h that have a peer: all but LISTEN, CLOSE and TIME_WAIT, which no process holds. */
#define STATES ((1u << TCP_ESTABLISHED) | (1u << TCP_SYN_SENT) | (1u << TCP_SYN_RECV) | \
    (1u << TCP_FIN_WAIT1) | (1u << TCP_FIN_WAIT2) | (1u << TCP_CLOSE_WAIT) | (1u << TCP_LAST_ACK) | \
    (1u << TCP_CLOSING))

static size_t
addr_len(struct addr a)
{
	return a.family == 4 ? 4 : 16;
}

static size_t
filter_fill(char out[FILTER_MAX], struct endpoint peer)
{
	const struct inet_diag_hostcond cond = {
	    .family = peer.addr.family == 4 ? AF_INET : AF_INET6,
	    .prefix_len = (uint8_t)(addr_len(peer.addr) * 8),
	    .port = peer.port,
	};
	const size_t n = sizeof(struct inet_diag_bc_op) + sizeof(cond) + addr_len(peer.addr);
	const struct inet_diag_bc_op op = {.code = INET_DIAG_BC_D_COND, .yes = (unsigned char)n,
	    .no = (unsigned short)(n + 4)};

	memcpy(out, &op, sizeof(op));
	memcpy(out + sizeof(op), &cond, sizeof(cond));
	memcpy(out + sizeof(op) + sizeof(cond), peer.addr.b, addr_len(peer.addr));
	return n;
}

static size_t
request_fill(struct diag_request *r, uint32_t seq, int family, struct endpoint peer)
{
	size_t n;

	*r = (struct diag_request){
	    .head = {.nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		.nlmsg_seq = seq},
	    .req = {.sdiag_family = (uint8_t)family, .sdiag_protocol = IPPROTO_TCP,
		.idiag_states = STATES},
	    .attr = {.nla_type = INET_DIAG_REQ_BYTECODE},
	};
	n = sizeof(r->attr) + filter_fill(r->filter, peer);
	r->attr.nla_len = (uint16_t)n;
	n += sizeof(r->head) + sizeof(r->req);
	r->head.nlmsg_len = (uint32_t)n;
	return n;
}

static struct endpoint
local_of(const struct inet_diag_msg *m)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = m->id.idiag_sport};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = m->id.idiag_sport};
	struct endpoint e = {0};

	memcpy(&in.sin_addr, m->id.idiag_src, sizeof(in.sin_addr));
	memcpy(&in6.sin6_addr, m->id.idiag_src, sizeof(in6.sin6_addr));
	if (m->idiag_family == AF_INET)
		(void)endpoint_from_sockaddr(&in, sizeof(in), &e);
	else
		(void)endpoint_from_sockaddr(&in6, sizeof(in6), &e);
	return e;
}

/* Takes one packet of the answer.  1: there is more to come; 0: that was the end; −errno. */
static int
take_packet(char *packet, size_t n, uint32_t seq, uint32_t uid, struct probe_tcp *out)
{
	for (struct nlmsghdr *h = (struct nlmsghdr *)(void *)packet; NLMSG_OK(h, n);
	    h = NLMSG_NEXT(h, n)) {
		struct inet_diag_msg m;

		if (h->nlmsg_seq != seq) /* of a question whose answer nobody waited for */
			continue;
		if (h->nlmsg_type == NLMSG_DONE)
			return 0;
		if (h->nlmsg_type == NLMSG_ERROR) {
			struct nlmsgerr e;

			if (h->nlmsg_len < NLMSG_LENGTH(sizeof(e)))
				return -EBADMSG;
			memcpy(&e, NLMSG_DATA(h), sizeof(e));
			return e.error != 0 ? e.error : 0;
		}
		if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY || h->nlmsg_len < NLMSG_LENGTH(sizeof(m)))
			continue;
		memcpy(&m, NLMSG_DATA(h), sizeof(m));
		if (!out->found || (m.idiag_uid == uid && !out->own))
			*out = (struct probe_tcp){.found = true, .own = m.idiag_uid == uid,
			    .local = local_of(&m)};
	}
	return 1;
}

int
tcp_diag_find(int netlink, uint32_t seq, int family, uint32_t uid, struct endpoint peer,
    struct probe_tcp *out)
{
	static char packet[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct diag_request r;
	size_t len = request_fill(&r, seq, family, peer);
	ssize_t n;
	int rc = 1;

	if (sendto(netlink, &r, len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) == -1)
		return -errno;
	while (rc == 1) {
		do
			n = recv(netlink, packet, sizeof(packet), 0);
		while (n == -1 && errno == EINTR);
		if (n <= 0)
			return n == -1 ? -errno : -EPIPE;
		rc = take_packet(packet, (size_t)n, seq, uid, out);
	}
	return rc;
}

static bool
probe_tcp(void *arg, uint32_t uid, struct endpoint peer, struct probe_tcp *out)
{
	struct probe_live *p = arg;
	int rc = -ENOTCONN;

	*out = (struct probe_tcp){.found = false};
	if (!quota_take(&p->quota, uid, mtime_now())) {
		failure_note(FAIL_TCP_QUOTA);
		return false;
	}
	if (p->netlink != -1 && peer.addr.family != 0)
		rc = tcp_diag_find(p->netlink, ++p->seq,
		    peer.addr.family == 4 ? AF_INET : AF_INET6, uid, peer, out);
	/* An IPv6 socket may hold an IPv4 connection; its destination is then a mapped address. */
	if (rc == 0 && !out->own && peer.addr.family == 4)
		rc = tcp_diag_find(p->netlink, ++p->seq, AF_INET6, uid, peer, out);
	if (rc != 0)
		failure_note(FAIL_TCP_PROBE);
	return rc == 0;
}

/* --- what comes later ------------------------------------------------------------------------------- */

static void
want_program(void *arg, uint32_t ses, uint32_t pid, uint64_t inode, uint32_t dev_major,
    uint32_t dev_minor)
{
	const struct probe_live *p = arg;

	programs_want(p->programs, ses, pid, inode, dev_major, dev_minor);
}

static void
want_owner(void *arg, uint32_t ses, const struct fact_unix *un)
{
	const struct probe_live *p = arg;

	owners_want(p->owners, ses, un);
}

static void
listens(void *arg, const struct usock *u)
{
	const struct probe_live *p = arg;

	watch_socket(p->watch, u);
}

static void
is_client(void *arg, const struct process *process)
{
	const struct probe_live *p = arg;

	watch_client(p->watch, process);
}

static int
open_netlink(void)
{
	const struct timeval tv = timeval_of_ms(DIAG_WAIT_MS);
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd != -1)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	return fd;
}

struct probe_live *
probe_live_new(struct programs *programs, struct owners *owners, struct watch *watch)
{
	struct probe_live *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->programs = programs;
	p->owners = owners;
	p->watch = watch;
	quota_init(&p->quota, UID_BURST, UID_MINUTE);
	p->netlink = open_netlink();
	if (p->netlink == -1)
		log_warn("sock_diag is not to be had: %s; destinations are taken from records alone",
		    strerror(errno));
	p->probe = (struct probe){.arg = p, .task = probe_task, .tcp = probe_tcp,
	    .same_network = probe_same_network, .want_program = want_program, .want_owner = want_owner,
	    .listens = listens, .is_client = is_client};
	return p;
}

void
probe_live_free(struct probe_live **pp)
{
	struct probe_live *p = *pp;

	if (p == NULL)
		return;
	*pp = NULL;
	if (p->netlink != -1)
		close(p->netlink);
	free(p);
}

const struct probe *
probe_live_get(const struct probe_live *p)
{
	return &p->probe;
}
