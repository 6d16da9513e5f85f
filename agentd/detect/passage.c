/*
 * passage: see passage.h.
 *
 * What a session hands on comes out as it went in, but for what SSH puts around it: a relay's channel data has a
 * header of 9 bytes, a length, padding and a MAC, 40 bytes or so in packets of up to 32 KB; a client that types
 * into another has the same around both.  So each way is held against its own, and a download that goes nowhere,
 * or a file that the host itself has, is alike in neither.
 */
#include "agentd/detect/passage.h"

#include <stdlib.h>

#define SETTLE_MS 30000        /* what was fetched last is still on its way to a slow client */
#define YOUNG     (64u << 10)  /* a leg with no more than that has just begun */

void
passage_init(struct passage *p)
{
	*p = (struct passage){.in_at = RTIME_NONE, .awaited = RTIME_NONE};
	SLIST_INIT(&p->legs);
}

static void
drop_leg(struct passage *p, struct leg *l)
{
	SLIST_REMOVE(&p->legs, l, leg, link);
	p->nlegs--;
	free(l);
}

void
passage_done(struct passage *p)
{
	struct leg *l;

	while ((l = SLIST_FIRST(&p->legs)) != NULL)
		drop_leg(p, l);
}

static void
add(struct carried *to, struct carried c)
{
	to->sent += c.sent;
	to->received += c.received;
}

/* By all legs of the window. */
static struct carried
out_of(const struct passage *p)
{
	const struct leg *l;
	struct carried sum = p->done;

	SLIST_FOREACH(l, &p->legs, link)
		add(&sum, l->now);
	return sum;
}

uint64_t
passage_in(const struct passage *p)
{
	return p->in.sent + p->in.received;
}

uint64_t
passage_out(const struct passage *p)
{
	const struct carried out = out_of(p);

	return p->ever + out.sent + out.received;
}

/* --- the window --------------------------------------------------------------------------------------- */

static bool
is_over(const struct passage *p, struct rtime now)
{
	return p->open && p->until.ms != RTIME_NONE.ms && rtime_since(now, p->until) > SETTLE_MS;
}

static void
close_window(struct passage *p)
{
	p->ever += p->done.sent + p->done.received;
	p->done = (struct carried){0};
	p->open = false;
}

/* What came in while a leg was at work that is heard of late counts, too. */
static void
open_window(struct passage *p, const struct volume *v)
{
	const bool young = !v->last && v->sent + v->received <= YOUNG;

	p->open = true;
	p->since = v->time;
	p->awaited = RTIME_NONE;
	p->base = young ? p->in : p->before;
	p->most = 0;
}

static struct leg *
leg_of(struct passage *p, const struct volume *v)
{
	struct leg *l;

	SLIST_FOREACH(l, &p->legs, link) {
		if (endpoint_eq(l->local, v->local) && endpoint_eq(l->peer, v->peer))
			return l;
	}
	if (p->nlegs >= ST_VOLUMES_SES || (l = calloc(1, sizeof(*l))) == NULL)
		return NULL;
	if (is_over(p, v->time))
		close_window(p);
	if (!p->open)
		open_window(p, v);
	l->local = v->local;
	l->peer = v->peer;
	SLIST_INSERT_HEAD(&p->legs, l, link);
	p->nlegs++;
	p->until = RTIME_NONE;
	return l;
}

/* False: there was no room for it. */
static bool
take_leg(struct passage *p, const struct volume *v)
{
	struct leg *l = leg_of(p, v);

	if (l == NULL)
		return false;
	l->now = (struct carried){.sent = v->sent, .received = v->received};
	if (p->most <= v->sent + v->received) {
		p->most = v->sent + v->received;
		p->busiest = v->peer;
	}
	if (!v->last)
		return true;
	add(&p->done, l->now);
	drop_leg(p, l);
	if (p->nlegs == 0)
		p->until = v->time;
	return true;
}

/* What the session carried before it ever went on. */
static void
begin(struct passage *p, const struct session *s, struct rtime when)
{
	if (p->in_at.ms != RTIME_NONE.ms || rtime_since(s->carried.at, when) > 0)
		return;
	p->in = (struct carried){.sent = s->carried.sent, .received = s->carried.received};
	p->in_at = s->carried.at;
}

void
passage_began(struct passage *p, const struct session *s, struct rtime when)
{
	const bool is_measured = p->open && !is_over(p, when);

	begin(p, s, when);
	if (!is_measured && (p->awaited.ms == RTIME_NONE.ms || rtime_since(when, p->awaited) > SETTLE_MS))
		p->awaited = when;
}

/* With legs at work it waits for their word, which follows. */
static bool
take_own(struct passage *p, const struct volume *v)
{
	if (p->awaited.ms == RTIME_NONE.ms || rtime_since(p->in_at, p->awaited) <= 0 ||
	    rtime_since(v->time, p->awaited) > SETTLE_MS)
		p->before = p->in;
	p->in_at = v->time;
	p->over = p->over || v->last;
	p->in = (struct carried){.sent = v->sent, .received = v->received};
	if (is_over(p, v->time))
		close_window(p);
	return p->open && p->nlegs == 0;
}

/* --- how alike ----------------------------------------------------------------------------------------- */

static uint64_t
min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t
max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static struct passed
measure(struct passage *p, struct rtime now)
{
	const struct carried out = out_of(p);
	const uint64_t up = p->in.received - min(p->base.received, p->in.received);
	const uint64_t down = p->in.sent - min(p->base.sent, p->in.sent);
	const uint64_t larger = max(up, out.sent) + max(down, out.received);
	const uint64_t smaller = min(up, out.sent) + min(down, out.received);
	const bool moves = larger + smaller != p->told && !(p->over && p->nlegs == 0);

	p->told = larger + smaller;
	return (struct passed){.apart = larger - smaller, .moves = moves, .in = up + down,
	    .out = out.sent + out.received, .to = p->busiest,
	    .alike = larger > 0 ? (unsigned)((double)smaller * 100 / (double)larger) : 0,
	    .ms = rtime_since(p->until.ms != RTIME_NONE.ms ? p->until : now, p->since)};
}

bool
passage_is_own(const struct session *s, const struct volume *v)
{
	return endpoint_eq(v->peer, s->peer) && (s->local.addr.family == 0 || endpoint_eq(v->local, s->local));
}

bool
passage_volume(struct passage *p, const struct session *s, const struct volume *v, struct passed *out)
{
	if (passage_is_own(s, v) ? !take_own(p, v) : !take_leg(p, v))
		return false;
	*out = measure(p, v->time);
	return true;
}
