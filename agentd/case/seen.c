/*
 * seen: what the model shows of a case's session beside its findings: other sessions of its user at the same time,
 * agents that sshd forwards for it, tasks of it that are somebody else now.  The model forgets them when they end; a
 * case does not.  Pure.
 */
#include <stdio.h>

#include "agentd/case/case.h"

static bool
note_other(struct session *s, void *arg)
{
	struct case_file *c = arg;
	struct case_seen *seen = &c->seen;

	if (s->ses == c->ses || !s->ssh)
		return true;
	for (size_t i = 0; i < seen->nothers; i++) {
		if (seen->others[i].ses == s->ses)
			return true;
	}
	seen->others[seen->nothers++] = (struct case_other){.ses = s->ses, .from = s->peer.addr, .opened = s->opened};
	return seen->nothers < ST_CASE_SEEN;
}

static bool
note_agent(struct usock *u, void *arg)
{
	struct case_seen *seen = arg;
	char path[sizeof(seen->agents[0])];

	if (u->kind != USOCK_AGENT || !u->forwarded ||
	    !bytes_copy((struct bytes){.p = u->path, .n = u->path_len}, path, sizeof(path)))
		return true;
	for (size_t i = 0; i < seen->nagents; i++) {
		if (strcmp(seen->agents[i], path) == 0)
			return true;
	}
	memcpy(seen->agents[seen->nagents++], path, sizeof(path));
	return seen->nagents < ST_CASE_SEEN;
}

struct tasks {
	struct case_seen *seen;
	uint32_t auid;
	const struct host *host;
	const struct session *session;
};

#define PARENTS_ASKED 32

/*
 * sshd's monitor runs what PAM's modules start at a login, such as the scripts of the message of the day: as root, and
 * by nobody's doing.  What the user started descends from sshd's other process.  A gap in the chain excuses nobody.
 */
static bool
is_of_the_login(const struct tasks *t, const struct process *p)
{
	const struct process *chain[PARENTS_ASKED];
	const uint32_t monitor = t->session->monitor_pid;
	const size_t n = host_ancestry(t->host, p->pid, chain, PARENTS_ASKED);

	if (monitor == 0 || n < 2 || chain[n - 1]->pid != monitor || !chain[n - 1]->is_sshd)
		return false;
	for (size_t i = 0; i < n - 1; i++) {
		if (chain[i]->is_sshd || chain[i]->ppid != chain[i + 1]->pid || chain[i]->uid == t->auid)
			return false;
	}
	return true;
}

/* Its real uid is another: sudo itself is still the user's, what it starts is not.  Root has nowhere to rise to. */
static bool
note_task(struct process *p, void *arg)
{
	const struct tasks *t = arg;
	struct case_seen *seen = t->seen;
	struct case_task *task;

	if (p->is_sshd || p->exe == NULL || p->uid == t->auid || t->auid == 0 || p->uid == AUID_UNSET || p->exec_time.ms == 0 ||
	    program_is_ssh_server(bytes_of(p->exe)) || is_of_the_login(t, p))
		return true;
	for (size_t i = 0; i < seen->ntasks; i++) {
		if (seen->tasks[i].uid == p->uid && strcmp(seen->tasks[i].exe, p->exe) == 0)
			return true;
	}
	task = &seen->tasks[seen->ntasks++];
	*task = (struct case_task){.pid = p->pid, .uid = p->uid, .seen = p->exec_time};
	(void)snprintf(task->exe, sizeof(task->exe), "%s", p->exe);
	return seen->ntasks < ST_CASE_SEEN;
}

void
case_look(struct case_file *c, const struct host *h)
{
	const struct session *s = host_session(h, c->ses);
	struct tasks tasks = {.seen = &c->seen, .auid = c->auid, .host = h, .session = s};

	/* What is there when it is over is not there at the same time. */
	if (s == NULL || s->state == SESSION_OVER || c->auid == AUID_UNSET)
		return;
	if (c->seen.nothers < ST_CASE_SEEN)
		host_each_open(h, c->auid, note_other, c);
	if (c->seen.nagents < ST_CASE_SEEN)
		host_each_socket(h, c->ses, note_agent, &c->seen);
	if (c->seen.ntasks < ST_CASE_SEEN)
		host_each_process(h, c->ses, note_task, &tasks);
}
