/*
 * unusual-duration: a session that lasts far longer than any the user ever had.  By steps, each half as much again
 * (usual_step()): FAR steps, about five times, above what he reached on DAYS days, above anything he had, and no less
 * than LEAST_S.  Told while it is open, as soon as it is true, and at its end at the latest.
 *
 * Confidence: low, who has to wait for a long copy is no thief; medium from VERY_FAR steps, about forty times, on.
 * Pure.
 */
#include <stdio.h>
#include <stdlib.h>

#include "agentd/detect/detector.h"
#include "agentd/detect/ripe.h"
#include "agentd/host/table.h"

#define DAYS     2
#define FAR      4
#define VERY_FAR 9
#define LEAST_S  (4 * 3600)

/* A session that is open. */
struct watched {
	struct ripe ripe;
	struct table_link by_ses;
	uint32_t ses;
	struct rtime opened;
};

struct durations {
	struct ripe_queue queue;
	struct table sessions;
};

/* --- what is too long ----------------------------------------------------------------------------------- */

struct bound {
	unsigned usual, active; /* step that the user reaches; his days */
	uint64_t seconds;
};

/* False: there is none. */
static bool
bound_of(const struct detect *d, const struct session *s, struct rtime now, struct bound *b)
{
	struct usual u;
	int64_t often, once;

	if (!detect_usual(d, s, USUAL_DURATION, "0", now, &u))
		return false;
	often = baseline_high(detect_baseline(d), USUAL_DURATION, s->user, now, DAYS);
	once = baseline_high(detect_baseline(d), USUAL_DURATION, s->user, now, 1);
	if (often < 0)
		return false;
	b->usual = (unsigned)often;
	b->active = u.active;
	b->seconds = usual_step_from((unsigned)(once >= often + FAR ? once + 1 : often + FAR));
	if (b->seconds < LEAST_S)
		b->seconds = LEAST_S;
	return true;
}

static void
span_str(uint64_t s, char out[32])
{
	if (s < 2 * 3600)
		(void)snprintf(out, 32, "%llu minutes", (unsigned long long)(s / 60));
	else
		(void)snprintf(out, 32, "%llu hours", (unsigned long long)(s / 3600));
}

static void
tell(struct detect *d, const struct session *s, const struct bound *b, uint64_t seconds, struct rtime now)
{
	char lasted[32], usual[32], net[USUAL_NET_STRLEN];
	struct finding f;

	finding_of_session(d, s, ACT_UNUSUAL_DURATION, now, &f);
	f.confidence = usual_step(seconds) >= b->usual + VERY_FAR ? CONFIDENCE_MEDIUM : CONFIDENCE_LOW;
	span_str(seconds, lasted);
	span_str(usual_step_from(b->usual + 1), usual);
	finding_daily(d, &f, usual_net(s->peer.addr, net));
	finding_reason(&f, "is unusual: it %s %s%s; %s's last less than %s, on all but one of %u active days at least",
	    s->state == SESSION_OPEN ? "lasts" : "lasted", lasted, s->state == SESSION_OPEN ? " so far" : "", s->user,
	    usual, b->active);
	finding_send(d, &f);
}

/* True: it was told. */
static bool
judge(struct detect *d, const struct session *s, struct rtime opened, struct rtime now)
{
	const int64_t ms = rtime_since(now, opened);
	struct bound b;

	if (ms < 0 || !bound_of(d, s, now, &b) || (uint64_t)ms / 1000 < b.seconds)
		return false;
	tell(d, s, &b, (uint64_t)ms / 1000, now);
	return true;
}

/* --- those that are open --------------------------------------------------------------------------------- */

static struct watched *
find(const struct durations *all, uint32_t ses)
{
	struct table_link *l = table_first(&all->sessions, hash_u64(ses));

	for (; l != NULL; l = table_next(l)) {
		struct watched *w = TABLE_ENTRY(l, struct watched, by_ses);

		if (w->ses == ses)
			return w;
	}
	return NULL;
}

static void
drop(struct durations *all, struct watched *w)
{
	if (w == NULL)
		return;
	ripe_clear(&all->queue, &w->ripe);
	table_del(&all->sessions, &w->by_ses);
	free(w);
}

/* When it may be too long; what is usual may be something else by then. */
static void
look_later(struct detect *d, struct durations *all, struct watched *w, const struct session *s, struct rtime now)
{
	struct bound b = {.seconds = 0};
	int64_t due;

	(void)bound_of(d, s, now, &b);
	due = w->opened.ms + (int64_t)b.seconds * 1000;
	if (due < now.ms + LEAST_S * 1000LL)
		due = now.ms + LEAST_S * 1000LL;
	ripe_set(&all->queue, &w->ripe, (struct rtime){.ms = due});
}

static void
duration_opened(struct detect *d, void *state, const struct session *s, struct rtime now)
{
	struct durations *all = state;
	struct watched *w;

	drop(all, find(all, s->ses)); /* of another boot */
	if (!detect_judges(d, s) || all->sessions.n >= ST_SESSIONS || (w = calloc(1, sizeof(*w))) == NULL)
		return;
	w->ses = s->ses;
	w->opened = now;
	table_add(&all->sessions, &w->by_ses, hash_u64(s->ses));
	look_later(d, all, w, s, now);
}

static void
duration_closed(struct detect *d, void *state, const struct session *s, struct rtime now)
{
	struct durations *all = state;
	struct watched *w = find(all, s->ses);

	if (w == NULL)
		return;
	(void)judge(d, s, w->opened, now);
	drop(all, w);
}

static void
duration_ripen(struct detect *d, void *state, struct rtime now, bool all_of_it)
{
	struct durations *all = state;
	struct ripe *r;

	(void)all_of_it; /* a session is not longer for the end of the input */
	while ((r = ripe_next(&all->queue, now, false)) != NULL) {
		struct watched *w = TABLE_ENTRY(r, struct watched, ripe);
		const struct session *s = host_session(detect_host(d), w->ses);

		if (s == NULL || s->state != SESSION_OPEN || judge(d, s, w->opened, now))
			drop(all, w);
		else
			look_later(d, all, w, s, now);
	}
}

/* --- life ------------------------------------------------------------------------------------------------- */

static void
duration_free(void *state)
{
	struct durations *all = state;
	struct ripe *r;

	while ((r = ripe_next(&all->queue, RTIME_NONE, true)) != NULL)
		drop(all, TABLE_ENTRY(r, struct watched, ripe));
	table_done(&all->sessions);
	free(all);
}

static void *
duration_new(void)
{
	struct durations *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	ripe_init(&all->queue);
	if (table_init(&all->sessions))
		return all;
	free(all);
	return NULL;
}

const struct detector detector_unusual_duration = {
	.name = "unusual-duration",
	.state_new = duration_new,
	.state_free = duration_free,
	.opened = duration_opened,
	.closed = duration_closed,
	.ripen = duration_ripen,
};
