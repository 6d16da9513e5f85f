/*
 * thumb: see thumb.h.  An index looks at 64 bits of where a range ends: the upper half of the address, or, where all
 * of its ranges end in one network /64, the lower.
 */
#include "policy/thumb.h"

#define CROWD 16 /* ranges of a stretch that are worth an index of their own */

struct thumb {
	uint64_t network;     /* low: the upper half of all that end here */
	uint64_t from;        /* where the first range ends */
	uint32_t first, end;  /* its ranges */
	uint32_t n;           /* stretches */
	uint8_t shift;        /* each of 1 << shift */
	bool low;             /* looks at the lower half */
	bool crowded;         /* deeper is there */
	const uint32_t *at;   /* n + 1: the first range that ends in the stretch or behind it */
	const struct thumb **deeper; /* by stretch; NULL: not crowded */
};

static uint64_t
end_of(const struct thumb *t, const struct range6 *r)
{
	return half_of(t->low ? r->hi + 8 : r->hi);
}

static bool
make_places(struct thumb *t, struct arena *a, const struct range6 *r)
{
	uint32_t *at = arena_array(a, t->n + 1u, sizeof(*at));
	uint32_t next = t->first;

	for (uint32_t i = 0; at != NULL && i < t->n; i++) {
		while (end_of(t, &r[next]) - t->from < (uint64_t)i << t->shift)
			next++;
		t->crowded = t->crowded || (i > 0 && next - at[i - 1] > CROWD);
		at[i] = next;
	}
	if (at == NULL)
		return false;
	at[t->n] = t->end;
	t->crowded = t->crowded || t->end - next > CROWD;
	t->at = at;
	return true;
}

static struct thumb *make(struct arena *, const struct range6 *, uint32_t first, uint32_t end);

static bool
make_deeper(struct thumb *t, struct arena *a, const struct range6 *r)
{
	t->deeper = arena_array(a, t->n, sizeof(const struct thumb *));
	for (uint32_t i = 0; t->deeper != NULL && i < t->n; i++)
		if (t->at[i + 1] - t->at[i] > CROWD && (t->deeper[i] = make(a, r, t->at[i], t->at[i + 1])) == NULL)
			return false;
	return t->deeper != NULL;
}

static struct thumb *
make(struct arena *a, const struct range6 *r, uint32_t first, uint32_t end)
{
	struct thumb *t = arena_get(a, sizeof(*t));
	uint64_t span;

	if (t == NULL)
		return NULL;
	t->first = first;
	t->end = end;
	t->network = half_of(r[first].hi);
	t->low = t->network == half_of(r[end - 1].hi);
	t->from = end_of(t, &r[first]);
	span = end_of(t, &r[end - 1]) - t->from;
	while (span >> t->shift > (end - first) / 4)
		t->shift++;
	t->n = (uint32_t)(span >> t->shift) + 1;
	return make_places(t, a, r) && (!t->crowded || make_deeper(t, a, r)) ? t : NULL;
}

const struct thumb *
thumb_new(struct arena *a, const struct range6 *r, size_t n)
{
	return make(a, r, 0, (uint32_t)n);
}

static void
set(size_t *from, size_t *to, size_t at)
{
	*from = *to = at;
}

void
thumb_find(const struct thumb *t, const uint8_t address[16], size_t *from, size_t *to)
{
	const uint64_t hi = half_of(address), lo = half_of(address + 8);

	for (;;) {
		const uint64_t v = t->low ? lo : hi;
		uint64_t i = (v - t->from) >> t->shift;

		if (t->low && hi != t->network) {
			set(from, to, hi < t->network ? t->first : t->end);
		} else if (v < t->from) {
			set(from, to, t->first);
		} else if (i >= t->n) {
			set(from, to, t->end);
		} else if (t->crowded && t->deeper[i] != NULL) {
			t = t->deeper[i];
			continue;
		} else {
			*from = t->at[i];
			*to = t->at[i + 1];
		}
		return;
	}
}
