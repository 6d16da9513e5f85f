/* calls: see calls.h. */
#include "agentd/engine/calls.h"

#include <event2/event.h>

#include "agentd/engine/control.h"
#include "agentd/engine/exe.h"
#include "agentd/engine/failures.h"
#include "agentd/engine/history.h"
#include "agentd/engine/listed.h"
#include "agentd/engine/homes.h"
#include "agentd/engine/restraint.h"
#include "agentd/engine/say.h"
#include "agentd/engine/state.h"
#include "agentd/engine/verbs.h"
#include "agentd/engine/volumes.h"
#include "base/log.h"
#include "policy/level.h"

void
calls_ruling(const struct ruling *r, void *arg)
{
	struct engine *e = arg;
	const struct finding *f = r->finding;

	policy_box_hit(e->policy, &r->decision);
	gates_named(e->gates, f);
	if (f->activity == ACT_OUTBOUND_SSH)
		flows_note(&e->flows, f->from, f->session->ses);
	volumes_finding(e->volumes, f);
	if (!reports_ruling(e->reports, r))
		acts_ruling(e->acts, r);
}

void
calls_folded(const struct ruling *r, void *arg)
{
	struct engine *e = arg;

	outlet_folded(e->outlet, r);
}

void
calls_event(const struct aev *ev, const struct fact *fact, void *arg)
{
	struct engine *e = arg;

	/* Who it runs as is asked for now, so that a rule with `as` knows it when the program connects. */
	if (fact->kind == FACT_EXEC && fact->ses != SES_UNSET && fact->euid != fact->auid)
		(void)names_user(e->names, fact->euid);
	if (fact->kind == FACT_CONNECT && fact->peer.addr.family != 0)
		volumes_connect(e->volumes, fact->ses, fact->euid, fact->peer, fact->time);
	gates_fact(e->gates, fact);
	intake_seen(e->intake, ev->time);
}

/* By the rule: what it hangs on may be nothing that a gate knows. */
enum level
calls_level(const struct ruling *r, const char **why, void *arg)
{
	const struct engine *e = arg;
	const struct decision *d = &r->decision;
	const enum activity a = r->finding->activity;

	if (d->by_default || d->undetermined || d->action <= DO_ALERT)
		return pol_level(a, d->action, e->gates_state.works, why);
	return pol_rule_level_of(policy_box_get(e->policy), d->rule, a, e->gates_state.works, why);
}

bool
calls_gated(const struct finding *f, struct gate_act *out, void *arg)
{
	const struct engine *e = arg;

	return gates_done(e->gates, f, out);
}

const char *
calls_user_name(uint32_t uid, void *arg)
{
	const struct engine *e = arg;

	return names_user(e->names, uid);
}

/* The ruling's session may be a copy, and the model's may be gone. */
void
calls_outcome(const struct outcome_of *o, void *arg)
{
	struct engine *e = arg;

	restraint_done(host_session(pipeline_host(e->pipeline), o->ruling->finding->session->ses), o->done);
	hops_note(&e->hops, o);
	outlet_ruling(e->outlet, o);
	say_outcome(e->say, o);
}

void
calls_row(const struct outlet_row *row, void *arg)
{
	struct engine *e = arg;

	history_row(e->history, row);
	if (row->alert && !row->held)
		control_publish(e->control, row->json, alert_verbs_want, row);
}

uint64_t
calls_rule(const struct decision *d, void *arg)
{
	const struct engine *e = arg;

	return policy_box_rule(e->policy, d);
}

bool
calls_is_own(struct addr a, void *arg)
{
	const struct engine *e = arg;

	return e->grants != NULL && grants_own(e->grants, a);
}

bool
calls_is_listed(struct addr a, const char **list, void *arg)
{
	const struct engine *e = arg;

	return e->listed != NULL && listed_has(e->listed, a, list);
}

const struct policy *
calls_policy(void *arg)
{
	const struct engine *e = arg;

	return policy_box_get(e->policy);
}

void
calls_opened(const struct session *s, void *arg)
{
	struct engine *e = arg;

	history_opened(e->history, s);
	homes_want(e->homes, s->ses, s->auid);
	volumes_session(e->volumes, s);
}

void
calls_volume(const struct volume *v, void *arg)
{
	const struct engine *e = arg;

	detect_volume(pipeline_detect(e->pipeline), v);
}

void
calls_listed_anew(void *arg)
{
	const struct engine *e = arg;

	detect_listed_anew(pipeline_detect(e->pipeline), rtime_now());
}

void
calls_warn(const char *what, const char *sentence, void *arg)
{
	struct engine *e = arg;

	outlet_notice(e->outlet, what, SEV_HIGH, 0, sentence);
}

void
calls_losses(uint64_t count, const char *sentence, bool over, void *arg)
{
	struct engine *e = arg;

	failure_note(FAIL_RECORDS_LOST);
	if (over)
		log_info("the losses are over: %s", sentence);
	else
		outlet_notice(e->outlet, "records-lost", SEV_CRITICAL, count, sentence);
}

void
calls_over(uint32_t ses, void *arg)
{
	struct engine *e = arg;

	history_over(e->history, ses);
	cases_over(e->cases, ses, pipeline_host(e->pipeline), rtime_now());
	host_over(pipeline_host(e->pipeline), ses, rtime_now());
}

struct sparing {
	const struct policy *policy;
	void (*fn)(uint32_t pid, void *arg);
	void *arg;
};

static bool
spare_one(struct process *p, void *arg)
{
	const struct sparing *s = arg;

	if (exe_is_here(p) && pol_spares(s->policy, bytes_of(p->exe)))
		s->fn(p->pid, s->arg);
	return true;
}

void
calls_spared(uint32_t ses, void (*fn)(uint32_t pid, void *fn_arg), void *fn_arg, void *arg)
{
	const struct engine *e = arg;
	struct sparing s = {.policy = policy_box_get(e->policy), .fn = fn, .arg = fn_arg};

	host_each_process(pipeline_host(e->pipeline), ses, spare_one, &s);
}

void
calls_monitor_gone(void *arg)
{
	struct engine *e = arg;

	log_err("the monitor is gone");
	e->status = 1;
	event_base_loopbreak(e->base);
}
