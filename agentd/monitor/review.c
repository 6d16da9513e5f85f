/*
 * review: see review.h.  Runs in the monitor: look() and end_all() beside the loop, which decides between
 * the two what may be ended.
 */
#include "agentd/monitor/review.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/monitor/gate.h"
#include "agentd/monitor/mode.h"
#include "agentd/monitor/registry.h"
#include "agentd/monitor/sockdiag.h"
#include "agentd/monitor/standing.h"
#include "agentd/monitor/table.h"
#include "base/log.h"

#define PACE_MS  1000  /* between two looks */
#define RETRY_MS 10000 /* when something has to wait: for the cap on actions, or for room */

struct review {
	struct monitor *m; /* borrowed */
	struct event *on_time;
	struct mtime last;
	struct log_limit log_limit;
	bool looking;
	bool again; /* something has changed since the look under way began */
	atomic_uint changes; /* calls of review_due(); read beside the loop, too */
};

/* Beside the loop, and back in it. */
struct look {
	struct job job;
	struct review *review; /* the loop's, but for its changes */
	unsigned changes;      /* when it began */
	bool late;             /* something of it has to wait */
	struct standing standing;
};

/* --- beside the loop ------------------------------------------------------------------------------------ */

static void
look(struct job *job)
{
	struct look *l = (struct look *)job;

	standing_look(&l->standing);
}

/* Others may have kept it waiting, and the mode or the policy is another by now. */
static bool
is_of_now(const struct look *l)
{
	return atomic_load(&l->review->changes) == l->changes;
}

static void
end_all(struct job *job)
{
	struct look *l = (struct look *)job;

	for (size_t i = 0; i < l->standing.n; i++) {
		struct standing_denied *d = &l->standing.denied[i];

		d->rc = is_of_now(l) ? diag_destroy(&d->tcp) : -ECANCELED;
	}
}

/* --- in the loop ---------------------------------------------------------------------------------------- */

static void
schedule(struct review *r, int64_t ms)
{
	const struct timeval tv = timeval_of_ms(ms);

	if (!evtimer_pending(r->on_time, NULL))
		(void)evtimer_add(r->on_time, &tv);
}

void
review_due(struct review *r)
{
	int64_t since = mtime_ms_since(mtime_now(), r->last);

	r->again = true;
	(void)atomic_fetch_add(&r->changes, 1);
	if (!r->looking && mode_get(r->m->mode) == MODE_ENFORCE)
		schedule(r, r->last.ns == 0 || since >= PACE_MS ? 0 : PACE_MS - since);
}

/* The mode may be another by now: then it is due when enforce comes back. */
static void
over(struct look *l)
{
	struct review *r = l->review;
	const int64_t wait_ms = l->late ? RETRY_MS : PACE_MS;

	r->again |= l->late || l->standing.more;
	standing_free(&l->standing);
	free(l);
	r->looking = false;
	r->last = mtime_now();
	if (r->again && mode_get(r->m->mode) == MODE_ENFORCE)
		schedule(r, wait_ms);
}

static void
tell(struct monitor *m, const struct standing_denied *d)
{
	const uint32_t flags = GATE_TCP | GRANT_DENY << 8 | GATEN_BEFORE | (d->relay ? GATEN_RELAY : 0);
	const struct notice n = {.kind = NOTE_GATE, .ses = d->ses, .id = d->ses, .auid = d->auid, .pid = d->pid,
	    .uid = d->uid, .flags = flags, .result = d->rc == 0 ? RES_OK : RES_DENIED,
	    .value = (uint64_t)rtime_now().ms, .peer = d->tcp.peer};

	(void)monitor_send(m, &n, NULL, 0);
}

static void
ended(struct job *job)
{
	struct look *l = (struct look *)job;
	unsigned n = 0, left = 0;

	for (size_t i = 0; i < l->standing.n; i++) {
		const struct standing_denied *d = &l->standing.denied[i];

		if (d->rc == -ENOENT || d->rc == -ECANCELED)
			continue; /* by itself, or it is looked at again */
		n += d->rc == 0;
		left += d->rc != 0;
		tell(l->review->m, d);
	}
	if (n > 0)
		log_warn("%u connections from before the rules that are against them: ended", n);
	if (left > 0)
		log_err("%u connections are left that the grants of now would refuse", left);
	over(l);
}

static int
by_ses(const void *a, const void *b)
{
	const struct standing_denied *x = a, *y = b;

	return (x->ses > y->ses) - (x->ses < y->ses);
}

/*
 * Those that may be ended come first; the number of them.  Others are looked at again, or let be.  All of one
 * session's are one action: whoever has a thousand must not use up the cap on actions for everybody.
 */
static size_t
choose(struct look *l)
{
	struct standing *st = &l->standing;
	struct request rq = {.ses = SES_UNSET};
	enum result result = RES_OK;
	size_t n = 0;

	qsort(st->denied, st->n, sizeof(*st->denied), by_ses);
	for (size_t i = 0; i < st->n; i++) {
		if (st->denied[i].ses != rq.ses) {
			rq.ses = st->denied[i].ses;
			result = table_may_act(l->review->m, &rq);
			l->late |= result == RES_RATE;
		}
		if (result == RES_OK)
			st->denied[n++] = st->denied[i];
	}
	return n;
}

static void
looked(struct job *job)
{
	struct look *l = (struct look *)job;
	struct review *r = l->review;
	unsigned held;

	if (l->standing.rc != 0 && log_allow(&r->log_limit, 2, &held))
		log_err("connections from before a rule are not looked at: %s", strerror(-l->standing.rc));
	if (l->standing.unread != SES_UNSET)
		log_err("session %u has more descriptors than can be read: "
			"what it holds from before a rule may be left", l->standing.unread);
	l->late = l->standing.rc != 0;
	l->standing.n = choose(l);
	l->job.run = end_all;
	l->job.done = ended;
	if (l->standing.n != 0 && aside_give(r->m->work[WORK_ACT], &l->job))
		return;
	l->late |= l->standing.n != 0;
	over(l);
}

static bool
take(struct mon_session *s, void *arg)
{
	if (s->row && s->row_denies && !s->over)
		(void)standing_add(arg, s);
	return true;
}

static void
on_time_cb(evutil_socket_t fd, short what, void *arg)
{
	struct review *r = arg;
	struct monitor *m = r->m;
	struct look *l;

	(void)fd;
	(void)what;
	if (r->looking || mode_get(m->mode) != MODE_ENFORCE || (l = calloc(1, sizeof(*l))) == NULL)
		return;
	l->job = (struct job){.run = look, .done = looked};
	l->review = r;
	l->changes = atomic_load(&r->changes);
	standing_begin(&l->standing, m);
	registry_each(m->registry, take, &l->standing);
	r->again = false;
	r->looking = true;
	if (l->standing.nsessions == 0 || !aside_give(m->work[WORK_LOOK], &l->job)) {
		l->late = l->standing.nsessions != 0;
		over(l);
	}
}

/* --- life ----------------------------------------------------------------------------------------------- */

struct review *
review_new(struct monitor *m)
{
	struct review *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->m = m;
	r->on_time = evtimer_new(m->base, on_time_cb, r);
	if (r->on_time == NULL)
		review_free(&r);
	return r;
}

/* A look under way was with WORK_LOOK or WORK_ACT, which have ended. */
void
review_free(struct review **r)
{
	if (*r == NULL)
		return;
	if ((*r)->on_time != NULL)
		event_free((*r)->on_time);
	free(*r);
	*r = NULL;
}
