/* act: see act.h. */
#include "agentd/engine/act.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "agentd/engine/failures.h"
#include "agentd/engine/keep.h"
#include "base/report_addr.h"

#define KILL_WAIT_MS 2000
#define END_WAIT_MS  15000 /* TERM, then KILL, and a look whether all are gone */

struct act {
	const struct act_ways *ways;
	struct kept *kept; /* owned */
	enum done done;    /* when it works */
	enum level level;
	struct request req; /* as asked for */
	bool cut;           /* once the process is no more, its connection is to end too */
	bool killed;        /* it was, and what the connection comes to does not change that */
	unsigned tries;     /* for a connection that was not there yet */
};

/* --- what is asked, and what an answer makes of it ------------------------------------------------ */

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
done_of(const struct notice *n, enum done success, char why[ACT_WHY_MAX])
{
	why[0] = '\0';
	if (n == NULL) {
		snprintf(why, ACT_WHY_MAX, "the monitor did not answer in time");
		return DONE_FAILED;
	}
	if (n->result == RES_OK)
		return success;
	if (result_is_done(n->result)) {
		snprintf(why, ACT_WHY_MAX, "%s", result_text((enum result)n->result));
		return success;
	}
	if (n->result == RES_DENIED && n->value != 0)
		snprintf(why, ACT_WHY_MAX, "the kernel refused: %s", strerror((int)n->value));
	else
		snprintf(why, ACT_WHY_MAX, "%s", n->result < RES_COUNT ?
		    result_text((enum result)n->result) : "an answer that is not understood");
	if (n->result == RES_MODE_AUDIT)
		return DONE_WOULD_HAVE;
	failure_note(FAIL_ACTION_REFUSED);
	return DONE_FAILED;
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
done_of_killed(const struct act *act, const struct notice *n, char why[ACT_WHY_MAX])
{
	char left[ACT_WHY_MAX] = "";

	if (act->req.kind == REQ_DESTROY && (n == NULL || n->result != RES_NOT_FOUND))
		(void)done_of(n, act->done, left);
	snprintf(why, ACT_WHY_MAX, "%s%s", left[0] != '\0' ? "its connection may live: " : "", left);
	return act->done;
}

static void
note_end(struct act *act)
{
	if ((act->req.pid == 0 && act->req.kind != REQ_TERMINATE) || (act->req.flags & REQF_MADE) != 0)
		return; /* the session lives on, and who is gone by himself was not ended */
	recent_note(act->ways->recents, act->req.ses, act->req.pid, mtime_now());
}

static void
let_out(struct act *act, enum done done, const char *why)
{
	act->ways->over(kept_ruling(act->kept), done, act->level, why[0] != '\0' ? why : NULL, act->ways->arg);
	kept_free(&act->kept);
	free(act);
}

static void
finish(struct act *act, const struct notice *n)
{
	char why[ACT_WHY_MAX];
	enum done done = act->killed ? done_of_killed(act, n, why) : done_of(n, success(act, n), why);

	let_out(act, done, why);
}

/* --- asking, and asking again ----------------------------------------------------------------------- */

static void on_result(const struct notice *, int fds[LINK_FDS], void *arg);

/*
 * The process that connected has ended, but whoever it left the connection to, a forked child or one that
 * was passed the descriptor, has not: that is cut, wherever in the session it is.
 */
static bool
cut_too(struct act *act)
{
	struct request *r = &act->req;

	if (r->kind != REQ_KILL || !act->cut)
		return false;
	r->kind = REQ_DESTROY;
	if (r->inode == 0)
		r->flags |= REQF_MADE;
	else
		r->pid = 0;
	if (!act->killed)
		act->done = DONE_CUT;
	return link_ask(act->ways->link, r, KILL_WAIT_MS, on_result, act);
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct act *act = arg;
	int none[LINK_FDS] = {-1, -1};

	(void)fd;
	(void)what;
	if (!link_ask(act->ways->link, &act->req, KILL_WAIT_MS, on_result, act))
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
	return event_base_once(act->ways->base, -1, EV_TIMEOUT, on_again, act, &tv) == 0;
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
		note_end(act);
	if (gone && recent_has(act->ways->recents, act->req.ses, act->req.pid, mtime_now()))
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
	return link_ask(act->ways->link, &act->req, patience(&act->req), on_result, act);
}

/* Without all that the policy spares being known to the monitor, the end would take it: it does not begin. */
static void
on_spares(enum result result, void *arg)
{
	struct act *act = arg;
	char why[ACT_WHY_MAX];

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
	const struct act_ways *ways = act->ways;

	if (act->req.kind != REQ_TERMINATE || (act->req.flags & REQF_ALL) != 0)
		return send_act(act);
	return spares_tell(ways->link, act->req.ses, ways->spared, ways->arg, on_spares, act);
}

bool
act_begin(const struct act_ways *ways, const struct ruling *r, const struct plan *p, enum level level)
{
	struct act *act = calloc(1, sizeof(*act));

	if (act == NULL)
		return false;
	*act = (struct act){.ways = ways, .kept = kept_new(r), .done = p->done, .level = level,
	    .req = request_of(r, p), .cut = p->cut};
	if (act->kept != NULL && begin(act))
		return true;
	kept_free(&act->kept);
	free(act);
	return false;
}
