/*
 * records: sessions as the records alone tell of them: LOGIN gives the id, sshd's USER_START the
 * name and the origin, the second setcred the user child.  Runs in the engine and in replay.
 */
#include "agentd/host/model.h"

#include <stdlib.h>

#define OPENING_MS 5000 /* PAM is done by then, should its record be lost */

bool
session_runs_as_sshd(const struct session_node *n, struct bytes exe)
{
	if (n->sshd == NULL)
		return program_is_ssh_server(exe);
	return bytes_eq(program_path(exe), program_path(bytes_of(n->sshd)));
}

static void
set_sshd(struct session_node *n, struct bytes exe)
{
	if (n->sshd == NULL && exe.n > 0)
		n->sshd = strndup(exe.p, exe.n);
}

/* LOGIN: pam_loginuid gave a task a session.  Another pid under a known ses is another boot. */
static void
apply_loginuid(struct host *h, const struct fact *f)
{
	struct session_node *n;

	if (!f->result || f->ses == SES_UNSET)
		return;
	n = session_find(h, f->ses);
	if (n != NULL && n->s.source == SESSION_RECORDS && n->s.monitor_pid != 0 &&
	    n->s.monitor_pid != f->pid) {
		session_drop(h, n);
		n = NULL;
	}
	if (n == NULL)
		n = session_add(h, f->ses, f->auid);
	if (n == NULL)
		return;
	session_touch(h, n, f->time);
	if (n->s.source == SESSION_REPORT && n->s.monitor_pid != f->pid)
		return;
	set_sshd(n, f->exe);
	if (n->s.source != SESSION_RECORDS)
		return;
	n->s.monitor_pid = f->pid;
	n->s.from = f->old_ses; /* until somebody says that it was a login */
	n->s.ssh = program_is_ssh_server(f->exe);
	(void)bytes_copy(bytes_basename(f->exe), n->s.service, sizeof(n->s.service));
}

/* A user record that speaks for the session, and not one of a sudo inside it. */
static bool
speaks_for(const struct session_node *n, const struct fact *f)
{
	if (n->s.monitor_pid != 0)
		return n->s.monitor_pid == f->pid;
	return program_is_ssh_server(f->user_exe);
}

static void
learn_peer(struct session *s, const struct fact *f)
{
	struct addr a;

	if (s->peer.addr.family == 0 && addr_parse(f->addr, &a))
		s->peer.addr = a;
}

static void
apply_user_start(struct host *h, const struct fact *f)
{
	struct session_node *n = session_ensure(h, f->ses, f->auid);
	struct bytes service;

	if (n == NULL || !speaks_for(n, f))
		return;
	session_touch(h, n, f->time);
	if (!f->result) {
		if (n->s.source == SESSION_RECORDS)
			session_state_set(h, n, SESSION_CLOSED);
		return;
	}
	set_sshd(n, f->user_exe);
	learn_peer(&n->s, f);
	session_root_child(&n->s);
	n->s.from = SES_UNSET;
	if (n->s.source != SESSION_RECORDS)
		return;
	n->s.monitor_pid = f->pid;
	n->s.ssh = program_is_ssh_server(f->user_exe) || bytes_is(f->terminal, "ssh");
	service = n->s.ssh ? BYTES_LIT("sshd") : bytes_basename(f->user_exe);
	(void)bytes_copy(f->acct, n->s.user, sizeof(n->s.user));
	(void)bytes_copy(f->terminal, n->s.tty, sizeof(n->s.tty));
	(void)bytes_copy(service, n->s.service, sizeof(n->s.service));
	session_root_child(&n->s);
}

static void
apply_user_end(struct host *h, const struct fact *f)
{
	struct session_node *n = session_find(h, f->ses);

	if (n == NULL || !speaks_for(n, f))
		return;
	session_touch(h, n, f->time);
	host_closed(h, f->ses, f->time);
}

static void
apply_user_login(struct host *h, const struct fact *f)
{
	struct session_node *n = session_find(h, f->ses);

	if (n == NULL || !speaks_for(n, f) || !f->result)
		return;
	learn_peer(&n->s, f);
	if (n->s.user[0] == '\0')
		(void)bytes_copy(f->acct, n->s.user, sizeof(n->s.user));
}

/* The user child sets the credentials a second time, as root still (auth-pam.c, do_pam_setcred). */
static void
apply_user_auth(struct host *h, const struct fact *f)
{
	struct session_node *n = session_find(h, f->ses);

	if (n == NULL || !n->s.ssh || n->s.child_pid != 0 || n->s.monitor_pid == 0 ||
	    f->pid == n->s.monitor_pid || !bytes_is(f->op, "PAM:setcred"))
		return;
	if (session_runs_as_sshd(n, f->user_exe))
		n->s.child_pid = f->pid;
}

/*
 * The user child forwards as the user, has the monitor for parent and runs the monitor's program
 * without ever having executed it.
 */
static void
learn_child(struct host *h, struct session_node *n, const struct fact *f)
{
	const struct process_node *p;

	if (n->s.child_pid != 0 || n->s.monitor_pid == 0 || f->kind == FACT_EXEC || !n->s.ssh)
		return;
	if (n->s.uid == 0 && rtime_since(f->time, n->s.opened) > OPENING_MS)
		session_root_child(&n->s);
	if (f->ppid != n->s.monitor_pid || f->uid != n->s.uid || n->s.uid == 0)
		return;
	if (!session_runs_as_sshd(n, f->exe))
		return;
	p = process_find(h, f->pid);
	if (p == NULL || p->p.ses != f->ses || p->p.exec_time.ms == 0)
		n->s.child_pid = f->pid;
}

static void
apply_task(struct host *h, const struct fact *f)
{
	struct session_node *n;

	if (!f->has_task)
		return;
	n = session_ensure(h, f->ses, f->auid);
	if (n == NULL)
		return;
	session_touch(h, n, f->time);
	learn_child(h, n, f);
}

static void (*const apply_kind[])(struct host *, const struct fact *) = {
	[FACT_OTHER] = apply_task,
	[FACT_EXEC] = apply_task,
	[FACT_CONNECT] = apply_task,
	[FACT_BIND] = apply_task,
	[FACT_LISTEN] = apply_task,
	[FACT_PTRACE] = apply_task,
	[FACT_PIDFD_OPEN] = apply_task,
	[FACT_SETUID] = apply_task,
	[FACT_LOGINUID] = apply_loginuid,
	[FACT_USER_START] = apply_user_start,
	[FACT_USER_END] = apply_user_end,
	[FACT_USER_LOGIN] = apply_user_login,
	[FACT_USER_AUTH] = apply_user_auth,
};

void
session_apply(struct host *h, const struct fact *f)
{
	if ((size_t)f->kind < sizeof(apply_kind) / sizeof(apply_kind[0]) &&
	    apply_kind[f->kind] != NULL)
		apply_kind[f->kind](h, f);
}
