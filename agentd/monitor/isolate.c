/*
 * isolate: see isolate.h.  Runs in the monitor.  First the gate, then what is connected already: in this
 * order nothing slips through between the two.
 */
#include "agentd/monitor/isolate.h"

#include <errno.h>
#include <stdlib.h>

#include "agentd/monitor/destroy.h"
#include "agentd/monitor/gate.h"
#include "agentd/monitor/protect.h"
#include "agentd/monitor/registry.h"
#include "agentd/monitor/rows.h"
#include "agentd/monitor/table.h"
#include "base/log.h"

struct isolating {
	struct job job;
	struct monitor *m; /* borrowed; the loop's */
	uint32_t id;
	deed_fn *fn;
	void *arg;
	struct destroy_all all;
};

static void
run(struct job *job)
{
	struct isolating *i = (struct isolating *)job;

	destroy_all(&i->all);
}

static void
done(struct job *job)
{
	struct isolating *i = (struct isolating *)job;
	const struct destroy_all *all = &i->all;

	if (all->left == 0)
		log_warn("session %u is isolated: %u connections ended", all->session.ses, all->ended);
	else
		log_err("session %u is isolated, but %u connections are left", all->session.ses, all->left);
	i->fn(i->m, i->id, all->left == 0 ? RES_OK : RES_DENIED, all->left == 0 ? all->ended : all->left,
	    i->arg);
	free(i);
}

enum result
isolate_check(const struct monitor *m, const struct request *rq)
{
	const struct mon_session *s = registry_get(m->registry, rq->ses);
	uint8_t why[GATEF_COUNT];

	if (s == NULL)
		return RES_NO_SESSION;
	if (protect_breakglass(m->cf, s, NULL))
		return RES_PROTECTED;
	return (gate_works(m->gate, why) & GATEF_CONNECT) != 0 ? RES_OK : RES_DENIED;
}

enum result
isolate_begin(struct monitor *m, const struct request *rq, bool order, deed_fn *fn, void *arg)
{
	struct mon_session *s = registry_get(m->registry, rq->ses);
	uint32_t flags = GATEROW_ISOLATED | (order ? (uint32_t)GATEROW_ISOLATED_ORDER : 0);
	struct isolating *i = calloc(1, sizeof(*i));
	int rc = i == NULL ? -ENOMEM : rows_flag(m->rows, s, flags);

	if (rc != 0) {
		log_err("session %u is not isolated: %s", rq->ses, strerror(-rc));
		free(i);
		return RES_DENIED;
	}
	*i = (struct isolating){.job = {.run = run, .done = done}, .m = m, .id = rq->id, .fn = fn, .arg = arg,
	    .all = {.session = *s, .makers = m->makers}};
	if (aside_give(m->work[WORK_ACT], &i->job))
		return RES_OK;
	free(i);
	return RES_RATE;
}

enum result
handle_isolate(struct monitor *m, const struct request *rq, struct answer *a)
{
	enum result result = isolate_check(m, rq);

	if (result == RES_DENIED)
		a->note.value = EOPNOTSUPP;
	if (result == RES_OK)
		result = table_may_act(m, rq);
	if (result == RES_OK)
		result = isolate_begin(m, rq, false, table_deed_done, NULL);
	a->later = result == RES_OK;
	return result;
}
