/*
 * ssh-tamper: a task of a session lays its hand on sshd, an agent or an SSH client that is not of its own
 * session: attaches to it, reads or writes its memory, takes a descriptor out of it.  Its own session's
 * tasks are its own to debug.  What goes through /proc/PID/mem leaves no record, the monitor tells of it.
 * Confidence: what was done is seen; who it was done to is sure where the program or its socket is known (high), and
 * less so by the name of the task alone, which is whatever it calls itself (medium).  Pure.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "agentd/detect/detector.h"
#include "agentd/host/table.h"

struct pidfd {
	uint32_t pid, target; /* pid 0: none */
	int64_t fd;
};

struct tampers {
	struct pidfd pidfd[ST_PIDFDS];
	unsigned next;
};

/* --- whom it is about ------------------------------------------------------------------------- */

enum role { ROLE_NONE, ROLE_SERVER, ROLE_AGENT, ROLE_CLIENT };

static const char *const roles[] = {
	[ROLE_SERVER] = "sshd",
	[ROLE_AGENT] = "the agent",
	[ROLE_CLIENT] = "ssh",
};
static const char *const short_roles[] = {
	[ROLE_SERVER] = "sshd",
	[ROLE_AGENT] = "agent",
	[ROLE_CLIENT] = "ssh",
};

struct victim {
	uint32_t pid, ses, uid, auid;
	char name[16];
	enum role role;
	bool named; /* its name is all that says what it is */
};

/* As the kernel said when it happened; else as it is now. */
static bool
victim_find(const struct detect *d, const struct fact_target *t, struct victim *v)
{
	const struct process *p = host_process(detect_host(d), t->pid);
	const struct probe *probe = host_probe(detect_host(d));
	struct probe_task task;

	*v = (struct victim){.pid = t->pid};
	if (t->known) {
		v->ses = t->ses;
		v->uid = t->uid;
		v->auid = t->auid;
		(void)bytes_copy(t->comm, v->name, sizeof(v->name));
	} else if (probe->task != NULL && probe->task(probe->arg, t->pid, &task)) {
		v->ses = task.ses;
		v->uid = task.euid;
		v->auid = task.auid;
		memcpy(v->name, task.comm, sizeof(v->name));
	} else if (p != NULL) {
		v->ses = p->ses;
		v->uid = p->uid;
		v->auid = p->auid;
		memcpy(v->name, p->comm, sizeof(v->name));
	} else
		return false;
	return true;
}

struct listener {
	uint32_t pid;
	bool agent, mux;
};

static bool
note_listener(struct usock *u, void *arg)
{
	struct listener *l = arg;

	l->agent |= u->owner_pid == l->pid && u->kind == USOCK_AGENT;
	l->mux |= u->owner_pid == l->pid && u->kind == USOCK_MUX;
	return true;
}

static enum role
role_of_name(struct bytes name)
{
	if (program_is_ssh_server(name))
		return ROLE_SERVER;
	if (bytes_is(name, "ssh-agent") || bytes_is(name, "gpg-agent"))
		return ROLE_AGENT;
	return program_is_ssh_name(name) ? ROLE_CLIENT : ROLE_NONE;
}

/* By what it is known to be, then by what it listens on, then by its name. */
static enum role
role_of(const struct detect *d, struct victim *v)
{
	const struct process *p = host_process(detect_host(d), v->pid);
	struct listener l = {.pid = v->pid};

	if (p != NULL && p->ses != v->ses)
		p = NULL; /* another life of that pid */
	if (p != NULL && p->is_sshd)
		return ROLE_SERVER;
	host_each_socket(detect_host(d), v->ses, note_listener, &l);
	if (l.agent || l.mux)
		return l.agent ? ROLE_AGENT : ROLE_CLIENT;
	if (p != NULL && p->exe != NULL && role_of_name(bytes_basename(bytes_of(p->exe))) != ROLE_NONE)
		return role_of_name(bytes_basename(bytes_of(p->exe)));
	if (p != NULL && p->program == PROGRAM_SSH)
		return ROLE_CLIENT;
	v->named = true;
	return p != NULL && p->exe != NULL ? ROLE_NONE : role_of_name(bytes_of(v->name));
}

/* --- telling ---------------------------------------------------------------------------------- */

/* How it stands behind whom: what the same user did to the same process. */
static const char *const deeds[] = {
	[TOUCH_ATTACH] = "traced",
	[TOUCH_READ] = "memory read",
	[TOUCH_WRITE] = "memory written",
	[TOUCH_READ_FILE] = "memory read",
	[TOUCH_WRITE_FILE] = "memory written",
	[TOUCH_DESCRIPTOR] = "descriptor taken",
};

static const char *const done_to[][2] = {
	[TOUCH_ATTACH] = {"traces", "tried to trace"},
	[TOUCH_READ] = {"read the memory of", "tried to read the memory of"},
	[TOUCH_WRITE] = {"wrote to the memory of", "tried to write to the memory of"},
	[TOUCH_READ_FILE] = {"read, through /proc, the memory of", ""},
	[TOUCH_WRITE_FILE] = {"wrote, through /proc, to the memory of", ""},
	[TOUCH_DESCRIPTOR] = {"took a descriptor of", "tried to take a descriptor of"},
};

/* Whose it is, as with a socket that it listens on. */
static void
set_owner(struct detect *d, const struct evidence *e, const struct victim *v, struct finding *f)
{
	const struct usock u = {
		.kind = v->role == ROLE_AGENT ? USOCK_AGENT : USOCK_MUX,
		.owner_pid = v->pid,
		.owner_ses = v->ses,
		.owner_uid = v->uid,
		.owner_auid = v->auid,
	};

	f->owner = host_owner(detect_host(d), f->session, e->uid, &u, &f->owner_session);
}

#define SUBJECT_LEN 160

/* "agent 310 of bob's session 6: memory read", ", in vain". */
static const char *
subject_str(const struct finding *f, const struct fact *fact, const struct victim *v, char out[SUBJECT_LEN])
{
	const struct session *o = f->owner_session;
	char whose[ST_NAME_MAX + 32];

	if (o == NULL)
		(void)snprintf(whose, sizeof(whose), "uid %u", v->uid);
	else if (o->user[0] == '\0')
		(void)snprintf(whose, sizeof(whose), "session %u", o->ses);
	else
		(void)snprintf(whose, sizeof(whose), "%s's session %u", o->user, o->ses);
	(void)snprintf(out, SUBJECT_LEN, "%s %u of %s: %s%s", short_roles[v->role], v->pid, whose, deeds[fact->touch],
	    f->outcome == OUTCOME_FAILURE ? ", in vain" : "");
	return out;
}

/* Each thread, each try; but who has read and then writes is news, and who comes through after he tried in vain. */
static void
fold_same(struct detect *d, struct finding *f)
{
	char same[SUBJECT_LEN + 32];

	(void)snprintf(same, sizeof(same), "%s", f->subject);
	if (f->session->user[0] == '\0')
		(void)snprintf(same, sizeof(same), "login uid %u, %s", f->session->auid, f->subject);
	finding_daily(d, f, same);
}

static void
send_tamper(struct detect *d, const struct fact *fact, const struct victim *v)
{
	struct evidence e = evidence_of(d, fact);
	char program[64], who[SESSION_STRLEN], why[64] = "", subject[SUBJECT_LEN];
	struct finding f;

	finding_start(d, &e, ACT_SSH_TAMPER, &f);
	f.confidence = v->named ? CONFIDENCE_MEDIUM : CONFIDENCE_HIGH;
	set_owner(d, &e, v, &f);
	f.subject = subject_str(&f, fact, v, subject);
	f.reached = f.outcome == OUTCOME_SUCCESS;
	f.agent = f.reached && v->role == ROLE_AGENT;
	if (f.owner_session != NULL)
		(void)session_str(f.owner_session, who);
	else
		(void)snprintf(who, sizeof(who), "uid %u, without a session", v->uid);
	if (f.outcome == OUTCOME_FAILURE)
		(void)snprintf(why, sizeof(why), ": %s", strerror((int)-f.exit));
	finding_reason(&f, "%s %s of %s (pid %u) with %s%s",
	    done_to[fact->touch][f.outcome == OUTCOME_FAILURE], roles[v->role], who, v->pid,
	    program_str(f.process, program), why);
	fold_same(d, &f);
	finding_send(d, &f);
}

/* --- facts ------------------------------------------------------------------------------------ */

static void
pidfd_opened(struct tampers *t, const struct fact *f)
{
	t->pidfd[t->next++ % ST_PIDFDS] =
	    (struct pidfd){.pid = f->pid, .target = f->target.pid, .fd = f->exit};
}

/* The newest pidfd of that number; 0: not known. */
static uint32_t
pidfd_target(const struct tampers *t, const struct fact *f)
{
	for (unsigned i = 1; i <= ST_PIDFDS; i++) {
		const struct pidfd *p = &t->pidfd[(t->next - i) % ST_PIDFDS];

		if (p->pid == f->pid && p->fd == (int64_t)(uint32_t)f->a[0])
			return p->target;
	}
	return 0;
}

static void
tamper_fact(struct detect *d, void *state, const struct fact *f)
{
	struct fact_target target = f->target;
	struct victim v;

	if (f->kind == FACT_PIDFD_OPEN)
		pidfd_opened(state, f);
	if (f->kind != FACT_PTRACE || f->ses == SES_UNSET || f->exit == -ESRCH)
		return;
	if (f->touch == TOUCH_DESCRIPTOR)
		target.pid = pidfd_target(state, f);
	if (target.pid == 0 || target.pid == f->pid || !victim_find(d, &target, &v) || v.ses == f->ses)
		return;
	v.role = role_of(d, &v);
	if (v.role != ROLE_NONE)
		send_tamper(d, f, &v);
}

static void *
tamper_new(void)
{
	return calloc(1, sizeof(struct tampers));
}

static void
tamper_free(void *state)
{
	free(state);
}

const struct detector detector_ssh_tamper = {
	.name = "ssh-tamper",
	.state_new = tamper_new,
	.state_free = tamper_free,
	.fact = tamper_fact,
};
