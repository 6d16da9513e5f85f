/*
 * overlay: see overlay.h.  One pass over the borders in order: n log n, whatever lies over what.  Which
 * tests hold is a hash of 128 bits, to which each test adds its own: equal vectors are equal hashes,
 * and two others meet with a chance that a policy of any size leaves at nothing.
 */
#include "policy/overlay.h"

#include <stdlib.h>

#include "base/array.h"

static struct edge *
new_edge(struct overlay *o)
{
	struct edge *room;

	if (o->n == o->max)
		o->too_many = true;
	if (o->too_many || o->failed)
		return NULL;
	if ((room = array_grow(o->edges, o->n, &o->room, sizeof(*room), o->max)) == NULL) {
		o->failed = true;
		return NULL;
	}
	o->edges = room;
	return &o->edges[o->n++];
}

/* False: it was the last one. */
static bool
next_place(uint8_t *at, unsigned width)
{
	for (unsigned i = width; i-- > 0;)
		if (++at[i] != 0)
			return true;
	return false;
}

void
overlay_add(struct overlay *o, uint32_t test, const uint8_t *lo, const uint8_t *hi)
{
	struct edge e = {.test = test};
	struct edge *room = new_edge(o);

	if (room == NULL)
		return;
	memcpy(e.at, lo, o->width);
	*room = e;
	memcpy(e.at, hi, o->width);
	e.ends = true;
	if (next_place(e.at, o->width) && (room = new_edge(o)) != NULL)
		*room = e;
}

/* splitmix64: a permutation, so that no two tests have the same. */
static uint64_t
mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static int
by_place(const void *a, const void *b)
{
	return memcmp(((const struct edge *)a)->at, ((const struct edge *)b)->at, PLACE);
}

static unsigned
class_of(struct classes *c, const uint64_t vector[2])
{
	unsigned i = 0;

	while (i < c->n && memcmp(c->vector[i], vector, sizeof(c->vector[i])) != 0)
		i++;
	if (i < c->n)
		return i;
	if (c->n == c->max) {
		c->blur |= 1ull << (c->max - 1);
		return c->max - 1;
	}
	memcpy(c->vector[c->n], vector, sizeof(c->vector[c->n]));
	for (size_t t = 0; t < c->ntests; t++)
		if (c->open[t] != 0)
			c->holds[t] |= 1ull << c->n;
	return c->n++;
}

static void
pass_edge(struct classes *c, uint64_t vector[2], const struct edge *e)
{
	bool changed = e->ends ? --c->open[e->test] == 0 : c->open[e->test]++ == 0;

	if (!changed)
		return;
	vector[0] ^= mix(e->test);
	vector[1] ^= mix(~(uint64_t)e->test);
}

bool
overlay_classify(struct overlay *o, struct classes *c)
{
	uint64_t vector[2] = {0};
	size_t n = 1;

	o->stretches = calloc(o->n + 1, sizeof(*o->stretches));
	if (o->stretches == NULL || o->failed)
		return false;
	if (o->too_many) {
		o->n = 0;
		c->blur |= 1; /* nothing is told apart: all is class 0 */
	}
	memset(c->open, 0, c->ntests * sizeof(*c->open));
	if (c->n == 0)
		c->n = 1; /* nothing holds: all is zero */
	if (o->n > 1)
		qsort(o->edges, o->n, sizeof(*o->edges), by_place);
	for (size_t i = 0; i < o->n;) {
		const uint8_t *at = o->edges[i].at;
		struct stretch *s = &o->stretches[n - 1];
		uint8_t class;

		while (i < o->n && memcmp(o->edges[i].at, at, PLACE) == 0)
			pass_edge(c, vector, &o->edges[i++]);
		class = (uint8_t)class_of(c, vector);
		if (memcmp(s->from, at, PLACE) != 0) {
			if (s->class == class)
				continue;
			s = &o->stretches[n++];
			memcpy(s->from, at, PLACE);
		}
		s->class = class;
	}
	o->nstretches = n;
	return true;
}

void
overlay_free(struct overlay *o)
{
	free(o->edges);
	free(o->stretches);
	*o = (struct overlay){0};
}
