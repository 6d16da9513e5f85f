/*
 * destroy: connections of a session end, while its processes go on.  TCP by SOCK_DESTROY, Unix by
 * shutdown.  Runs in the monitor.
 */
#include <errno.h>
#include <stdlib.h>

#include "agentd/monitor/cut.h"
#include "agentd/monitor/flow.h"
#include "agentd/monitor/inodes.h"
#include "agentd/monitor/protect.h"
#include "agentd/monitor/sockdiag.h"
#include "agentd/monitor/table.h"
#include "agentd/monitor/target.h"

struct hunt {
	struct job job;
	struct monitor *m; /* borrowed; the loop's */
	struct request rq;
	pid_t sshd;           /* of the session */
	uint64_t start_ticks; /* of that */
	struct notice note;
	struct inodes held;   /* sockets of the session */
	unsigned found, ended;
	int error;
};

static int
note_sockets(int pidfd, const struct facts *f, void *arg)
{
	struct hunt *h = arg;
	uint64_t inode[INODES_MAX];
	size_t n;

	(void)pidfd;
	if (h->rq.pid != 0 && h->rq.pid != (uint32_t)f->pid)
		return 0;
	n = flow_sockets(f->pid, inode, INODES_MAX);
	for (size_t i = 0; i < n; i++)
		if (!inodes_add(&h->held, inode[i]))
			return 1;
	return 0;
}

static bool
is_to(const struct report_addr *peer, const struct report_addr *to)
{
	return peer->family == to->family && peer->port == to->port &&
	    memcmp(peer->b, to->b, to->family == 4 ? 4 : 16) == 0;
}

static int
end_one(const struct diag_tcp *t, void *arg)
{
	struct hunt *h = arg;
	int rc;

	if (!is_to(&t->peer, &h->rq.to) || !inodes_has(&h->held, t->inode))
		return 0;
	h->found++;
	rc = diag_destroy(t);
	if (rc == 0)
		h->ended++;
	else if (rc != -ENOENT)
		h->error = -rc;
	return 0;
}

/* The connection that this session came in by is not one that it made. */
static bool
is_own_login(const struct hunt *h)
{
	struct report_addr peer, local;

	return flow_of_process(h->sshd, h->start_ticks, &peer, &local) && is_to(&peer, &h->rq.to);
}

static void
destroy_tcp(struct job *job)
{
	struct hunt *h = (struct hunt *)job;
	int rc;

	if (is_own_login(h)) {
		h->note.result = RES_PROTECTED;
		return;
	}
	(void)facts_each(h->rq.ses, note_sockets, h);
	rc = diag_tcp_each(end_one, h);
	if (rc < 0 || h->error != 0) {
		h->note.result = RES_DENIED;
		h->note.value = (uint64_t)(rc < 0 ? -rc : h->error);
	} else {
		h->note.result = h->found == 0 ? RES_NOT_FOUND : RES_OK;
		h->note.value = h->ended;
	}
}

static void
destroy_unix(struct job *job)
{
	struct hunt *h = (struct hunt *)job;
	int rc = cut_connections(h->rq.ses, h->rq.dev_major, h->rq.dev_minor, h->rq.inode);

	h->note.value = (uint64_t)(rc < 0 ? -rc : rc);
	h->note.result = rc < 0 ? RES_DENIED : rc == 0 ? RES_NOT_FOUND : RES_OK;
}

static void
done(struct job *job)
{
	struct hunt *h = (struct hunt *)job;

	table_answer_with(h->m, h->rq.id, &h->note, NULL, 0);
	free(h);
}

static enum result
check(struct monitor *m, const struct request *rq)
{
	const struct mon_session *s = registry_get(m->registry, rq->ses);
	struct target t;
	enum result result;

	if (protect_breakglass(m->cf, s, NULL))
		return RES_PROTECTED;
	if (rq->pid != 0) {
		result = target_open(m->registry, rq->ses, rq->pid, rq->time_ms, &t);
		if (result != RES_OK)
			return result;
		if (protect_breakglass(m->cf, s, &t.facts) || protect_system(m, s, &t.facts))
			result = RES_PROTECTED;
		target_close(&t);
		if (result != RES_OK)
			return result;
	}
	return table_may_act(m, rq);
}

enum result
handle_destroy(struct monitor *m, const struct request *rq, struct answer *a)
{
	bool tcp = (rq->to.family == 4 || rq->to.family == 6) && rq->to.port != 0;
	const struct mon_session *s;
	enum result result;
	struct hunt *h;

	if (rq->time_ms == 0 || tcp == (rq->inode != 0))
		return RES_BAD; /* one of the two */
	result = check(m, rq);
	if (result != RES_OK)
		return result;
	h = calloc(1, sizeof(*h));
	if (h == NULL)
		return RES_DENIED;
	s = registry_get(m->registry, rq->ses);
	h->job = (struct job){.run = tcp ? destroy_tcp : destroy_unix, .done = done};
	h->m = m;
	h->rq = *rq;
	h->sshd = s->monitor_pid;
	h->start_ticks = s->start_ticks;
	a->later = aside_give(m->work[WORK_ACT], &h->job);
	if (!a->later)
		free(h);
	return a->later ? RES_OK : RES_RATE;
}
