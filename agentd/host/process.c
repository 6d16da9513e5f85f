/*
 * process: the tasks of sessions: parent, program, arguments, uids.  There are no records of an
 * exit, so a pid may be somebody else's later: another session, another known parent or a dead pid
 * start a new life.  Runs in the engine and in replay.
 */
#include "agentd/host/model.h"

#include <stdlib.h>

#define IDLE_MS        (60 * 1000LL)
#define REAP_MAX       16  /* tasks asked for in one sweep */
#define ARGV_SHORT     256 /* kept when all command lines together are too long */

/* --- the table and its caps ------------------------------------------------------------------- */

struct process_node *
process_find(const struct host *h, uint32_t pid)
{
	struct table_link *l = table_first(&h->pids, hash_u64(pid));

	for (; l != NULL; l = table_next(l)) {
		struct process_node *n = TABLE_ENTRY(l, struct process_node, by_pid);

		if (n->p.pid == pid)
			return n;
	}
	return NULL;
}

static void
forget_argv(struct host *h, struct process_node *n)
{
	h->argv_bytes -= n->p.argv_len;
	free(n->p.argv);
	n->p.argv = NULL;
	n->p.argv_len = 0;
}

static void
leave_session(struct process_node *n)
{
	if (n->session == NULL)
		return;
	TAILQ_REMOVE(&n->session->processes, n, in_session);
	n->session->s.nproc--;
	n->session = NULL;
}

static void
leave_account(struct host *h, struct process_node *n)
{
	TAILQ_REMOVE(&n->account->processes, n, in_account);
	n->account->nprocess--;
	account_release(h, n->account);
	n->account = NULL;
}

void
process_drop(struct host *h, struct process_node *n)
{
	program_forget(n);
	table_del(&h->pids, &n->by_pid);
	TAILQ_REMOVE(&h->processes, n, in_host);
	leave_session(n);
	leave_account(h, n);
	h->nprocess--;
	h->stats.processes = h->nprocess;
	forget_argv(h, n);
	free(n->p.exe);
	free(n);
}

/*
 * One too many pushes out the oldest of the same session, the same user, or the host: in that
 * order.  The account is held by its caller, and counts one more than it has.
 */
static void
make_room(struct host *h, const struct session_node *s, const struct account *a)
{
	struct process_node *victim = NULL;

	if (s != NULL && s->s.nproc >= ST_PROCESSES_SES)
		victim = TAILQ_FIRST(&s->processes);
	else if (a->nprocess > ST_PROCESSES_USER)
		victim = TAILQ_FIRST(&a->processes);
	else if (h->nprocess >= ST_PROCESSES)
		victim = TAILQ_FIRST(&h->processes);
	if (victim == NULL)
		return;
	h->stats.processes_dropped++;
	process_drop(h, victim);
}

static void
join(struct process_node *n, struct session_node *s, struct account *a)
{
	n->session = s;
	n->account = a;
	if (s != NULL) {
		TAILQ_INSERT_TAIL(&s->processes, n, in_session);
		s->s.nproc++;
	}
	TAILQ_INSERT_TAIL(&a->processes, n, in_account);
	a->nprocess++;
}

static struct process_node *
process_add(struct host *h, uint32_t pid, uint32_t ses, uint32_t auid)
{
	struct session_node *s = session_find(h, ses);
	struct account *a = s != NULL ? s->account : account_get(h, auid);
	struct process_node *n;

	if (a == NULL)
		return NULL;
	a->nprocess++; /* held, or it could go with the one that makes room */
	make_room(h, s, a);
	a->nprocess--;
	n = calloc(1, sizeof(*n));
	if (n == NULL) {
		h->stats.processes_dropped++;
		account_release(h, a);
		return NULL;
	}
	n->p.pid = pid;
	n->p.ses = ses;
	n->p.auid = auid;
	n->p.life = ++h->lives;
	n->last = n->p.seen = h->now;
	table_add(&h->pids, &n->by_pid, hash_u64(pid));
	TAILQ_INSERT_TAIL(&h->processes, n, in_host);
	join(n, s, a);
	h->nprocess++;
	h->stats.processes = h->nprocess;
	return n;
}

void
process_touch(struct host *h, struct process_node *n)
{
	n->last = h->now;
	TAILQ_REMOVE(&h->processes, n, in_host);
	TAILQ_INSERT_TAIL(&h->processes, n, in_host);
	TAILQ_REMOVE(&n->account->processes, n, in_account);
	TAILQ_INSERT_TAIL(&n->account->processes, n, in_account);
	if (n->session == NULL)
		return;
	TAILQ_REMOVE(&n->session->processes, n, in_session);
	TAILQ_INSERT_TAIL(&n->session->processes, n, in_session);
}

/*
 * sshd executes nothing once its session is open, and ends when it closes: what did, runs another
 * program or comes later, has taken the pid of one that ended.
 */
static void
mark_sshd(struct process_node *n, struct rtime when)
{
	const struct session *s = n->session != NULL ? &n->session->s : NULL;

	n->p.is_sshd = s != NULL && s->ssh && session_is_open(s, when) && n->p.pid != 0 &&
	    (n->p.pid == s->monitor_pid || n->p.pid == s->child_pid) &&
	    (n->p.exe == NULL || session_runs_as_sshd(n->session, bytes_of(n->p.exe))) &&
	    rtime_since(n->p.exec_time, s->opened) <= 0;
}

struct process_node *
process_note(struct host *h, const struct process *p)
{
	struct process_node *n = process_find(h, p->pid);

	if (n != NULL && n->p.ses != p->ses) {
		process_drop(h, n);
		n = NULL;
	}
	if (n == NULL)
		n = process_add(h, p->pid, p->ses, p->auid);
	if (n == NULL)
		return NULL;
	if (p->ppid != 0)
		n->p.ppid = p->ppid;
	n->p.uid = p->uid;
	n->p.euid = p->euid;
	if (n->p.comm[0] == '\0')
		memcpy(n->p.comm, p->comm, sizeof(n->p.comm));
	mark_sshd(n, h->now);
	return n;
}

/* --- from facts ------------------------------------------------------------------------------- */

static void
set_exe(struct process_node *n, struct bytes exe)
{
	if (exe.n == 0 || (n->p.exe != NULL && bytes_is(exe, n->p.exe)))
		return;
	free(n->p.exe);
	n->p.exe = strndup(exe.p, exe.n);
}

static void
set_argv(struct host *h, struct process_node *n, struct bytes argv)
{
	size_t max = h->argv_bytes > ST_ARGV_TOTAL ? ARGV_SHORT : ST_ARGV_MODEL;

	forget_argv(h, n);
	if (argv.n > max)
		argv.n = max;
	if (argv.n == 0)
		return;
	n->p.argv = malloc(argv.n);
	if (n->p.argv == NULL)
		return;
	memcpy(n->p.argv, argv.p, argv.n);
	n->p.argv_len = argv.n;
	h->argv_bytes += argv.n;
}

/*
 * A known parent of the same session that is not the one from before: the pid was used again.  Else
 * the parent died and init or a subreaper took over: the first parent tells more, it stays.
 */
static bool
is_other_parent(const struct host *h, const struct process_node *n, const struct fact *f)
{
	const struct process_node *parent;

	if (n->p.ppid == 0 || f->ppid == n->p.ppid || f->ppid <= 1)
		return false;
	parent = process_find(h, f->ppid);
	return parent != NULL && parent->p.ses == n->p.ses;
}

static void
set_uids(struct process_node *n, const struct fact *f)
{
	n->p.uid = f->uid;
	n->p.euid = f->euid;
	n->p.auid = f->auid;
	if (f->comm.n > 0)
		(void)bytes_copy(f->comm, n->p.comm, sizeof(n->p.comm));
}

/* The process a record is of; made, or made anew, when the one we know cannot be it. */
static struct process_node *
process_of(struct host *h, const struct fact *f)
{
	struct process_node *n = process_find(h, f->pid);
	bool fresh = n == NULL || n->p.ses != f->ses || is_other_parent(h, n, f);

	if (n != NULL && fresh)
		process_drop(h, n);
	if (!fresh)
		return n;
	n = process_add(h, f->pid, f->ses, f->auid);
	if (n != NULL && f->ppid != 0) {
		n->p.ppid = f->ppid;
		process_note_parents(h, n);
		/* making room for the parents may have cost the child */
		n = process_find(h, f->pid);
	}
	return n;
}

/* A task that took another session id with it: its life goes on there. */
static void
apply_loginuid(struct host *h, const struct fact *f)
{
	struct process_node *n = process_find(h, f->pid);
	struct session_node *s = session_find(h, f->ses);
	struct account *a;

	if (!f->result)
		return;
	if (n != NULL && n->p.ses == f->old_ses && n->p.ses != f->ses) {
		a = s != NULL ? s->account : account_get(h, f->auid);
		if (a == NULL)
			return;
		leave_session(n);
		leave_account(h, n);
		join(n, s, a);
		n->p.ses = f->ses;
	}
	n = process_find(h, f->pid);
	if (n == NULL || n->p.ses != f->ses) {
		if (n != NULL)
			process_drop(h, n);
		n = process_add(h, f->pid, f->ses, f->auid);
	}
	if (n == NULL)
		return;
	if (f->ppid != 0)
		n->p.ppid = f->ppid;
	set_uids(n, f);
	set_exe(n, f->exe);
	mark_sshd(n, f->time);
}

static void
apply_user(struct host *h, const struct fact *f)
{
	struct process_node *n;
	const struct session_node *s = session_find(h, f->ses);

	if (s == NULL || (f->pid != s->s.monitor_pid && f->pid != s->s.child_pid))
		return;
	n = process_find(h, f->pid);
	if (n == NULL || n->p.ses != f->ses) {
		struct process p = {.pid = f->pid, .ses = f->ses, .auid = f->auid};

		if (f->pid == s->s.child_pid && f->pid != s->s.monitor_pid)
			p.ppid = s->s.monitor_pid;
		n = process_note(h, &p);
	}
	if (n == NULL)
		return;
	set_exe(n, f->user_exe);
	mark_sshd(n, f->time);
	process_touch(h, n);
}

static void
apply_exec(struct host *h, struct process_node *n, const struct fact *f)
{
	n->p.life = ++h->lives;
	n->p.exec_time = f->time;
	set_exe(n, f->exe);
	set_argv(h, n, f->argv);
	program_exec(h, n, f);
}

/* A fork that runs on in its parent's program. */
static bool
inherit(struct host *h, struct process_node *n, const struct fact *f)
{
	const struct process_node *parent = process_find(h, n->p.ppid);

	if (parent == NULL || parent == n || parent->p.ses != n->p.ses || parent->p.exe == NULL ||
	    !bytes_is(f->exe, parent->p.exe))
		return false;
	n->p.program = parent->p.program;
	n->p.exe_inode = parent->p.exe_inode;
	n->p.exe_dev_major = parent->p.exe_dev_major;
	n->p.exe_dev_minor = parent->p.exe_dev_minor;
	if (parent->p.argv_len > 0)
		set_argv(h, n, (struct bytes){.p = parent->p.argv, .n = parent->p.argv_len});
	return true;
}

/* A program that we did not see it start: the record of the exec was lost, or it is a new life. */
static void
apply_unseen_exec(struct host *h, struct process_node *n, const struct fact *f)
{
	if (f->exe.n == 0 || (n->p.exe != NULL && bytes_is(f->exe, n->p.exe)))
		return;
	if (n->p.exe != NULL) {
		n->p.life = ++h->lives;
		forget_argv(h, n);
		program_forget(n);
	}
	set_exe(n, f->exe);
	if (!inherit(h, n, f))
		n->p.program = program_is_ssh_name(f->exe) ? PROGRAM_SSH : PROGRAM_UNKNOWN;
}

static void
apply_task(struct host *h, const struct fact *f)
{
	struct process_node *n;

	if (!f->has_task || f->pid == 0)
		return;
	n = process_of(h, f);
	if (n == NULL)
		return;
	process_touch(h, n);
	set_uids(n, f);
	if (f->kind == FACT_EXEC)
		apply_exec(h, n, f);
	else
		apply_unseen_exec(h, n, f);
	mark_sshd(n, f->time);
}

/* A task of another session, which may never have a record of its own. */
static void
note_target(struct host *h, const struct fact *f)
{
	const struct fact_target *t = &f->target;
	struct process p = {.pid = t->pid, .ses = t->ses, .auid = t->auid, .uid = t->uid, .euid = t->uid};

	if (!t->known || t->ses == SES_UNSET || t->ses == f->ses)
		return;
	(void)bytes_copy(t->comm, p.comm, sizeof(p.comm));
	(void)process_note(h, &p);
}

void
process_apply(struct host *h, const struct fact *f)
{
	switch (f->kind) {
	case FACT_LOGINUID:
		apply_loginuid(h, f);
		break;
	case FACT_USER_START:
	case FACT_USER_END:
	case FACT_USER_LOGIN:
	case FACT_USER_AUTH:
		apply_user(h, f);
		break;
	case FACT_CONFIG:
		break;
	case FACT_PTRACE:
		apply_task(h, f);
		note_target(h, f);
		break;
	default:
		apply_task(h, f);
	}
}

/* --- sweeping --------------------------------------------------------------------------------- */

bool
task_is_gone(const struct host *h, uint32_t pid, uint32_t ses)
{
	struct probe_task t;

	if (h->probe.task == NULL)
		return false;
	if (h->probe.task(h->probe.arg, pid, &t))
		return t.ses != ses;
	return h->probe.task(h->probe.arg, 1, &t);
}

/*
 * Live, those that nothing told of for a while are looked up; the front of the list is the oldest.
 */
void
process_sweep(struct host *h, struct rtime now)
{
	for (int i = 0; h->probe.task != NULL && i < REAP_MAX; i++) {
		struct process_node *n = TAILQ_FIRST(&h->processes);
		struct session_node *s = n != NULL ? n->session : NULL;

		if (n == NULL || rtime_since(now, n->last) < IDLE_MS)
			return;
		if (!task_is_gone(h, n->p.pid, n->p.ses)) {
			process_touch(h, n);
			continue;
		}
		process_drop(h, n);
		if (s != NULL)
			session_over_again(h, s);
	}
}

/* --- for others ------------------------------------------------------------------------------- */

struct process *
host_process(const struct host *h, uint32_t pid)
{
	struct process_node *n = process_find(h, pid);

	return n != NULL ? &n->p : NULL;
}

void
host_each_process(const struct host *h, uint32_t ses, bool (*fn)(struct process *, void *),
    void *arg)
{
	struct session_node *s = session_find(h, ses);
	struct process_node *n, *next;

	for (n = s != NULL ? TAILQ_FIRST(&s->processes) : NULL; n != NULL; n = next) {
		next = TAILQ_NEXT(n, in_session);
		if (!fn(&n->p, arg))
			return;
	}
}
