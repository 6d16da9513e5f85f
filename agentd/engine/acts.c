/* acts: see acts.h.  Engine process. */
#include "agentd/engine/acts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "agentd/engine/act.h"
#include "agentd/engine/failures.h"
#include "agentd/engine/held.h"
#include "policy/level.h"

#define GATE_WAIT_MS 500 /* for a gate's word, which may come after the record */

struct acts {
	struct acts_parts parts;
	unsigned gates; /* that work */
	struct held *held; /* owned: on what failed with EPERM; a gate may say that this was its work */
	struct acts_stats stats;
	struct recents recents;
	struct act_ways ways;
};

static void
tell(struct acts *a, const struct ruling *r, enum done done, enum level level, const char *why)
{
	const struct outcome_of o = {.ruling = r, .done = done, .level = level, .why = why};

	if (done == DONE_WOULD_HAVE)
		a->stats.would_have++;
	else if (done == DONE_FAILED)
		a->stats.failed++;
	else if (done >= DONE_REFUSED)
		a->stats.done++;
	a->parts.outcome(&o, a->parts.arg);
}

/* A gate has stopped it by itself.  What is inferred of it no gate stops, though it stands at the same place. */
static bool
was_gated(const struct acts *a, const struct ruling *r, struct gate_act *out)
{
	return !activity_is_inferred(r->finding->activity) && a->parts.gated != NULL && a->parts.gated(r->finding, out, a->parts.arg);
}

/* What was not there any more to be stopped, a gate may have stopped, and says so now. */
static void
on_over(const struct ruling *r, enum done done, enum level level, const char *why, void *arg)
{
	struct acts *a = arg;
	struct gate_act gate;

	a->stats.waiting--;
	if (done == DONE_FAILED && plan_only_refuses(r->decision.action) && was_gated(a, r, &gate))
		tell(a, r, gate.done, gate.level, NULL);
	else
		tell(a, r, done, level, why);
}

static void
spared(uint32_t ses, void (*fn)(uint32_t pid, void *fn_arg), void *fn_arg, void *arg)
{
	const struct acts *a = arg;

	if (a->parts.spared != NULL)
		a->parts.spared(ses, fn, fn_arg, a->parts.arg);
}

/* NULL: asked; else why not. */
static const char *
ask(struct acts *a, const struct ruling *r, const struct plan *p, enum level level)
{
	if (a->stats.waiting >= ST_ACTIONS_WAITING) {
		failure_note(FAIL_ACTION_CAP);
		return "too many actions at once";
	}
	a->stats.asked++;
	a->stats.waiting++;
	if (act_begin(&a->ways, r, p, level))
		return NULL;
	a->stats.asked--;
	a->stats.waiting--;
	return "the monitor could not be asked";
}

static enum level
level_of(const struct acts *a, const struct ruling *r, const char **why)
{
	if (a->parts.level != NULL)
		return a->parts.level(r, why, a->parts.arg);
	return pol_level(r->finding->activity, r->decision.action, a->gates, why);
}

static void
settle(struct acts *a, const struct ruling *r)
{
	const char *why;
	enum level level = level_of(a, r, &why);

	if (r->spared != NULL)
		tell(a, r, ruling_done(r), LEVEL_OBSERVE, NULL);
	else
		tell(a, r, ruling_done(r), level, level == LEVEL_OBSERVE ? why : NULL);
}

/* Whatever the monitor does, it does after the fact. */
static void
stop(struct acts *a, const struct ruling *r)
{
	const char *why;
	enum level level = level_of(a, r, &why);
	struct plan p = plan_of(r);

	if (level > LEVEL_REACT)
		level = LEVEL_REACT;
	why = p.kind == 0 ? p.why : ask(a, r, &p, level);
	if (why != NULL)
		tell(a, r, DONE_FAILED, p.kind == 0 ? LEVEL_OBSERVE : level, why);
}

/* --- what the kernel has done by itself --- */

/* By whose grant, where that is not plain from the ruling. */
static void
say_whose(const struct ruling *r, const struct gate_act *act, char why[ACT_WHY_MAX])
{
	if (act->before)
		snprintf(why, ACT_WHY_MAX, "it was there before the rule%s", act->done == DONE_CUT ?
		    ": only the connection ends" : ", and could not be ended");
	else if (act->ses == SES_UNSET)
		snprintf(why, ACT_WHY_MAX, "a task that no grant covers: ungranted deny");
	else if (act->ses != r->finding->session->ses)
		snprintf(why, ACT_WHY_MAX, "session %u%s, which counts for this login user's other tasks, too",
		    act->ses, act->isolated ? " is isolated" : "'s grant");
	else if (act->isolated)
		snprintf(why, ACT_WHY_MAX, "the session is isolated");
	else if (!r->stop)
		snprintf(why, ACT_WHY_MAX, "by the grant that the session had then");
}

static void
tell_gated(struct acts *a, const struct ruling *r, const struct gate_act *act)
{
	char why[ACT_WHY_MAX] = "";

	if (r->finding->again) /* told a moment ago; the next that is told counts it */
		return;
	say_whose(r, act, why);
	tell(a, r, act->done, act->level, why[0] != '\0' ? why : NULL);
}

/* The rule asks for no more than that. */
static bool
is_enough(const struct ruling *r, const struct gate_act *act)
{
	if (act->before)
		return true;
	return r->stop ? plan_only_refuses(r->decision.action) : act->done != DONE_CUT;
}

/* True: nothing is left to do. */
static bool
settle_gated(struct acts *a, const struct ruling *r)
{
	struct gate_act act;

	if (!was_gated(a, r, &act) || !is_enough(r, &act))
		return false;
	tell_gated(a, r, &act);
	return true;
}

/* A connection that the kernel did not let be: there is nobody to be killed for it. */
static bool
came_to_nothing(const struct ruling *r)
{
	const struct finding *f = r->finding;

	return r->stop && f->exit == -EPERM && plan_only_refuses(r->decision.action) &&
	    (f->to.addr.family != 0 || f->unix_inode != 0 || f->to_unix.n > 0);
}

static void
tell_nothing(struct acts *a, const struct ruling *r)
{
	if (!r->finding->again)
		tell(a, r, DONE_REFUSED, LEVEL_OBSERVE,
		    "the kernel refused it, and not sshtether's gate: nothing connected");
}

static bool
on_held(const struct ruling *r, bool late, void *arg)
{
	struct acts *a = arg;
	const bool settled = settle_gated(a, r);

	if (!settled && late)
		tell_nothing(a, r);
	if (settled || late)
		a->stats.waiting--;
	return settled;
}

/* False: it cannot wait. */
static bool
hold(struct acts *a, const struct ruling *r)
{
	if (a->gates == 0 || a->stats.waiting >= ST_ACTIONS_WAITING || !held_put(a->held, r))
		return false;
	a->stats.waiting++;
	return true;
}

void
acts_gate_told(struct acts *a)
{
	held_again(a->held, false);
}

void
acts_flush(struct acts *a)
{
	held_again(a->held, true);
}

void
acts_gates(struct acts *a, unsigned works)
{
	a->gates = works;
}

void
acts_ruling(struct acts *a, const struct ruling *r)
{
	if (settle_gated(a, r))
		return;
	if (!r->stop)
		settle(a, r);
	else if (!came_to_nothing(r))
		stop(a, r);
	else if (!hold(a, r))
		tell_nothing(a, r);
}

const struct acts_stats *
acts_stats(const struct acts *a)
{
	return &a->stats;
}

struct acts *
acts_new(const struct acts_parts *parts)
{
	struct acts *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->parts = *parts;
	a->ways = (struct act_ways){.base = parts->base, .link = parts->link, .recents = &a->recents,
	    .spared = spared, .over = on_over, .arg = a};
	if ((a->held = held_new(parts->base, GATE_WAIT_MS, on_held, a)) == NULL)
		acts_free(&a);
	return a;
}

void
acts_free(struct acts **ap)
{
	struct acts *a = *ap;

	if (a == NULL)
		return;
	*ap = NULL;
	held_free(&a->held);
	free(a);
}
