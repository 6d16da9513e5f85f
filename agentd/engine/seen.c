/* seen: see seen.h. */
#include "agentd/engine/seen.h"

#include <stdlib.h>

#include <sshtether/limits.h>

#include "agentd/engine/failures.h"

#define KEEP_MS 30000 /* a finding may ripen for some seconds */

struct seen *
seen_find(const struct seen_table *t, const struct where *w)
{
	const uint64_t key = where_key(w);

	for (struct table_link *l = table_first(&t->keys, key); l != NULL; l = table_next(l)) {
		struct seen *s = TABLE_ENTRY(l, struct seen, by_key);

		if (s->key == key)
			return s;
	}
	return NULL;
}

void
seen_stop_waiting(struct seen_table *t, struct seen *s, unsigned what)
{
	if (s->waits_for == 0)
		return;
	s->waits_for &= ~what;
	if (s->waits_for != 0)
		return;
	TAILQ_REMOVE(&t->waits, s, waits);
	s->told_by_gate = false;
	s->count = 0;
}

void
seen_stop_sockets(struct seen_table *t, uint32_t pid, struct rtime when, unsigned what)
{
	struct seen *s, *next;

	TAILQ_FOREACH_SAFE (s, &t->waits, waits, next) {
		if (s->what.kind == GATED_SOCKET && s->what.pid == pid && span_near(s->first, when))
			seen_stop_waiting(t, s, what);
	}
}

void
seen_wait(struct seen_table *t, struct seen *s, const struct gated *w, unsigned what)
{
	if (what == 0)
		return;
	s->count += w->count;
	if (s->waits_for == 0) {
		s->first = w->time;
		s->what = *w;
		TAILQ_INSERT_TAIL(&t->waits, s, waits);
	}
	s->waits_for |= what;
}

static void
drop(struct seen_table *t, struct seen *s)
{
	seen_stop_waiting(t, s, ~0u);
	table_del(&t->keys, &s->by_key);
	TAILQ_REMOVE(&t->order, s, in_order);
	free(s);
}

/* What is pushed out while it may still be asked for is a gap in what is known. */
static void
make_room(struct seen_table *t, struct rtime now)
{
	struct seen *oldest = TAILQ_FIRST(&t->order);

	if (t->keys.n < ST_GATE_SEEN || oldest == NULL)
		return;
	if (rtime_since(now, oldest->touched) < KEEP_MS || oldest->waits_for != 0) {
		failure_note(FAIL_GATE_CAP);
		t->dropped++;
		t->gap = now;
	}
	drop(t, oldest);
}

struct seen *
seen_touch(struct seen_table *t, const struct where *w, struct rtime now)
{
	struct seen *s = seen_find(t, w);

	if (s != NULL) {
		TAILQ_REMOVE(&t->order, s, in_order);
	} else {
		make_room(t, now);
		if ((s = calloc(1, sizeof(*s))) == NULL)
			return NULL;
		s->key = where_key(w);
		table_add(&t->keys, &s->by_key, s->key);
	}
	TAILQ_INSERT_TAIL(&t->order, s, in_order);
	if (now.ms > s->touched.ms)
		s->touched = now;
	return s;
}

static void
keep(struct seen_table *t, struct seen *s, struct rtime now)
{
	TAILQ_REMOVE(&t->order, s, in_order);
	TAILQ_INSERT_TAIL(&t->order, s, in_order);
	s->touched = now;
}

void
seen_expire(struct seen_table *t, struct rtime now)
{
	struct seen *s;

	while ((s = TAILQ_FIRST(&t->order)) != NULL && rtime_since(now, s->touched) >= KEEP_MS) {
		if (s->waits_for == 0)
			drop(t, s);
		else
			keep(t, s, now);
	}
}

bool
seen_init(struct seen_table *t)
{
	*t = (struct seen_table){0};
	TAILQ_INIT(&t->order);
	TAILQ_INIT(&t->waits);
	return table_init(&t->keys);
}

void
seen_done(struct seen_table *t)
{
	struct seen *s;

	while ((s = TAILQ_FIRST(&t->order)) != NULL)
		drop(t, s);
	table_done(&t->keys);
}
