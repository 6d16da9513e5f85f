/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * gate: the programs that the kernel runs for every connection, datagram and exec.  They look up the row of
 * the task's audit session and answer by it: no policy, no text, no waiting.  Loaded by gate_load.c; who
 * has no row, and no user's row to borrow, is let through at once.
 */
#include "agentd/monitor/gate_dest.bpf.h"
#include "agentd/monitor/gate_unix.bpf.h"

#define AF_UNIX    1
#define TCP_LISTEN 10
#define SIGKILL    9

#define PASS   1
#define REFUSE 0

char _license[] SEC("license") = "Dual BSD/GPL";

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

/* Nobody else's exec of that program, which everybody runs, is a client's. */
static __always_inline bool
is_tried(const struct task_struct *task, const struct inode *program)
{
	const struct gate_try *t = trial_of(task);
	struct gate_program p;

	if (t == NULL || program == NULL)
		return false;
	p = program_of(program);
	return p.ino == t->client.ino && p.dev == t->client.dev && p.generation == t->client.generation;
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

/* In flight between two processes, or with an io_uring alone, a socket is in nobody's table of descriptors. */
static __always_inline void
note_maker(const struct who *w, struct bpf_sock *sk)
{
	struct gate_maker *m;

	if (w->ses == UNSET || sk == NULL)
		return;
	m = bpf_sk_storage_get(&makers, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (m == NULL)
		return;
	m->ses = w->ses;
	m->tgid = (uint32_t)(bpf_get_current_pid_tgid() >> 32);
}

static __always_inline int
connect_ip(struct bpf_sock_addr *ctx, struct dest *d)
{
	struct who w = who_is_it();

	if (works_for_pam(&w))
		return PASS;
	if (ctx->type != SOCK_STREAM)
		return datagram(&w, d);
	if (connect_stream(&w, d) == REFUSE)
		return REFUSE;
	note_maker(&w, ctx->sk);
	return PASS;
}

SEC("cgroup/connect4")
int
connect4(struct bpf_sock_addr *ctx)
{
	struct dest d;

	dest_set(&d, 0, 0, bpf_htonl(0xffff), ctx->user_ip4, ctx->user_port);
	return connect_ip(ctx, &d);
}

SEC("cgroup/connect6")
int
connect6(struct bpf_sock_addr *ctx)
{
	struct dest d;

	dest_set(&d, ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2], ctx->user_ip6[3], ctx->user_port);
	return connect_ip(ctx, &d);
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
	const struct inode *program = BPF_CORE_READ(bprm, file, f_inode);
	struct who w = who_is_it();
	struct gate_saw *s;
	uint32_t flags = 0;

	/* What only borrows a grant is refused its connection, and no more: it may be root's console. */
	if (w.row == NULL || (w.flags & GATEN_BORROWED) != 0 ||
	    (w.row->grant.flags & GRANTF_NO_DESTINATION) == 0 ||
	    (!is_client(program) && !is_tried(w.task, program)) || task_is_sshd(w.task, w.row))
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
