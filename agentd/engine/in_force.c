/* in_force: see in_force.h. */
#include "agentd/engine/in_force.h"

#include <stdio.h>
#include <string.h>

#include <event2/event.h>

#include "agentd/engine/engine.h"
#include "agentd/engine/failures.h"
#include "agentd/engine/restraint.h"
#include "agentd/engine/state.h"
#include "base/log.h"
#include "policy/level.h"

static void
swap_policy(const struct policy *p, void *arg)
{
	struct engine *e = arg;
	struct request r = {.kind = REQ_POLICY, .value = pol_serial(p), .inode = serials_fleet(pol_fleet(p))};
	int64_t window_ms;

	pipeline_policy(e->pipeline, p);
	e->context.fleet = pol_fleet(p);
	e->context.policy_serial = pol_serial(p);
	pol_stop_limit(p, &r.limit, &window_ms);
	r.window_s = (uint32_t)(window_ms / 1000);
	(void)serials_raise(&e->serials, r.inode, r.value); /* the monitor says so too */
	link_send(e->link, &r);
}

/* What the policy asks for and this host cannot do; a line each. */
static void
put_beyond(const struct engine *e, const struct policy *p, struct buf *out)
{
	(void)pol_beyond(p, e->gates_state.works, out);
	(void)pol_weaker(p, e->gates_state.works, out);
}

/* Of the fleet that this host belongs to, and none that is older than one that was in force here. */
static void
put_stale(const struct engine *e, const struct policy_load *l, struct buf *diag)
{
	const struct policy *p = l->policy;
	const char *fleet = pol_fleet(p), *mine = e->conf->fleet;
	const uint64_t known = serials_get(&e->serials, serials_fleet(fleet));

	if (mine != NULL && strcmp(fleet, mine) != 0)
		buf_printf(diag, "%s: error: this host takes policies of fleet \"%s\" (sshtetherd.conf); this one is of %s%s%s\n",
		    l->path, mine, fleet[0] != '\0' ? "\"" : "none", fleet, fleet[0] != '\0' ? "\"" : "");
	if (pol_serial(p) < known)
		buf_printf(diag, "%s: error: serial %llu is older than %llu, which was in force here%s%s: a serial never goes back\n",
		    l->path, (unsigned long long)pol_serial(p), (unsigned long long)known, fleet[0] != '\0' ? " for fleet " : "", fleet);
}

bool
in_force_accept(const struct policy_load *l, struct buf *diag, void *arg)
{
	const struct engine *e = arg;
	const size_t before = diag->n;

	if (l->absent)
		return true;
	if (!l->last_good)
		put_stale(e, l, diag);
	if (!l->last_good && e->conf->strict && e->gates_state.told)
		put_beyond(e, l->policy, diag);
	return diag->n == before;
}

void
in_force_log(int priority, const struct buf *diag, size_t from)
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
	in_force_log(LOG_WARNING, beyond, 0);
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
in_force_take(struct engine *e, struct policy_load *l)
{
	const struct policy *p;

	if (!policy_box_take(e->policy, l, swap_policy, e))
		return false;
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
in_force_exceptions(struct engine *e)
{
	struct buf text = BUF_INIT, diag = BUF_INIT;
	bool ok;

	allow_text(e->allow, &text);
	ok = buf_ok(&text) && policy_box_prelude(e->policy, buf_bytes(&text), swap_policy, e, &diag);
	if (!ok)
		in_force_log(LOG_ERR, &diag, 0);
	buf_free(&text);
	buf_free(&diag);
	return ok;
}

bool
in_force_allow(struct engine *e)
{
	const bool ok = in_force_exceptions(e);

	if (ok)
		grants_renew(e->grants);
	return ok;
}

void
in_force_mode(struct engine *e, enum mode mode)
{
	e->options.host_mode = mode;
	pipeline_mode(e->pipeline, mode);
	restraint_mode(pipeline_host(e->pipeline), mode);
}
