/* acts: see acts.h.  Engine process. */
#include "agentd/engine/acts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "agentd/engine/failures.h"
#include "agentd/engine/held.h"
#include "agentd/engine/keep.h"
#include "agentd/engine/plan.h"
#include "base/report_addr.h"
#include "policy/level.h"

#define KILL_WAIT_MS  2000
#define END_WAIT_MS   15000 /* TERM, then KILL, and a look whether all are gone */
#define GATE_WAIT_MS  500   /* for a gate's word, which may come after the record */
#define WHY_MAX       160
#define RECENT        64
#define RECENT_MS     60000 /* a finding may ripen for a while after the process is gone */

struct act {
	struct acts *acts;
	struct kept *kept; /* owned */
	enum done done;    /* when it works */
	enum level level;
	struct request req; /* as asked for */
	bool cut;           /* once the process is no more, its connection is to end too */
	bool killed;        /* it was, and what the connection comes to does not change that */
	unsigned tries;     /* for a connection that was not there yet */
};

/* What worked lately: one process may have earned two rulings, and it can be killed only once. */
struct recent {
	uint32_t ses, pid; /* pid 0: the whole session */
	struct mtime when;
};

struct acts {
	struct acts_parts parts;
	unsigned gates; /* that work */
	struct held *held; /* owned: on what failed with EPERM; a gate may say that this was its work */
	struct acts_stats stats;
	struct recent recent[RECENT];
	unsigned next_recent;
};

struct by_hand {
	struct link *link; /* borrowed */
	uint32_t ses;
	acts_prepared_fn *fn;
	void *arg;
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

/* --- asking ------------------------------------------------------------------------------------- */

static struct request
request_of(const struct ruling *r, const struct plan *p)
{
	const struct finding *f = r->finding;
	const bool whole = plan_is_of_session(p);

	return (struct request){
	    .kind = p->kind,
	    /* A process may have left the session that is reported for it. */
	    .ses = !whole && f->process != NULL ? f->process->ses : f->session->ses,
	    .pid = whole ? 0 : f->pid,
	    .flags = r->decision.action == DO_TERMINATE_ALL ? REQF_ALL : 0,
	    .activity = f->activity,
	    .action = r->decision.action,
	    .time_ms = f->time.ms,
	    .inode = whole ? 0 : f->unix_inode,
	    .dev_major = whole ? 0 : f->unix_dev_major,
	    .dev_minor = whole ? 0 : f->unix_dev_minor,
	    /* A Unix listener or an address, never both. */
	    .to = !whole && f->unix_inode == 0 ? report_addr_of(f->to) : (struct report_addr){0},
	};
}

/* What the monitor's answer makes of it. */
static enum done
done_of(const struct notice *n, enum done success, char why[WHY_MAX])
{
	why[0] = '\0';
	if (n == NULL) {
		snprintf(why, WHY_MAX, "the monitor did not answer in time");
		return DONE_FAILED;
	}
	if (n->result == RES_OK)
		return success;
	if (n->result == RES_DENIED && n->value != 0)
		snprintf(why, WHY_MAX, "the kernel refused: %s", strerror((int)n->value));
	else
		snprintf(why, WHY_MAX, "%s", n->result < RES_COUNT ?
		    result_text((enum result)n->result) : "an answer that is not understood");
	if (n->result == RES_MODE_AUDIT)
		return DONE_WOULD_HAVE;
	failure_note(FAIL_ACTION_REFUSED);
	return DONE_FAILED;
}

static void
remember(struct acts *a, const struct act *act)
{
	if (act->req.pid == 0 && act->req.kind != REQ_TERMINATE)
		return; /* the session lives on */
	a->recent[a->next_recent++ % RECENT] =
	    (struct recent){.ses = act->req.ses, .pid = act->req.pid, .when = mtime_now()};
}

static bool
was_ours(const struct acts *a, const struct act *act)
{
	const struct mtime now = mtime_now();

	for (unsigned i = 0; i < RECENT; i++) {
		const struct recent *r = &a->recent[i];

		if (r->when.ns != 0 && mtime_ms_since(now, r->when) < RECENT_MS &&
		    r->ses == act->req.ses && (r->pid == act->req.pid || r->pid == 0))
			return true;
	}
	return false;
}

static void on_result(const struct notice *, int fds[LINK_FDS], void *arg);

/*
 * The process that connected has ended, but whoever it left the connection to, a forked child or one that
 * was passed the descriptor, has not: that is cut, for the whole session.
 */
static bool
cut_too(struct act *act)
{
	struct request *r = &act->req;

	if (r->kind != REQ_KILL || !act->cut)
		return false;
	r->kind = REQ_DESTROY;
	r->pid = 0;
	if (!act->killed)
		act->done = DONE_CUT;
	return link_ask(act->acts->parts.link, r, KILL_WAIT_MS, on_result, act);
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct act *act = arg;
	int none[LINK_FDS] = {-1, -1};

	(void)fd;
	(void)what;
	if (!link_ask(act->acts->parts.link, &act->req, KILL_WAIT_MS, on_result, act))
		on_result(NULL, none, act);
}

/*
 * The record of a connect may be here before the socket shows: the call has not returned, or the process
 * that is to hold it is only being made.  So a connection that is not found is looked for again.
 */
static bool
look_again(struct act *act)
{
	static const int after_ms[] = {50, 500};
	const struct timeval tv = timeval_of_ms(act->tries < 2 ? after_ms[act->tries] : 0);

	if (act->req.kind != REQ_DESTROY || act->req.inode != 0 || act->killed || act->tries >= 2)
		return false;
	act->tries++;
	return event_base_once(act->acts->parts.base, -1, EV_TIMEOUT, on_again, act, &tv) == 0;
}

/* What was to be killed may have ended because its connection was cut. */
static enum done
success(const struct act *act, const struct notice *n)
{
	bool cut = act->req.kind == REQ_KILL && n != NULL && (n->flags & KILLF_CUT) != 0;

	return cut ? DONE_CUT : act->done;
}

/* A connection that is not there went with the process.  Any other is left, and that is told. */
static enum done
done_of_killed(const struct act *act, const struct notice *n, char why[WHY_MAX])
{
	char left[WHY_MAX] = "";

	if (act->req.kind == REQ_DESTROY && (n == NULL || n->result != RES_NOT_FOUND))
		(void)done_of(n, act->done, left);
	snprintf(why, WHY_MAX, "%s%s", left[0] != '\0' ? "its connection may live: " : "", left);
	return act->done;
}

static void
let_out(struct act *act, enum done done, const char *why)
{
	act->acts->stats.waiting--;
	tell(act->acts, kept_ruling(act->kept), done, act->level, why[0] != '\0' ? why : NULL);
	kept_free(&act->kept);
	free(act);
}

/* Nothing was there any more to be stopped: a gate had stopped it, and says so now. */
static bool
was_gated(const struct acts *a, const struct ruling *r, struct gate_act *out)
{
	return a->parts.gated != NULL && a->parts.gated(r->finding, out, a->parts.arg);
}

static void
finish(struct act *act, const struct notice *n)
{
	const struct ruling *r = kept_ruling(act->kept);
	char why[WHY_MAX];
	enum done done = act->killed ? done_of_killed(act, n, why) : done_of(n, success(act, n), why);
	struct gate_act gate;

	if (done == DONE_FAILED && plan_only_refuses(r->decision.action) && was_gated(act->acts, r, &gate)) {
		done = gate.done;
		act->level = gate.level;
		why[0] = '\0';
	}
	let_out(act, done, why);
}

static void
on_result(const struct notice *n, int fds[LINK_FDS], void *arg)
{
	static const struct notice ours = {.result = RES_OK};
	struct act *act = arg;
	const bool ok = n != NULL && n->result == RES_OK, gone = n != NULL && n->result == RES_GONE;
	const bool shut = ok && act->req.inode != 0; /* the kill saw to it */

	(void)fds;
	if (ok && !act->killed)
		remember(act->acts, act);
	if (gone && was_ours(act->acts, act))
		n = &ours;
	if (n != NULL && n->result == RES_OK && act->req.kind == REQ_KILL) {
		act->done = success(act, n);
		act->killed = true;
	}
	if ((ok || gone) && !shut && cut_too(act))
		return;
	if (n != NULL && n->result == RES_NOT_FOUND && look_again(act))
		return;
	finish(act, n);
}

/* --- the end of a session, and what it spares --- */

static int64_t
patience(const struct request *r)
{
	return r->kind == REQ_TERMINATE ? END_WAIT_MS : KILL_WAIT_MS;
}

static bool
send_act(struct act *act)
{
	return link_ask(act->acts->parts.link, &act->req, patience(&act->req), on_result, act);
}

/* Without all that the policy spares being known to the monitor, the end would take it: it does not begin. */
static void
on_spares(enum result result, void *arg)
{
	struct act *act = arg;
	char why[WHY_MAX];

	if (result == RES_OK && send_act(act))
		return;
	failure_note(FAIL_ACTION_REFUSED);
	snprintf(why, sizeof(why), "what the policy spares could not be: %s", result == RES_OK ||
	    result == RES_COUNT ? "the monitor did not answer" : result_text(result));
	let_out(act, DONE_FAILED, why);
}

static bool
begin(struct act *act)
{
	const struct acts_parts *parts = &act->acts->parts;

	if (act->req.kind != REQ_TERMINATE || (act->req.flags & REQF_ALL) != 0)
		return send_act(act);
	return spares_tell(parts->link, act->req.ses, parts->spared, parts->arg, on_spares, act);
}

/* NULL: asked; else why not. */
static const char *
ask(struct acts *a, const struct ruling *r, const struct plan *p, enum level level)
{
	struct act *act;

	if (a->stats.waiting >= ST_ACTIONS_WAITING) {
		failure_note(FAIL_ACTION_CAP);
		return "too many actions at once";
	}
	if ((act = calloc(1, sizeof(*act))) == NULL)
		return "out of memory";
	*act = (struct act){.acts = a, .kept = kept_new(r), .done = p->done, .level = level,
	    .req = request_of(r, p), .cut = p->cut};
	a->stats.asked++;
	a->stats.waiting++;
	if (act->kept != NULL && begin(act))
		return NULL;
	a->stats.asked--;
	a->stats.waiting--;
	kept_free(&act->kept);
	free(act);
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

	if (r->decision.never_stop)
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
say_whose(const struct ruling *r, const struct gate_act *act, char why[WHY_MAX])
{
	if (act->before)
		snprintf(why, WHY_MAX, act->done == DONE_CUT ? "it was there before the rule: only the connection ends" :
			"it was there before the rule, and could not be ended");
	else if (act->ses == SES_UNSET)
		snprintf(why, WHY_MAX, "a task that no grant covers: ungranted deny");
	else if (act->ses != r->finding->session->ses)
		snprintf(why, WHY_MAX, "session %u%s, which counts for this login user's other tasks, too", act->ses,
		    act->isolated ? " is isolated" : "'s grant");
	else if (act->isolated)
		snprintf(why, WHY_MAX, "the session is isolated");
	else if (!r->stop)
		snprintf(why, WHY_MAX, "by the grant that the session had then");
}

static void
tell_gated(struct acts *a, const struct ruling *r, const struct gate_act *act)
{
	char why[WHY_MAX] = "";

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
		tell(a, r, DONE_REFUSED, LEVEL_OBSERVE, "the kernel refused it, and not sshtether's gate: nothing connected");
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

/* --- by hand --- */

static void
on_heard(const struct notice *n, int fds[LINK_FDS], void *arg)
{
	struct by_hand *h = arg;

	(void)fds;
	h->fn(n != NULL && n->result < RES_COUNT ? (enum result)n->result : RES_COUNT, h->arg);
	free(h);
}

/* All of it is spared: is there anything to end? */
static void
on_prepared(enum result result, void *arg)
{
	struct by_hand *h = arg;
	struct request question = {.kind = REQ_ALIVE, .ses = h->ses};

	if (result == RES_OK && link_ask(h->link, &question, KILL_WAIT_MS, on_heard, h))
		return;
	h->fn(result == RES_OK ? RES_COUNT : result, h->arg);
	free(h);
}

bool
acts_prepare_end(struct acts *a, uint32_t ses, acts_prepared_fn *fn, void *arg)
{
	struct by_hand *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return false;
	*h = (struct by_hand){.link = a->parts.link, .ses = ses, .fn = fn, .arg = arg};
	if (spares_tell(a->parts.link, ses, a->parts.spared, a->parts.arg, on_prepared, h))
		return true;
	free(h);
	return false;
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
