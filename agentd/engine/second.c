/* second: see second.h. */
#include "agentd/engine/second.h"

#include <stdio.h>
#include <string.h>

#include "agentd/engine/agents.h"
#include "agentd/engine/archive.h"
#include "agentd/engine/case_keep.h"
#include "agentd/engine/found.h"
#include "agentd/engine/homes.h"
#include "agentd/engine/learned.h"
#include "agentd/engine/programs.h"
#include "agentd/engine/state.h"
#include "agentd/engine/verbs.h"
#include "agentd/engine/volumes.h"
#include "agentd/engine/watch.h"
#include "base/log.h"

#define AGENTS_MS 15000 /* between two looks: the monitor answers 600 such questions a minute */

/* What the stream of records is worth just now. */
static void
tick_gates(struct engine *e, struct rtime now)
{
	const struct intake_state *in = intake_state(e->intake);
	const struct aev_stats *a = pipeline_stats(e->pipeline);
	const uint32_t blind = RULEF_MISSING | RULEF_NEVER_TASK | RULEF_NEVER_EXIT | RULEF_DISABLED |
	    RULEF_NO_AUDIT | RULEF_PANIC;
	const struct audit_stream audit = {.live = in->kind != SOURCE_NONE, .behind = in->behind,
	    .ruled = e->rules.told && e->rules.missing == 0 && (e->rules.flags & blind) == 0,
	    .since = in->since, .lost = a->missing + a->evicted + a->cut + a->malformed + in->stats.overruns +
	    in->stats.cut + losses_kernel_total(e->losses)};

	gates_tick(e->gates, now, &audit);
}

/* Sessions that were there before have their agents already. */
static void
find_agents(struct engine *e, struct mtime now)
{
	int n;

	if (!e->agents_unknown || (e->agents_looked.ns != 0 && mtime_ms_since(now, e->agents_looked) < AGENTS_MS))
		return;
	e->agents_looked = now;
	n = agents_look(e->owners, pipeline_host(e->pipeline));
	if (n < 0)
		log_warn("the agents of sessions that were there before are not known: %s", strerror(-n));
	e->agents_unknown = n == AGENTS_AT_ONCE;
}

/* It changes what is told: whoever waits for it should hear of it. */
static void
tell_baseline(struct engine *e)
{
	const unsigned days = learned_begins(e->learned);
	char text[128];

	if (days == 0)
		return;
	(void)snprintf(text, sizeof(text), "what is unusual is told from now on: this host has data of %u day%s", days,
	    days == 1 ? "" : "s");
	outlet_notice(e->outlet, "baseline-active", SEV_INFO, days, text);
}

void
second_passed(struct engine *e)
{
	const struct mtime now = mtime_now();

	link_tick(e->link, now);
	intake_check(e->intake, now);
	losses_check(e->losses, pipeline_stats(e->pipeline), &intake_state(e->intake)->stats, now);
	programs_check(e->programs);
	outlet_check(e->outlet);
	found_tick(e);
	find_agents(e, now);
	homes_tick(e->homes, pipeline_host(e->pipeline), learned_is_whole(e->learned) ? e->options.baseline : NULL, now);
	watch_sessions(e->watch, pipeline_host(e->pipeline));
	allow_verbs_end(e, rtime_now());
	grants_tick(e->grants, rtime_now());
	learned_tick(e->learned, now);
	control_resume(e->control);
	tell_baseline(e);
	tick_gates(e, rtime_now());
	volumes_tick(e->volumes);
	case_keep(e->cases, e->archive);
	if (e->archive != NULL)
		archive_flush(e->archive);
}
