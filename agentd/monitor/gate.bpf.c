/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * gate: the programs that the kernel runs for every connection, datagram and exec.  They look up the row of
 * the task's audit session and answer by it: no policy, no text, no waiting.  Loaded by gate_load.c; who
 * has no row, and no user's row to borrow, is let through at once.
 */
#include "agentd/monitor/gate_who.bpf.h"

#define AF_UNIX    1
#define AF_INET6   10
#define TCP_LISTEN 10
#define SIGKILL    9
#define SSH_PORT   22

#define PASS   1
#define REFUSE 0

char _license[] SEC("license") = "Dual BSD/GPL";

/* --- where to ------------------------------------------------------------------------------------------- */

struct dest {
	uint32_t addr[4]; /* network order; IPv4 as v4-mapped */
	uint16_t port;    /* host order */
	uint32_t addr_class, port_class;
	bool ssh;
};

/* 0.0.0.0 and :: are the host itself (ip_route_output_key(), tcp_v6_connect()). */
static __always_inline void
dest_set(struct dest *d, uint32_t a, uint32_t b, uint32_t c, uint32_t e, uint32_t port)
{
	d->port = bpf_ntohs((uint16_t)port);
	if ((a | b) == 0 && c == bpf_htonl(0xffff) && e == 0)
		e = bpf_htonl(0x7f000001);
	if ((a | b | c | e) == 0)
		e = bpf_htonl(1);
	d->addr[0] = a;
	d->addr[1] = b;
	d->addr[2] = c;
	d->addr[3] = e;
}

static __always_inline bool
dest_is_local(const struct dest *d)
{
	if ((d->addr[0] | d->addr[1]) != 0)
		return false;
	if (d->addr[2] == bpf_htonl(0xffff))
		return (d->addr[3] & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000);
	return d->addr[2] == 0 && d->addr[3] == bpf_htonl(1);
}

/* Nothing of a generation that is gone is known: then all is class 0. */
static __always_inline void
dest_classify(struct dest *d, uint32_t generation)
{
	uint32_t slot = generation == GATE_TRY_GENERATION ? GATE_TRY_SLOT : generation & 1;
	const struct gate_ports *p = bpf_map_lookup_elem(&ports, &slot);
	struct gate_prefix key = {.bits = 128};
	const uint8_t *found;
	void *trie;

	d->addr_class = d->port_class = 0;
	d->ssh = d->port == SSH_PORT;
	if (generation == 0 || p == NULL || p->generation != generation)
		return;
	d->port_class = p->of[d->port] & (GRANT_PORTS - 1);
	d->ssh = (p->of[d->port] & GATE_PORT_SSH) != 0;
	trie = bpf_map_lookup_elem(&prefixes, &slot);
	if (trie == NULL)
		return;
	__builtin_memcpy(key.addr, d->addr, sizeof(key.addr));
	found = bpf_map_lookup_elem(trie, &key);
	if (found != NULL)
		d->addr_class = *found & (GRANT_ADDRS - 1);
}

static __always_inline void
tell_dest(const struct who *w, const struct dest *d, uint32_t event, uint32_t verdict, uint32_t flags)
{
	struct gate_saw *s = tell(w, event, verdict, flags);

	if (s == NULL)
		return;
	__builtin_memcpy(s->addr, d->addr, sizeof(s->addr));
	s->port = d->port;
	bpf_ringbuf_submit(s, 0);
}

/* --- connections over IP -------------------------------------------------------------------------------- */

static __always_inline bool
is_client(const struct inode *program)
{
	struct gate_program key;

	if (program == NULL)
		return false;
	key = program_of(program);
	return bpf_map_lookup_elem(&clients, &key) != NULL;
}

/* An SSH client, or what one has started to connect for it (ProxyCommand). */
static __always_inline bool
runs_client(const struct task_struct *t)
{
	return is_client(task_program(t)) || is_client(task_program(BPF_CORE_READ(t, real_parent)));
}

/* A task that no grant covers, of a user who logged in somehow. */
static __always_inline int
connect_ungranted(const struct who *w, struct dest *d)
{
	const struct gate_state *s = state_now();
	const uint32_t *lender = bpf_map_lookup_elem(&borrow, &w->auid);

	if (s == NULL || s->ungranted_deny == 0 || w->auid == UNSET || (lender != NULL && *lender == UNSET))
		return PASS;
	dest_classify(d, s->generation);
	if (!d->ssh)
		return PASS;
	tell_dest(w, d, GATE_TCP, GRANT_DENY, w->enforce ? GATEN_REFUSED : 0);
	return w->enforce ? REFUSE : PASS;
}

static __always_inline bool
is_isolated(const struct who *w)
{
	return has_flag(w, w->row, GATEROW_ISOLATED, GATEROW_ISOLATED_ORDER);
}

static __always_inline int
connect_stream(struct who *w, struct dest *d)
{
	const struct gate_row *row = w->row;
	uint32_t via = VIA_SSH, verdict;

	if (row == NULL)
		return connect_ungranted(w, d);
	if (task_relays(w->task, row)) {
		via = VIA_RELAY;
		w->flags |= GATEN_RELAY;
	}
	if (is_isolated(w) && !dest_is_local(d)) {
		tell_dest(w, d, GATE_TCP, GRANT_DENY, GATEN_REFUSED | GATEN_ISOLATED);
		return REFUSE;
	}
	dest_classify(d, row->grant.generation);
	if (via == VIA_SSH && !d->ssh && !runs_client(w->task))
		return PASS;
	verdict = grant_tcp(&row->grant, via, d->port_class, d->addr_class);
	if (verdict == GRANT_DENY && w->enforce) {
		tell_dest(w, d, GATE_TCP, verdict, GATEN_REFUSED);
		return REFUSE;
	}
	if (verdict != GRANT_ALLOW)
		tell_dest(w, d, GATE_TCP, verdict, 0);
	return PASS;
}

static __always_inline int
datagram(const struct who *w, const struct dest *d)
{
	if (w->row == NULL || !is_isolated(w) || dest_is_local(d))
		return PASS;
	tell_dest(w, d, GATE_DATAGRAM, GRANT_DENY, GATEN_REFUSED | GATEN_ISOLATED);
	return REFUSE;
}

#define SOCK_STREAM 1 /* TCP, MPTCP */

/*
 * sshd's root process.  But for root's own logins it is its child that connects for the user; what connects here
 * is PAM's modules, to LDAP, Kerberos and the like, at the end of the session, too.
 */
static __always_inline bool
works_for_pam(const struct who *w)
{
	return w->row != NULL && w->row->auid != 0 && task_is_sshd(w->task, w->row);
}

static __always_inline int
connect_ip(uint32_t type, struct dest *d)
{
	struct who w = who_is_it();

	if (works_for_pam(&w))
		return PASS;
	return type == SOCK_STREAM ? connect_stream(&w, d) : datagram(&w, d);
}

SEC("cgroup/connect4")
int
connect4(struct bpf_sock_addr *ctx)
{
	struct dest d;

	dest_set(&d, 0, 0, bpf_htonl(0xffff), ctx->user_ip4, ctx->user_port);
	return connect_ip(ctx->type, &d);
}

SEC("cgroup/connect6")
int
connect6(struct bpf_sock_addr *ctx)
{
	struct dest d;

	dest_set(&d, ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2], ctx->user_ip6[3], ctx->user_port);
	return connect_ip(ctx->type, &d);
}

SEC("cgroup/sendmsg4")
int
sendmsg4(struct bpf_sock_addr *ctx)
{
	struct who w = who_is_it();
	struct dest d;

	dest_set(&d, 0, 0, bpf_htonl(0xffff), ctx->user_ip4, ctx->user_port);
	return works_for_pam(&w) ? PASS : datagram(&w, &d);
}

SEC("cgroup/sendmsg6")
int
sendmsg6(struct bpf_sock_addr *ctx)
{
	struct who w = who_is_it();
	struct dest d;

	dest_set(&d, ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2], ctx->user_ip6[3], ctx->user_port);
	return works_for_pam(&w) ? PASS : datagram(&w, &d);
}

/* --- Unix sockets --------------------------------------------------------------------------------------- */

static __always_inline uint32_t
weaker(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Of a listener that another session owns, which has that row. */
static __always_inline uint32_t
unix_verdict_between(const struct gate_row *row, const struct gate_row *owner, const uint8_t v[GRANT_OWNERS])
{
	if (owner->auid != row->auid)
		return v[GRANT_OTHER];
	if (row->grant.login == 0 || owner->grant.login == 0)
		return weaker(v[GRANT_SAME_LOGIN], v[GRANT_SAME_USER]);
	return v[row->grant.login == owner->grant.login ? GRANT_SAME_LOGIN : GRANT_SAME_USER];
}

/* The owner is none that we know of: his uid is all there is to go by. */
static __always_inline uint32_t
unix_verdict_by_uid(const struct gate_row *row, const struct gate_listener *l, const uint8_t v[GRANT_OWNERS])
{
	if (l->uid != row->auid)
		return v[GRANT_OTHER];
	/* A user's own local agent is none of anybody's business. */
	return l->ses == UNSET ? GRANT_ALLOW : weaker(v[GRANT_SAME_LOGIN], v[GRANT_SAME_USER]);
}

struct unix_verdict {
	uint32_t verdict;
	bool always; /* in either mode */
};

static __always_inline struct unix_verdict
unix_judge(const struct who *w, const struct gate_listener *l)
{
	const struct gate_row *row = w->row, *owner = NULL;
	const uint8_t *v = row->grant.unix_use[l->mux != 0 ? SOCKET_MUX : SOCKET_AGENT];
	struct unix_verdict out = {0};

	if (l->ses != UNSET)
		owner = l->ses == row->ses ? row : bpf_map_lookup_elem(&rows, &l->ses);
	if (l->mux == 0 && owner != NULL && has_flag(w, owner, GATEROW_REVOKED, GATEROW_REVOKED_ORDER))
		return (struct unix_verdict){.verdict = GRANT_DENY, .always = true};
	if (l->ses != UNSET && l->ses == w->ses)
		out.verdict = v[GRANT_SELF];
	else if (owner != NULL)
		out.verdict = unix_verdict_between(row, owner, v);
	else
		out.verdict = unix_verdict_by_uid(row, l, v);
	return out;
}

static __always_inline bool
unix_refuses(const struct who *w, const struct unix_verdict *v)
{
	return v->verdict == GRANT_DENY && (w->enforce || v->always);
}

static __always_inline void
tell_unix(const struct who *w, const struct gate_listener *l, uint32_t verdict, uint32_t flags)
{
	struct gate_saw *s = tell(w, GATE_UNIX, verdict, flags | (l->mux != 0 ? GATEN_MUX : 0));

	if (s == NULL)
		return;
	s->inode = l->inode;
	s->dev_major = l->dev_major;
	s->dev_minor = l->dev_minor;
	bpf_ringbuf_submit(s, 0);
}

/* The path as the caller passed it; false: none that could be known. */
static __always_inline bool
path_of(const void *ctx, struct gate_path *out)
{
	/* What the kernel hands us is one of these (include/linux/filter.h); bpf_sock_addr is its shadow. */
	const struct bpf_sock_addr_kern *kern = ctx;
	const char *addr = (const char *)BPF_CORE_READ(kern, uaddr);
	uint32_t len = BPF_CORE_READ(kern, uaddrlen);

	__builtin_memset(out, 0, sizeof(*out));
	if (addr == NULL || len <= sizeof(uint16_t) || len > sizeof(uint16_t) + GATE_PATH)
		return false;
	/* With the closing zero; one past what was passed may be anything. */
	len -= sizeof(uint16_t) - 1;
	if (len > sizeof(out->path) - 1)
		return false;
	return bpf_probe_read_kernel_str(out->path, len, addr + sizeof(uint16_t)) > 1 && out->path[0] == '/';
}

/* Who ends a ControlMaster makes the next one at the same path: by its path no user's own is refused. */
static __always_inline bool
may_be_own_mux(const struct gate_row *row, const struct gate_listener *l)
{
	const struct gate_row *owner = l->ses != UNSET ? bpf_map_lookup_elem(&rows, &l->ses) : NULL;

	return l->mux != 0 && (owner != NULL ? owner->auid : l->uid) == row->auid;
}

SEC("cgroup/connect4") /* connect_unix: gate_load.c sets it, libbpf has no name for it before 1.3 */
int
connect_unix(struct bpf_sock_addr *ctx)
{
	struct who w = who_is_it();
	const struct gate_listener *l;
	struct unix_verdict v;
	struct gate_path path;
	const uint64_t *cookie;

	if (w.row == NULL || !path_of(ctx, &path) || (cookie = bpf_map_lookup_elem(&paths, &path)) == NULL ||
	    (l = bpf_map_lookup_elem(&listeners, cookie)) == NULL)
		return PASS;
	v = unix_judge(&w, l);
	if (!unix_refuses(&w, &v) || may_be_own_mux(w.row, l))
		return PASS; /* sk_data_ready sees to it */
	if (task_relays(w.task, w.row))
		w.flags |= GATEN_RELAY;
	tell_unix(&w, l, v.verdict, GATEN_REFUSED);
	return REFUSE;
}

/*
 * unix_stream_connect() says to the listener that there is something to accept, while current is who
 * connects: whatever the way to it, here is the socket itself.  Killed now, connect(2) never returns.
 */
SEC("raw_tp/sk_data_ready")
int
sk_data_ready(struct bpf_raw_tracepoint_args *ctx)
{
	const struct sock *sk = (const struct sock *)ctx->args[0];
	const struct gate_listener *l;
	struct unix_verdict v;
	uint32_t flags = 0;
	uint64_t cookie;
	struct who w;

	if (BPF_CORE_READ(sk, __sk_common.skc_family) != AF_UNIX ||
	    BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_LISTEN)
		return 0;
	cookie = (uint64_t)BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	if (cookie == 0 || (l = bpf_map_lookup_elem(&listeners, &cookie)) == NULL)
		return 0;
	w = who_is_it();
	if (w.row == NULL)
		return 0;
	v = unix_judge(&w, l);
	if (v.verdict == GRANT_ALLOW)
		return 0;
	if (unix_refuses(&w, &v))
		flags = GATEN_CUT;
	if (task_relays(w.task, w.row))
		w.flags |= GATEN_RELAY; /* never killed: the monitor cuts what it has connected */
	else if (flags != 0 && bpf_send_signal(SIGKILL) == 0)
		flags |= GATEN_KILLED;
	tell_unix(&w, l, v.verdict, flags);
	return 0;
}

/* Never attached, as those at the end: would a task of that session and login uid be refused that listener? */
SEC("raw_tp")
int
judge_unix(struct bpf_raw_tracepoint_args *ctx)
{
	struct who w = {.ses = (uint32_t)ctx->args[0], .auid = (uint32_t)ctx->args[1],
	    .enforce = enforces(state_now())};
	uint64_t cookie = ctx->args[2];
	const struct gate_listener *l = bpf_map_lookup_elem(&listeners, &cookie);
	struct unix_verdict v;

	find_row(&w);
	if (w.row == NULL || l == NULL)
		return 0;
	v = unix_judge(&w, l);
	return unix_refuses(&w, &v);
}

/* --- exec ------------------------------------------------------------------------------------------------ */

SEC("raw_tp/sched_process_exec")
int
sched_process_exec(struct bpf_raw_tracepoint_args *ctx)
{
	const struct linux_binprm *bprm = (const struct linux_binprm *)ctx->args[2];
	struct who w = who_is_it();
	struct gate_saw *s;
	uint32_t flags = 0;

	/* What only borrows a grant is refused its connection, and no more: it may be root's console. */
	if (w.row == NULL || (w.flags & GATEN_BORROWED) != 0 ||
	    (w.row->grant.flags & GRANTF_NO_DESTINATION) == 0 ||
	    !is_client(BPF_CORE_READ(bprm, file, f_inode)) || task_is_sshd(w.task, w.row))
		return 0;
	if (w.enforce && bpf_send_signal(SIGKILL) == 0)
		flags = GATEN_KILLED;
	s = tell(&w, GATE_EXEC, GRANT_DENY, flags);
	if (s != NULL)
		bpf_ringbuf_submit(s, 0);
	return 0;
}

/* --- what the monitor runs (BPF_PROG_TEST_RUN): never attached -------------------------------------------- */

static __always_inline bool
is_client_file(const struct task_struct *task, int64_t fd)
{
	return fd >= 0 && is_client(task_open_file(task, (uint32_t)fd));
}

/* As connect_stream() judges, by what it is told instead of by the current task. */
SEC("raw_tp")
int
judge(struct bpf_raw_tracepoint_args *ctx)
{
	const struct gate_asked *q = (const struct gate_asked *)ctx->args;
	const struct task_struct *task = (const struct task_struct *)bpf_get_current_task();
	uint32_t ses = (uint32_t)q->ses, via = q->relay != 0 ? VIA_RELAY : VIA_SSH;
	const struct gate_row *row = bpf_map_lookup_elem(&rows, &ses);
	const uint64_t addr[2] = {q->addr[0], q->addr[1]}; /* a context is read by whole words */
	struct dest d;

	if (row == NULL || !enforces(state_now()))
		return GRANT_ALLOW;
	d.port = (uint16_t)q->port;
	__builtin_memcpy(d.addr, addr, sizeof(d.addr));
	dest_classify(&d, row->grant.generation);
	if (!d.ssh && (q->came != 0 || (via == VIA_SSH && !is_client_file(task, q->program) &&
	    !is_client_file(task, q->starter))))
		return GRANT_ALLOW;
	return (int)grant_tcp(&row->grant, via, d.port_class, d.addr_class);
}

/* With a descriptor of its own. */
SEC("raw_tp")
int
name(struct bpf_raw_tracepoint_args *ctx)
{
	const struct task_struct *task = (const struct task_struct *)bpf_get_current_task();
	const struct inode *file = task_open_file(task, (uint32_t)ctx->args[0]);
	struct gate_program *out = bpf_map_lookup_elem(&named, &(uint32_t){0});

	if (out == NULL || file == NULL)
		return 0;
	*out = program_of(file);
	return 1;
}
