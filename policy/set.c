/*
 * set: see set.h.  Prefixes either nest or are apart, so one pass over them in order, with the open
 * ones on a stack no deeper than an address has bits, leaves disjoint ranges: n log n, any input.
 */
#include "policy/set.h"

#include <assert.h>
#include <stdlib.h>

#include "base/glob.h"

/* --- addresses -------------------------------------------------------------------------------- */

static void
last_of(struct prefix p, uint8_t out[16])
{
	memcpy(out, p.addr.b, 16);
	for (unsigned i = 0; i < (p.addr.family == 4 ? 4u : 16u); i++) {
		unsigned keep = p.bits >= 8 * (i + 1) ? 8 : p.bits > 8 * i ? p.bits - 8 * i : 0;

		out[i] = (uint8_t)(out[i] | (0xffu >> keep));
	}
}

/* By family, then address, the wider one first, of two alike the negated one last. */
static int
by_prefix(const void *va, const void *vb)
{
	const struct addr_entry *a = va, *b = vb;
	int c = addr_cmp(a->prefix.addr, b->prefix.addr);

	if (c != 0)
		return c;
	if (a->prefix.bits != b->prefix.bits)
		return a->prefix.bits < b->prefix.bits ? -1 : 1;
	return (int)a->negate - (int)b->negate;
}

/* Adds or takes one: addresses as 16 bytes, big end first. */
static void
step(uint8_t b[16], unsigned n, bool up)
{
	for (unsigned i = n; i-- > 0;) {
		b[i] = (uint8_t)(up ? b[i] + 1 : b[i] - 1);
		if (b[i] != (up ? 0 : 0xff))
			return;
	}
}

struct sweep {
	struct addr_set *set;
	struct addr_entry *open[130];
	unsigned depth, width; /* width: bytes of an address */
	uint8_t at[16];        /* up to here all is decided */
	bool past;             /* the last address of the family was decided */
};

static uint32_t
number4(const uint8_t b[16])
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void
emit(struct sweep *s, const uint8_t lo[16], const uint8_t hi[16])
{
	struct addr_set *set = s->set;

	if (s->width == 4) {
		uint32_t from = number4(lo), to = number4(hi);

		/* What touches the range before it makes it longer. */
		if (set->n4 != 0 && from != 0 && set->v4[set->n4 - 1].hi == from - 1)
			set->v4[set->n4 - 1].hi = to;
		else
			set->v4[set->n4++] = (struct range4){from, to};
		return;
	}
	memcpy(set->v6[set->n6].lo, lo, 16);
	memcpy(set->v6[set->n6++].hi, hi, 16);
}

/* What the innermost open prefix says of [at, hi]; afterwards at stands behind hi. */
static void
decide(struct sweep *s, const uint8_t hi[16])
{
	if (s->past || memcmp(s->at, hi, s->width) > 0)
		return;
	if (!s->open[s->depth - 1]->negate)
		emit(s, s->at, hi);
	memcpy(s->at, hi, 16);
	step(s->at, s->width, true);
	s->past = memcmp(s->at, (const uint8_t[16]){0}, s->width) == 0;
}

/* Closes every open prefix that ends before `next` begins; NULL: all. */
static void
close_before(struct sweep *s, const struct addr *next)
{
	uint8_t end[16];

	while (s->depth > 0) {
		last_of(s->open[s->depth - 1]->prefix, end);
		if (next != NULL && memcmp(end, next->b, s->width) >= 0)
			return;
		decide(s, end);
		s->depth--;
	}
}

static void
sweep(struct sweep *s, struct addr_entry *e, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		close_before(s, &e[i].prefix.addr);
		if (s->depth > 0) {
			uint8_t before[16];

			memcpy(before, e[i].prefix.addr.b, 16);
			if (memcmp(s->at, before, s->width) < 0) {
				step(before, s->width, false);
				decide(s, before);
			}
		}
		if (s->depth > 0 && s->open[s->depth - 1]->prefix.bits == e[i].prefix.bits)
			s->depth--; /* the same prefix again: the later one, negated if any is */
		memcpy(s->at, e[i].prefix.addr.b, 16);
		assert(s->depth < sizeof(s->open) / sizeof(s->open[0]));
		s->open[s->depth++] = &e[i];
	}
	close_before(s, NULL);
}

#define MANY 8

/* A stretch for a few ranges.  A search in millions of them is mostly waiting for memory. */
static bool
make_first4(struct addr_set *set, struct arena *a)
{
	const uint32_t from = set->v4[0].lo, span = set->v4[set->n4 - 1].hi - from;
	size_t n, next = 0;
	uint32_t *first;

	while (span >> set->shift4 >= set->n4 / 4)
		set->shift4++;
	n = (size_t)(span >> set->shift4) + 2;
	first = arena_array(a, n, sizeof(*first));
	for (size_t i = 0; first != NULL && i < n; i++) {
		while (next < set->n4 && set->v4[next].hi < from + ((uint64_t)i << set->shift4))
			next++;
		first[i] = (uint32_t)next;
	}
	set->first4 = first;
	return first != NULL;
}

bool
addr_set_index(struct addr_set *set, struct arena *a)
{
	if (set->n4 >= MANY && !make_first4(set, a))
		return false;
	if (set->n6 >= MANY)
		set->thumb6 = thumb_new(a, set->v6, set->n6);
	return set->n6 < MANY || set->thumb6 != NULL;
}

bool
addr_set_build(struct addr_set *set, struct arena *a, struct addr_entry *e, size_t n)
{
	struct addr_set built = {0};
	size_t n4 = 0;

	if (n > 1)
		qsort(e, n, sizeof(*e), by_prefix);
	while (n4 < n && e[n4].prefix.addr.family == 4)
		n4++;
	/* Each prefix opens one range and may split one. */
	if ((n4 > 0 && (built.v4 = arena_array(a, 2 * n4, sizeof(*built.v4))) == NULL) ||
	    (n > n4 && (built.v6 = arena_array(a, 2 * (n - n4), sizeof(*built.v6))) == NULL))
		return false;
	sweep(&(struct sweep){.set = &built, .width = 4}, e, n4);
	sweep(&(struct sweep){.set = &built, .width = 16}, e + n4, n - n4);
	if (!addr_set_index(&built, a))
		return false;
	*set = built;
	return true;
}

static bool
has4(const struct addr_set *s, uint32_t v)
{
	size_t lo = 0, hi = s->n4;

	if (s->first4 != NULL) {
		const size_t at = (v - s->v4[0].lo) >> s->shift4;

		if (v < s->v4[0].lo || v > s->v4[hi - 1].hi)
			return false;
		lo = s->first4[at];
		hi = s->first4[at + 1];
	}
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->v4[mid].hi < v)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->n4 && s->v4[lo].lo <= v;
}

static bool
has6(const struct addr_set *s, const uint8_t b[16])
{
	size_t lo = 0, hi = s->n6;

	if (s->thumb6 != NULL)
		thumb_find(s->thumb6, b, &lo, &hi);
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (memcmp(s->v6[mid].hi, b, 16) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->n6 && memcmp(s->v6[lo].lo, b, 16) <= 0;
}

bool
addr_set_has(const struct addr_set *s, struct addr a)
{
	if (a.family == 4)
		return has4(s, number4(a.b));
	return a.family == 6 && has6(s, a.b);
}

bool
addr_set_covers(const struct addr_set *s, struct prefix p)
{
	uint8_t last[16];

	/* Ranges are disjoint and, for IPv4, never touch: one of them must hold both ends. */
	last_of(p, last);
	if (p.addr.family == 4) {
		for (size_t i = 0; i < s->n4; i++)
			if (s->v4[i].lo <= number4(p.addr.b) && number4(last) <= s->v4[i].hi)
				return true;
		return false;
	}
	for (size_t i = 0; i < s->n6; i++)
		if (memcmp(s->v6[i].lo, p.addr.b, 16) <= 0 && memcmp(last, s->v6[i].hi, 16) <= 0)
			return true;
	return false;
}

/* --- names ------------------------------------------------------------------------------------ */

static uint64_t
stir(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

/*
 * No key: what can be found by a number is what the policy's author wrote, and whoever makes questions can at
 * worst hit what many rules are found by.
 */
uint64_t
name_number(struct bytes name)
{
	uint64_t h = name.n, word = 0;
	uint32_t ends[2];

	for (size_t i = 0; i + sizeof(word) < name.n; i += sizeof(word)) {
		memcpy(&word, name.p + i, sizeof(word));
		h = stir(h, word);
	}
	/* The last bytes of a long one again, or those at both ends of a short one: it is said how many there are. */
	if (name.n >= sizeof(word)) {
		memcpy(&word, name.p + name.n - sizeof(word), sizeof(word));
	} else if (name.n >= sizeof(ends[0])) {
		memcpy(&ends[0], name.p, sizeof(ends[0]));
		memcpy(&ends[1], name.p + name.n - sizeof(ends[1]), sizeof(ends[1]));
		word = (uint64_t)ends[0] << 32 | ends[1];
	} else if (name.n > 0) {
		word = (uint64_t)(uint8_t)name.p[0] << 16 | (uint64_t)(uint8_t)name.p[name.n / 2] << 8 |
		    (uint8_t)name.p[name.n - 1];
	}
	return stir(stir(h, word), 0);
}

static uint32_t
slots_of(const struct name_list *l)
{
	uint32_t slots = 16;

	while (slots / 2 < l->nplain)
		slots *= 2;
	return slots;
}

static bool
make_slots(struct name_list *l, struct arena *a)
{
	const uint32_t mask = slots_of(l) - 1;

	l->slots = arena_array(a, mask + 1ull, sizeof(*l->slots));
	for (uint32_t i = 0; l->slots != NULL && i < l->nplain; i++) {
		uint32_t at = (uint32_t)name_number(l->plain[i]) & mask;

		while (l->slots[at] != 0 && !bytes_eq(l->plain[l->slots[at] - 1], l->plain[i]))
			at = (at + 1) & mask;
		l->slots[at] = i + 1;
	}
	return l->slots != NULL;
}

static bool
list_build(struct name_list *l, struct arena *a, const struct name_entry *e, size_t n, bool negate)
{
	size_t plain = 0, globs = 0;

	for (size_t i = 0; i < n; i++) {
		if (e[i].negate != negate)
			continue;
		if (glob_is_plain(e[i].name))
			plain++;
		else
			globs++;
	}
	if ((plain > 0 && (l->plain = arena_array(a, plain, sizeof(*l->plain))) == NULL) ||
	    (globs > 0 && (l->globs = arena_array(a, globs, sizeof(*l->globs))) == NULL))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (e[i].negate != negate)
			continue;
		if (glob_is_plain(e[i].name)) {
			assert(l->plain != NULL);
			l->plain[l->nplain++] = e[i].name;
		} else {
			assert(l->globs != NULL);
			l->globs[l->nglobs++] = e[i].name;
		}
	}
	return l->nplain < MANY || make_slots(l, a);
}

bool
name_set_build(struct name_set *set, struct arena *a, const struct name_entry *e, size_t n)
{
	struct name_set built = {0};
	struct name_list *out = NULL;
	bool some = false;

	for (size_t i = 0; i < n; i++)
		some = some || e[i].negate;
	if (some && ((out = arena_get(a, sizeof(*out))) == NULL || !list_build(out, a, e, n, true)))
		return false;
	built.out = out;
	if (!list_build(&built.in, a, e, n, false))
		return false;
	*set = built;
	return true;
}

static bool
plain_has(const struct name_list *l, struct bytes name)
{
	if (l->slots != NULL) {
		const uint32_t mask = slots_of(l) - 1;
		uint32_t at = (uint32_t)name_number(name) & mask;

		for (; l->slots[at] != 0; at = (at + 1) & mask)
			if (bytes_eq(l->plain[l->slots[at] - 1], name))
				return true;
		return false;
	}
	for (size_t i = 0; i < l->nplain; i++)
		if (bytes_eq(l->plain[i], name))
			return true;
	return false;
}

static bool
list_has(const struct name_list *l, struct bytes name, uint64_t *left)
{
	if (plain_has(l, name))
		return true;
	for (size_t i = 0; i < l->nglobs; i++)
		if (left == NULL ? glob_match(l->globs[i], name) : glob_match_within(l->globs[i], name, left))
			return true;
	return false;
}

bool
name_set_has_within(const struct name_set *s, struct bytes name, uint64_t *left)
{
	return list_has(&s->in, name, left) && (s->out == NULL || !list_has(s->out, name, left));
}

bool
name_set_has(const struct name_set *s, struct bytes name)
{
	return name_set_has_within(s, name, NULL);
}

bool
name_set_covers(const struct name_set *s, struct bytes pattern)
{
	if (s->out != NULL)
		return false;
	if (glob_is_plain(pattern))
		return list_has(&s->in, pattern, NULL);
	for (size_t i = 0; i < s->in.nglobs; i++)
		if (bytes_eq(s->in.globs[i], pattern) || bytes_is(s->in.globs[i], "*"))
			return true;
	return false;
}
