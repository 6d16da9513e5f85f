/*
 * set_join: see set_join.h.  One family after the other, as ranges of 16 bytes: two sorted lists are joined or
 * taken from each other in one pass, so that a large table inside another costs little more than its size.
 */
#include "policy/set_join.h"

#include <stdlib.h>

/* Of one family, in memory of their own.  Sorted, disjoint and apart once they are tidied. */
struct ranges {
	struct range6 *list; /* owned */
	size_t n;
};

/* --- to and fro ------------------------------------------------------------------------------- */

static size_t
count(const struct addr_set *s, bool v4)
{
	return v4 ? s->n4 : s->n6;
}

static void
put4(uint8_t out[16], uint32_t v)
{
	memset(out, 0, 16);
	for (unsigned i = 0; i < 4; i++)
		out[12 + i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t
get4(const uint8_t b[16])
{
	return (uint32_t)b[12] << 24 | (uint32_t)b[13] << 16 | (uint32_t)b[14] << 8 | b[15];
}

static void
append(struct ranges *r, const struct addr_set *s, bool v4)
{
	if (!v4 && s->n6 != 0)
		memcpy(r->list + r->n, s->v6, s->n6 * sizeof(*s->v6));
	for (size_t i = 0; v4 && i < s->n4; i++) {
		put4(r->list[r->n + i].lo, s->v4[i].lo);
		put4(r->list[r->n + i].hi, s->v4[i].hi);
	}
	r->n += count(s, v4);
}

static bool
store(struct addr_set *out, struct arena *a, const struct ranges *r, bool v4)
{
	if (v4) {
		out->v4 = arena_array(a, r->n, sizeof(*out->v4));
		out->n4 = (uint32_t)r->n;
		for (size_t i = 0; out->v4 != NULL && i < r->n; i++)
			out->v4[i] = (struct range4){get4(r->list[i].lo), get4(r->list[i].hi)};
		return out->v4 != NULL;
	}
	out->v6 = arena_array(a, r->n, sizeof(*out->v6));
	out->n6 = (uint32_t)r->n;
	if (out->v6 != NULL && r->n != 0)
		memcpy(out->v6, r->list, r->n * sizeof(*out->v6));
	return out->v6 != NULL;
}

/* --- lists ------------------------------------------------------------------------------------ */

static int
by_start(const void *va, const void *vb)
{
	return memcmp(((const struct range6 *)va)->lo, ((const struct range6 *)vb)->lo, 16);
}

/* The address behind or before it; false: there is none. */
static bool
neighbour(const uint8_t of[16], bool behind, uint8_t out[16])
{
	memcpy(out, of, 16);
	for (unsigned i = 16; i-- > 0;) {
		out[i] = (uint8_t)(behind ? out[i] + 1 : out[i] - 1);
		if (out[i] != (behind ? 0 : 0xff))
			return true;
	}
	return false;
}

static bool
touches(const struct range6 *before, const struct range6 *next)
{
	uint8_t behind[16];

	return !neighbour(before->hi, true, behind) || memcmp(next->lo, behind, 16) <= 0;
}

static void
tidy(struct ranges *r)
{
	size_t n = 0;
	bool sorted = true;

	for (size_t i = 1; i < r->n && sorted; i++)
		sorted = by_start(&r->list[i - 1], &r->list[i]) <= 0;
	if (!sorted)
		qsort(r->list, r->n, sizeof(*r->list), by_start);
	for (size_t i = 0; i < r->n; i++) {
		struct range6 *last = n != 0 ? &r->list[n - 1] : NULL;

		if (last == NULL || !touches(last, &r->list[i]))
			r->list[n++] = r->list[i];
		else if (memcmp(last->hi, r->list[i].hi, 16) < 0)
			memcpy(last->hi, r->list[i].hi, 16);
	}
	r->n = n;
}

/* The sets' ranges, with room for more of them. */
static bool
collect(struct ranges *r, struct addr_sets sets, bool v4, size_t more)
{
	size_t n = more;

	for (size_t i = 0; i < sets.n; i++)
		n += count(sets.list[i], v4);
	*r = (struct ranges){.list = calloc(n + 1, sizeof(*r->list))};
	if (r->list == NULL)
		return false;
	for (size_t i = 0; i < sets.n; i++)
		append(r, sets.list[i], v4);
	tidy(r);
	return true;
}

/* What is left of one range when a list is taken out of it, from its k-th on, which does not end before it. */
static void
cut(const struct range6 *whole, const struct ranges *less, size_t k, struct ranges *out)
{
	struct range6 left = *whole;

	for (; k < less->n && memcmp(less->list[k].lo, left.hi, 16) <= 0; k++) {
		const struct range6 *hole = &less->list[k];

		if (memcmp(left.lo, hole->lo, 16) < 0) {
			struct range6 head = left;

			(void)neighbour(hole->lo, false, head.hi);
			out->list[out->n++] = head;
		}
		if (memcmp(hole->hi, left.hi, 16) >= 0)
			return;
		(void)neighbour(hole->hi, true, left.lo);
	}
	out->list[out->n++] = left;
}

/* r without less; both are tidy. */
static bool
take_out(struct ranges *r, const struct ranges *less)
{
	struct ranges left;
	size_t k = 0;

	if (r->n == 0 || less->n == 0)
		return true;
	left = (struct ranges){.list = calloc(r->n + less->n, sizeof(*left.list))};
	if (left.list == NULL)
		return false;
	for (size_t i = 0; i < r->n; i++) {
		while (k < less->n && memcmp(less->list[k].hi, r->list[i].lo, 16) < 0)
			k++;
		cut(&r->list[i], less, k, &left);
	}
	free(r->list);
	*r = left;
	return true;
}

/* --- all together ----------------------------------------------------------------------------- */

static bool
join(struct addr_set *out, struct arena *a, const struct addr_set *own, const struct addr_set *covered,
    struct addr_sets with, struct addr_sets without, bool v4)
{
	struct ranges all = {0}, cover = {0}, less = {0};
	struct ranges both = {0};
	bool ok = collect(&all, with, v4, 0) &&
	    collect(&cover, (struct addr_sets){.list = &covered, .n = 1}, v4, 0) &&
	    collect(&less, without, v4, 0) && take_out(&all, &cover) &&
	    collect(&both, (struct addr_sets){.list = &own, .n = 1}, v4, all.n);

	if (ok) {
		if (all.n != 0)
			memcpy(both.list + both.n, all.list, all.n * sizeof(*all.list));
		both.n += all.n;
		tidy(&both);
		ok = take_out(&both, &less) && store(out, a, &both, v4);
	}
	free(all.list);
	free(cover.list);
	free(less.list);
	free(both.list);
	return ok;
}

bool
addr_set_join(struct addr_set *out, struct arena *a, const struct addr_set *own, const struct addr_set *covered,
    struct addr_sets with, struct addr_sets without)
{
	struct addr_set joined = {0};

	if (!join(&joined, a, own, covered, with, without, true) ||
	    !join(&joined, a, own, covered, with, without, false) || !addr_set_index(&joined, a))
		return false;
	*out = joined;
	return true;
}
