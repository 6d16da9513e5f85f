/* round: see round.h.  Engine process. */
#include "agentd/engine/round.h"

#include <stdlib.h>

#include <event2/event.h>

#include "agentd/engine/grant_row.h"
#include "base/log.h"

#define WAIT_MS  10000
#define STEP_MS  3   /* of one share; then the loop looks at logins */
#define PAUSE_MS 1
#define WINDOW   128 /* rows on their way */

/* One walk.  Answers that are out hold it, also when another has begun. */
struct walk {
	struct round *round; /* borrowed; NULL: nobody listens any more */
	struct round_by by;
	struct rtime since, now;
	uint32_t *todo; /* owned: the sessions, and SES_UNSET for the fallback grant */
	size_t n, at;
	unsigned waiting;
	bool failed;
};

struct round {
	struct round_parts parts;
	struct event *step;
	struct walk *walk; /* owned; NULL: none */
	struct round_stats stats;
};

/* --- computing ------------------------------------------------------------------------------------- */

static void
compute(const struct round *r, const struct round_by *by, const struct session *s, struct rtime now,
    struct grant *out)
{
	struct question_room room;
	struct pol_grant g;
	struct question q;

	question_login(s, r->parts.options, now, &room, &q);
	pol_grant_of(by->policy, by->space, &q, &g);
	grant_row(&g, s, r->parts.options->boot_id, by->generation, out);
}

static bool
ask_row(struct round *r, uint32_t ses, const struct grant *g, int64_t timeout_ms, link_result_fn *fn, void *arg)
{
	struct request rq = {.kind = REQ_GRANT, .ses = ses, .value = g->generation};

	return link_ask_body(r->parts.link, &rq, g, sizeof(*g), timeout_ms, fn, arg);
}

bool
round_send(struct round *r, const struct session *s, const struct round_by *by, int64_t timeout_ms,
    link_result_fn *fn, void *arg)
{
	struct grant g;

	compute(r, by, s, rtime_now(), &g);
	return ask_row(r, s->ses, &g, timeout_ms, fn, arg);
}

/* --- a walk ------------------------------------------------------------------------------------------ */

static void
walk_release(struct walk *w)
{
	free(w->todo);
	free(w);
}

static void
walk_leave(struct walk *w)
{
	w->round = NULL;
	if (w->waiting == 0)
		walk_release(w);
}

/* What the monitor does not know, or never touches, has no row. */
static bool
is_fine(enum result r)
{
	return r == RES_OK || r == RES_NO_SESSION || r == RES_GONE || r == RES_PROTECTED;
}

static void
arm(struct round *r)
{
	const struct timeval tv = timeval_of_ms(PAUSE_MS);

	event_add(r->step, &tv);
}

static void
finish(struct round *r)
{
	struct walk *w = r->walk;
	const bool ok = !w->failed;

	r->walk = NULL;
	walk_leave(w);
	r->parts.over(ok, r->parts.arg);
}

static void
on_row(const struct notice *n, int fds[LINK_FDS], void *arg)
{
	struct walk *w = arg;
	struct round *r = w->round;
	const enum result result = n != NULL && n->result < RES_COUNT ? (enum result)n->result : RES_COUNT;

	(void)fds;
	w->waiting--;
	if (r == NULL) {
		if (w->waiting == 0)
			walk_release(w);
		return;
	}
	if (result == RES_OK)
		r->stats.installed++;
	if (!is_fine(result)) {
		w->failed = true;
		r->stats.failed++;
	}
	if (w->at < w->n)
		arm(r);
	else if (w->waiting == 0)
		finish(r);
}

static bool
has_changed(const struct round *r, const struct walk *w, const struct session *s, const struct grant *now)
{
	struct grant then;

	if (w->since.ms == 0)
		return true;
	compute(r, &w->by, s, w->since, &then);
	return memcmp(&then, now, sizeof(then)) != 0;
}

static bool
has_row(const struct session *s)
{
	return s != NULL && s->source != SESSION_RECORDS && s->state != SESSION_OVER;
}

static void
send_next(struct round *r, struct walk *w)
{
	const uint32_t ses = w->todo[w->at++];
	const struct session *s = ses != SES_UNSET ? host_session(pipeline_host(r->parts.pipeline), ses) : NULL;
	struct grant g;

	if (ses != SES_UNSET && !has_row(s))
		return;
	compute(r, &w->by, s, w->now, &g);
	if (!has_changed(r, w, s, &g))
		return;
	if (ask_row(r, ses, &g, WAIT_MS, on_row, w))
		w->waiting++;
	else
		w->failed = true;
}

static void
on_step(evutil_socket_t fd, short what, void *arg)
{
	struct round *r = arg;
	struct walk *w = r->walk;
	const struct mtime begun = mtime_now();

	(void)fd;
	(void)what;
	if (w == NULL)
		return;
	while (w->at < w->n && w->waiting < WINDOW && mtime_ms_since(mtime_now(), begun) < STEP_MS)
		send_next(r, w);
	if (w->at < w->n && w->waiting < WINDOW)
		arm(r);
	else if (w->at == w->n && w->waiting == 0)
		finish(r);
}

struct listing {
	uint32_t *ses;
	size_t n, cap;
};

static bool
list_one(struct session *s, void *arg)
{
	struct listing *l = arg;

	if (l->n + 1 < l->cap && has_row(s))
		l->ses[l->n++] = s->ses;
	return true;
}

bool
round_walk(struct round *r, const struct round_by *by, struct rtime since, struct rtime now)
{
	const struct host *h = pipeline_host(r->parts.pipeline);
	struct listing l = {.cap = (size_t)host_stats_get(h)->sessions + 1};
	struct walk *w = calloc(1, sizeof(*w));

	round_stop(r);
	l.ses = calloc(l.cap, sizeof(*l.ses));
	if (w == NULL || l.ses == NULL) {
		free(w);
		free(l.ses);
		return false;
	}
	host_each_session(h, list_one, &l);
	l.ses[l.n++] = SES_UNSET;
	*w = (struct walk){.round = r, .by = *by, .since = since, .now = now, .todo = l.ses, .n = l.n};
	r->walk = w;
	arm(r);
	return true;
}

void
round_stop(struct round *r)
{
	if (r->walk != NULL)
		walk_leave(r->walk);
	r->walk = NULL;
}

bool
round_walking(const struct round *r)
{
	return r->walk != NULL;
}

const struct round_stats *
round_stats(const struct round *r)
{
	return &r->stats;
}

struct round *
round_new(const struct round_parts *parts)
{
	struct round *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->parts = *parts;
	if ((r->step = evtimer_new(parts->base, on_step, r)) == NULL)
		round_free(&r);
	else
		event_priority_set(r->step, 1);
	return r;
}

void
round_free(struct round **rp)
{
	struct round *r = *rp;

	if (r == NULL)
		return;
	*rp = NULL;
	round_stop(r);
	if (r->step != NULL)
		event_free(r->step);
	free(r);
}
