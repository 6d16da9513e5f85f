/*
 * grants: what the engine says of classes, ports and grants, checked and installed.  Runs in the monitor.
 * An engine that lies can grant too much or refuse too much; it cannot speak of a session that is not
 * registered, nor of break-glass.
 */
#include <errno.h>

#include "agentd/monitor/gate.h"
#include "agentd/monitor/review.h"
#include "agentd/monitor/rows.h"
#include "agentd/monitor/sound.h"
#include "agentd/monitor/table.h"
#include "base/proc.h"

static enum result
result_of(int rc, struct answer *a)
{
	if (rc == 0)
		return RES_OK;
	a->note.value = (uint64_t)-rc;
	return rc == -EPERM ? RES_PROTECTED : RES_DENIED;
}

static bool
is_making(struct monitor *m, const struct request *rq)
{
	return rq->value <= UINT32_MAX && rows_making(m->rows, (uint32_t)rq->value);
}

enum result
handle_classes(struct monitor *m, const struct request *rq, struct answer *a)
{
	uint32_t generation = 0;
	int rc = rows_classes_begin(m->rows, &generation);

	(void)rq;
	a->note.value = generation;
	return result_of(rc, a);
}

enum result
handle_prefixes(struct monitor *m, const struct asked *q, struct answer *a)
{
	if (!is_making(m, q->rq) || !sound_prefixes(q->body, q->n))
		return RES_BAD;
	return result_of(gate_prefixes(m->gate, (uint32_t)q->rq->value, q->body, q->n), a);
}

enum result
handle_ports(struct monitor *m, const struct asked *q, struct answer *a)
{
	if (!is_making(m, q->rq) || !sound_ports(q->body, q->n))
		return RES_BAD;
	return result_of(gate_ports(m->gate, (uint32_t)q->rq->value, q->body, q->n), a);
}

enum result
handle_grant(struct monitor *m, const struct asked *q, struct answer *a)
{
	const struct grant *g = q->body;
	struct mon_session *s;

	if (!rows_knows(m->rows, g->generation) || !sound_grant(g))
		return RES_BAD;
	if (q->rq->ses == SES_UNSET) {
		rows_keep_fallback(m->rows, g);
		return RES_OK;
	}
	s = registry_get(m->registry, q->rq->ses);
	return s == NULL ? RES_NO_SESSION : result_of(rows_grant(m->rows, s, g), a);
}

enum result
handle_classes_done(struct monitor *m, const struct request *rq, struct answer *a)
{
	int rc;

	if (!is_making(m, rq))
		return RES_BAD;
	rc = rows_classes_done(m->rows);
	if (rc == 0)
		rc = gate_ungranted(m->gate, (rq->flags & REQF_UNGRANTED_DENY) != 0);
	if ((rq->flags & REQF_REVIEW) != 0)
		review_due(m->review);
	return result_of(rc, a);
}
