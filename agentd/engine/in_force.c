/* in_force: see in_force.h. */
#include "agentd/engine/in_force.h"

#include <stdio.h>
#include <string.h>

#include <event2/event.h>

#include "agentd/engine/engine.h"
#include "agentd/engine/failures.h"
#include "agentd/engine/loaded.h"
#include "agentd/engine/restraint.h"
#include "agentd/engine/state.h"
#include "base/log.h"
#include "policy/level.h"

static void
swap_policy(const struct policy *p, void *arg)
{
	struct engine *e = arg;
	struct request r = {.kind = REQ_POLICY, .value = pol_serial(p)};
	int64_t window_ms;

	pipeline_policy(e->pipeline, p);
	e->context.fleet = pol_fleet(p);
	e->context.policy_serial = pol_serial(p);
	pol_stop_limit(p, &r.limit, &window_ms);
	r.window_s = (uint32_t)(window_ms / 1000);
	link_send(e->link, &r);
}

/* What the policy asks for and this host cannot do; a line each. */
static void
put_beyond(const struct engine *e, const struct policy *p, struct buf *out)
{
	(void)pol_beyond(p, e->gates_state.works, out);
	(void)pol_weaker(p, e->gates_state.works, out);
}

bool
in_force_accept(const struct policy *p, struct buf *diag, void *arg)
{
	const struct engine *e = arg;
	const size_t before = diag->n;

	if (e->conf->strict && e->gates_state.told)
		put_beyond(e, p, diag);
	return diag->n == before;
}

/* Each line of what the loader had to say. */
static void
log_diagnostics(int priority, const struct buf *diag, size_t from)
{
	const char *p = diag->n > from ? diag->p + from : NULL, *end;

	for (; p != NULL && *p != '\0'; p = end != NULL ? end + 1 : NULL) {
		end = strchr(p, '\n');
		log_at(priority, "%.*s", end != NULL ? (int)(end - p) : (int)strlen(p), p);
	}
}

/* Loudly: a policy that is in force and not carried out is worse than none. */
static void
check_beyond(struct engine *e)
{
	struct buf *beyond = &e->gates_state.beyond;

	buf_reset(beyond);
	if (!e->gates_state.told)
		return;
	put_beyond(e, policy_box_get(e->policy), beyond);
	log_diagnostics(LOG_WARNING, beyond, 0);
}

void
in_force_gates(struct engine *e, const struct notice *n)
{
	struct gates_state *g = &e->gates_state;
	const bool first = !g->told;

	g->told = true;
	g->works = n->flags & ((1u << GATEF_COUNT) - 1);
	for (unsigned i = 0; i < GATEF_COUNT; i++)
		g->why[i] = (uint8_t)(n->value >> 8 * i);
	acts_gates(e->acts, g->works);
	check_beyond(e);
	if (!first || !e->conf->strict || g->beyond.n == 0)
		return;
	log_crit("strict: the policy asks for more than this host can do");
	e->status = ENGINE_BEYOND;
	event_base_loopbreak(e->base);
}

bool
in_force_load(struct engine *e, const char *path, struct buf *diag)
{
	const size_t from = diag->n;
	const struct policy *p;

	if (!policy_box_load(e->policy, path, swap_policy, e, diag)) {
		failure_note(FAIL_POLICY_LOAD);
		log_diagnostics(LOG_ERR, diag, from);
		outlet_notice(e->outlet, "policy-refused", SEV_HIGH, 0,
		    "a policy was refused; the one in force stays");
		return false;
	}
	if (path != NULL && !loaded_keep(e->conf->state_dir, path)) {
		failure_note(FAIL_POLICY_KEPT);
		log_warn("should the engine end before its time, the next one loads %s",
		    e->conf->policy);
	}
	log_diagnostics(LOG_WARNING, diag, from);
	grants_policy(e->grants);
	check_beyond(e);
	p = policy_box_get(e->policy);
	if (policy_box_absent(e->policy))
		log_warn("%s is absent: an empty policy, which sees everything and stops nothing",
		    policy_box_path(e->policy));
	log_info("policy %s serial %llu, %zu rules, mode %s",
	    pol_fleet(p)[0] != '\0' ? pol_fleet(p) : "without a fleet",
	    (unsigned long long)pol_serial(p), pol_nrules(p), mode_name(pol_mode(p)));
	return true;
}

bool
in_force_allow(struct engine *e)
{
	struct buf text = BUF_INIT, diag = BUF_INIT;
	bool ok;

	allow_text(e->allow, &text);
	ok = buf_ok(&text) && policy_box_prelude(e->policy, buf_bytes(&text), swap_policy, e, &diag);
	if (ok)
		grants_renew(e->grants);
	else
		log_diagnostics(LOG_ERR, &diag, 0);
	buf_free(&text);
	buf_free(&diag);
	return ok;
}

/* The one before may have had another policy than the configured one, which is in force by now. */
static void
load_again(struct engine *e)
{
	struct buf path = BUF_INIT, diag = BUF_INIT;

	if (loaded_get(e->conf->state_dir, &path) && !in_force_load(e, path.p, &diag)) {
		log_err("%s was in force and cannot be loaded again: %s is in force instead", path.p,
		    e->conf->policy);
		outlet_notice(e->outlet, "policy-lost", SEV_CRITICAL, 0,
		    "the policy that was loaded by hand cannot be loaded again; the configured one is in force");
	}
	buf_free(&path);
	buf_free(&diag);
}

void
in_force_again(struct engine *e, uint64_t restarts)
{
	char sentence[96];

	e->restarts = restarts;
	if (restarts == 0) {
		loaded_forget(e->conf->state_dir);
		return;
	}
	failure_add(FAIL_ENGINE_RESTARTED, restarts);
	load_again(e);
	snprintf(sentence, sizeof(sentence), "the engine ended and was started again (%llu since the daemon's start)",
	    (unsigned long long)restarts);
	outlet_notice(e->outlet, "engine-restarted", SEV_HIGH, restarts, sentence);
}

void
in_force_mode(struct engine *e, enum mode mode)
{
	e->options.host_mode = mode;
	pipeline_mode(e->pipeline, mode);
	restraint_mode(pipeline_host(e->pipeline), mode);
}
