/* gates: see gates.h. */
#include "agentd/engine/gates.h"

#include <errno.h>
#include <stdlib.h>

#include "agentd/engine/seen.h"

struct gates {
	struct detect *detect; /* borrowed */
	struct host *host;     /* borrowed */
	struct seen_table seen;
	struct silence silence;
	struct gates_stats stats; /* but for what the two count */
};

/* --- what the gate saw ----------------------------------------------------------------------------------- */

/* NULL: out of memory. */
static struct seen *
note_act(struct gates *g, const struct notice *n, const struct where *where, struct rtime when)
{
	struct seen *s = seen_touch(&g->seen, where, when);
	struct gate_act act;

	if (s != NULL && gate_word_act(n, &act)) {
		span_add(&s->acted, when);
		s->act = act;
	}
	return s;
}

static void
take(struct gates *g, const struct notice *n, const struct where *where, const struct gated *w)
{
	struct seen *s = note_act(g, n, where, w->time);
	unsigned waits_for = 0;

	if (s == NULL)
		return;
	if (!span_near(s->told, w->time) && s->told.ms < w->time.ms)
		waits_for |= WAITS_RECORD;
	if (w->stopped && !span_near(s->named, w->time))
		waits_for |= WAITS_FINDING;
	seen_wait(&g->seen, s, w, waits_for);
}

/* BPF tells a few of one session's in a second one by one, whichever processes and places those are of. */
static void
note_burst(struct gates *g, const struct notice *n, const struct gated *w)
{
	const struct where where = where_of_session(w->ses);
	struct seen *s = note_act(g, n, &where, w->time);

	if (s == NULL)
		return;
	if (rtime_since(w->time, s->burst) >= 1000) {
		s->burst = w->time;
		s->in_burst = 0;
	}
	if (++s->in_burst >= GATE_TELL || n->start_ticks > 0)
		span_add(&s->flooded, w->time);
}

/* Of those that BPF did not tell one by one as many were refused as are of this kind. */
static void
count(struct gates *g, const struct notice *n)
{
	struct session *s = host_session(g->host, n->ses);
	const uint64_t refused = (n->flags & GATEN_REFUSED) != 0 ? 1 + n->start_ticks : 0;

	g->stats.refused += refused;
	g->stats.killed += (n->flags & GATEN_KILLED) != 0;
	if (s != NULL)
		s->refused += refused;
}

/* Audit has told of it long ago, or never will. */
static void
saw_before(struct gates *g, const struct notice *n)
{
	const struct gated w = gate_word_gated(n);
	const struct where where = where_of_gated(&w);

	if (note_act(g, n, &where, w.time) != NULL)
		detect_gated(g->detect, &w);
}

void
gates_saw(struct gates *g, const struct notice *n)
{
	struct gated w;
	struct where where, by_path;

	g->stats.events++;
	count(g, n);
	if (gate_word_event(n) < GATE_TCP || gate_word_event(n) > GATE_EXEC)
		return; /* datagrams of an isolated session: no activity, and audit has no rule for them */
	if ((n->flags & GATEN_BEFORE) != 0) {
		saw_before(g, n);
		return;
	}
	w = gate_word_gated(n);
	where = where_of_gated(&w);
	take(g, n, &where, &w);
	if (w.kind == GATED_TCP && w.stopped)
		note_burst(g, n, &w);
	if (w.kind != GATED_SOCKET)
		return;
	by_path = where_without_inode(where); /* what waits is the one above */
	(void)note_act(g, n, &by_path, w.time);
}

/* --- what audit told ------------------------------------------------------------------------------------- */

void
gates_fact(struct gates *g, const struct fact *f)
{
	struct where where;
	struct seen *s;

	if (f->time.ms > g->silence.newest.ms)
		g->silence.newest = f->time;
	if (!where_of_fact(f, &where) || (s = seen_touch(&g->seen, &where, f->time)) == NULL)
		return;
	if (f->time.ms > s->told.ms)
		s->told = f->time;
	if (span_since(f->time, s->first))
		seen_stop_waiting(&g->seen, s, WAITS_RECORD);
	if (where.kind == GATED_SOCKET && where.inode == 0)
		seen_stop_sockets(&g->seen, f->pid, f->time, WAITS_RECORD);
}

/* --- what was done ------------------------------------------------------------------------------------------ */

/* NULL: nothing was done about it, as far as is known. */
static const struct seen *
seen_of(const struct gates *g, const struct finding *f)
{
	struct where where;
	const struct seen *s;

	if (!where_of_finding(f, &where))
		return NULL;
	s = seen_find(&g->seen, &where);
	if (s != NULL && span_covers(&s->acted, f->time))
		return s;
	if (where.kind != GATED_TCP || f->exit != -EPERM || f->session == NULL)
		return NULL;
	where = where_of_session(f->process != NULL ? f->process->ses : f->session->ses);
	s = seen_find(&g->seen, &where);
	return s != NULL && span_covers(&s->flooded, f->time) ? s : NULL;
}

bool
gates_done(const struct gates *g, const struct finding *f, struct gate_act *out)
{
	const struct seen *s = seen_of(g, f);

	if (s == NULL)
		return false;
	/* It came to be after all, at another time. */
	if (s->act.done == DONE_REFUSED && f->outcome == OUTCOME_SUCCESS)
		return false;
	*out = s->act;
	return true;
}

static void
name(struct gates *g, const struct where *where, struct rtime when)
{
	struct seen *s = seen_find(&g->seen, where);

	if (s == NULL)
		return;
	if (when.ms > s->named.ms)
		s->named = when;
	if (span_since(when, s->first))
		seen_stop_waiting(&g->seen, s, WAITS_FINDING);
}

void
gates_named(struct gates *g, const struct finding *f)
{
	struct where where;

	if (!where_of_finding(f, &where))
		return;
	name(g, &where, f->time);
	if (where.kind == GATED_SOCKET && where.inode == 0)
		seen_stop_sockets(&g->seen, f->pid, f->time, WAITS_FINDING);
}

/* --- life ------------------------------------------------------------------------------------------------ */

void
gates_tick(struct gates *g, struct rtime now, const struct audit_stream *audit)
{
	struct seen *s, *next;

	silence_audit(&g->silence, now, audit, g->seen.gap);
	TAILQ_FOREACH_SAFE (s, &g->seen.waits, waits, next)
		seen_stop_waiting(&g->seen, s, silence_judge(&g->silence, s, now));
	seen_expire(&g->seen, now);
}

struct gates_stats
gates_stats(const struct gates *g)
{
	struct gates_stats all = g->stats;

	all.unseen = g->silence.unseen;
	all.dropped = g->seen.dropped;
	return all;
}

struct gates *
gates_new(struct detect *detect, struct host *host)
{
	struct gates *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	g->detect = detect;
	g->host = host;
	g->silence = (struct silence){.detect = detect, .host = host};
	if (!seen_init(&g->seen))
		gates_free(&g);
	return g;
}

void
gates_free(struct gates **gp)
{
	if (*gp == NULL)
		return;
	seen_done(&(*gp)->seen);
	free(*gp);
	*gp = NULL;
}
