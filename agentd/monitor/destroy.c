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
	const struct request *rq;
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
	if (h->rq->pid != 0 && h->rq->pid != (uint32_t)f->pid)
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

	if (!is_to(&t->peer, &h->rq->to) || !inodes_has(&h->held, t->inode))
		return 0;
	h->found++;
	rc = diag_destroy(t);
	if (rc == 0)
		h->ended++;
	else if (rc != -ENOENT)
		h->error = -rc;
	return 0;
}

static enum result
destroy_tcp(const struct request *rq, struct answer *a)
{
	struct hunt *h = calloc(1, sizeof(*h));
	enum result result;
	int rc;

	if (h == NULL)
		return RES_DENIED;
	h->rq = rq;
	(void)facts_each(rq->ses, note_sockets, h);
	rc = diag_tcp_each(end_one, h);
	if (rc < 0 || h->error != 0) {
		result = RES_DENIED;
		a->note.value = (uint64_t)(rc < 0 ? -rc : h->error);
	} else {
		result = h->found == 0 ? RES_NOT_FOUND : RES_OK;
		a->note.value = h->ended;
	}
	free(h);
	return result;
}

static enum result
destroy_unix(const struct request *rq, struct answer *a)
{
	int rc = cut_connections(rq->ses, rq->dev_major, rq->dev_minor, rq->inode);

	a->note.value = (uint64_t)(rc < 0 ? -rc : rc);
	return rc < 0 ? RES_DENIED : rc == 0 ? RES_NOT_FOUND : RES_OK;
}

/* The connection that this session came in by is not one that it made. */
static bool
is_own_login(const struct mon_session *s, const struct request *rq)
{
	struct report_addr peer, local;

	return flow_of_process(s->monitor_pid, s->start_ticks, &peer, &local) && is_to(&peer, &rq->to);
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
	if (rq->to.family != 0 && is_own_login(s, rq))
		return RES_PROTECTED;
	return table_may_act(m, rq);
}

enum result
handle_destroy(struct monitor *m, const struct request *rq, struct answer *a)
{
	bool tcp = (rq->to.family == 4 || rq->to.family == 6) && rq->to.port != 0;
	enum result result;

	if (rq->time_ms == 0 || tcp == (rq->inode != 0))
		return RES_BAD; /* one of the two */
	result = check(m, rq);
	if (result != RES_OK)
		return result;
	return tcp ? destroy_tcp(rq, a) : destroy_unix(rq, a);
}
