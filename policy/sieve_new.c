/*
 * sieve_new: makes sieves.  Each split is by the facet after which a question is likely to find fewest rules; the
 * judgement is a guess, what is found is right with any.  Time is about rules × facets in use × depth.
 */
#include <stdlib.h>

#include "policy/sieve.h"

#define FEW        4  /* are judged sooner than sorted */
#define CONDITIONS 32 /* of a rule and its blocks that are looked at */
#define SPREAD     32 /* a rule stands in as many sieves, on the average */
#define LOOKS      400 /* at a rule, on the average */
#define DEPTH      16
#define SLOTS      (1u << 16) /* in which marks are counted, at most */

struct maker {
	struct policy *policy;  /* borrowed */
	size_t room;            /* for rules in sieves below; one in several of them counts each time */
	size_t looks;           /* at rules, to judge a split, that there is still time for */
	uint32_t mask;          /* of the slots in which marks are counted */
	uint32_t *count;        /* by slot; zeros, between uses; owned */
	uint32_t *slot;         /* those that are not; owned */
};

/* A rule and one of its marks. */
struct pair {
	uint64_t mark;
	uint32_t rule;
};

/* --- rules ---------------------------------------------------------------------------------------- */

struct conds_walk {
	const struct block *around;
	const struct cond *next;
	unsigned left;
};

/* Conditions that want something of a fact that a sieve can be split by. */
static const struct cond *
next_cond(struct conds_walk *w)
{
	while (w->left-- > 0) {
		const struct cond *c;

		while (w->next == NULL && w->around != NULL) {
			w->next = w->around->conds.first;
			w->around = w->around->parent;
		}
		if ((c = w->next) == NULL)
			return NULL;
		w->next = c->next;
		if (!c->negate)
			return c;
	}
	return NULL;
}

static struct conds_walk
conds_of(const struct rule *r)
{
	return (struct conds_walk){.around = r->block, .next = r->conds.first, .left = CONDITIONS};
}

#define NO_CONDITION (NO_MARKS + 1)

/* The fewest that one of its conditions has; NO_MARKS, NO_CONDITION: it cannot be looked up by this. */
static size_t
rule_marks(const struct rule *r, struct facet f, uint64_t out[MARKS])
{
	struct conds_walk w = conds_of(r);
	uint64_t these[MARKS];
	size_t best = NO_CONDITION;

	for (const struct cond *c = next_cond(&w); c != NULL; c = next_cond(&w)) {
		size_t n = c->fact == f.fact ? test_marks(c->test, f, these) : NO_CONDITION;

		if (n < best) {
			if (n < NO_MARKS)
				memcpy(out, these, n * sizeof(*out));
			best = n;
		}
	}
	return best;
}

static uint32_t
facts_of(const struct policy *pol, const uint32_t *rules, size_t n)
{
	uint32_t facts = 0;

	for (size_t i = 0; i < n; i++) {
		struct conds_walk w = conds_of(pol->rules[rules[i]]);

		for (const struct cond *c = next_cond(&w); c != NULL; c = next_cond(&w))
			facts |= 1u << c->fact;
	}
	return facts;
}

/* At least twice as many as are used. */
static uint32_t
slots_for(size_t used)
{
	uint32_t slots = SIEVE_SLOTS;

	while (slots < 2 * used)
		slots *= 2;
	return slots;
}

/* --- which facet ------------------------------------------------------------------------------------ */

struct choice {
	struct facet facet;
	size_t others, coarse, pairs, slots; /* coarse: of the others, those that a coarser facet may sort */
	double left; /* rules that a question is expected to find */
	bool fits;
};

/* Counts in slots by a few bits of each mark: where two meet the split looks worse than it is. */
static struct choice
judge(struct maker *m, struct facet f, const uint32_t *rules, size_t n)
{
	struct choice s = {.facet = f};
	uint64_t marks[MARKS], squares = 0;

	for (size_t i = 0; i < n && s.others + s.pairs <= m->room; i++) {
		size_t k = rule_marks(m->policy->rules[rules[i]], f, marks);

		if (k >= NO_MARKS) {
			s.others++;
			s.coarse += k == NO_MARKS;
			continue;
		}
		for (size_t j = 0; j < k; j++) {
			uint32_t slot = (uint32_t)marks[j] & m->mask;

			if (m->count[slot] == 0)
				m->slot[s.slots++] = slot;
			squares += 2ull * m->count[slot]++ + 1;
		}
		s.pairs += k;
	}
	for (size_t i = 0; i < s.slots; i++)
		m->count[m->slot[i]] = 0;
	s.left = (double)s.others + (s.pairs > 0 ? (double)squares / (double)s.pairs : 0);
	s.left *= 1 + (double)s.pairs / (double)n / 16; /* what takes less room is better */
	s.fits = s.others + s.pairs <= m->room;
	return s;
}

/* False: none that is worth it. */
static bool
best_split(struct maker *m, const uint32_t *rules, size_t n, struct choice *out)
{
	uint32_t facts = facts_of(m->policy, rules, n);
	bool found = false;

	out->left = (double)n * 0.75;
	for (unsigned fact = 0; fact < QF_COUNT; fact++) {
		unsigned parts = (facts >> fact & 1) != 0 ? facet_parts((enum pol_fact)fact) : 0;

		for (unsigned p = 0; p < parts; p++) {
			struct facet f = {.fact = (uint8_t)fact, .part = (uint8_t)p};
			struct choice s;

			if (m->looks < n)
				return found;
			m->looks -= n;
			s = judge(m, f, rules, n);
			if (s.fits && s.left < out->left) {
				*out = s;
				found = true;
			}
			if (s.coarse == 0 && (fact_is_name((enum pol_fact)fact) || s.pairs + s.others <= n))
				break; /* coarser ones leave more */
		}
	}
	return found;
}

/* --- splitting -------------------------------------------------------------------------------------- */

static int
by_mark(const void *va, const void *vb)
{
	const struct pair *a = va, *b = vb;

	if (a->mark != b->mark)
		return a->mark < b->mark ? -1 : 1;
	return a->rule < b->rule ? -1 : a->rule > b->rule;
}

static struct sieve *make(struct maker *, const uint32_t *rules, size_t n, unsigned depth);

static void
put_below(struct sieve *s, uint64_t mark, uint64_t what)
{
	uint64_t *slots = s->room + sieve_words(s->slots);
	const uint32_t bit = sieve_bit(s, mark);
	uint32_t i = (uint32_t)mark & (s->slots - 1);

	while (slots[i] != 0)
		i = (i + 1) & (s->slots - 1);
	slots[i] = what;
	s->room[bit / 64] |= 1ull << bit % 64;
}

/* Rules with the same mark; a sieve of their own where they are several, or the upper half is another mark's too. */
static bool
put_rules(struct maker *m, struct sieve *of, uint64_t mark, bool alone, const uint32_t *rules, size_t n,
    unsigned depth)
{
	struct sieve *s;

	if (n == 1 && alone) {
		put_below(of, mark, slot_of_rule(mark, rules[0]));
		return true;
	}
	if ((s = make(m, rules, n, depth)) == NULL)
		return false;
	s->mark = mark;
	put_below(of, mark, (uintptr_t)s);
	return true;
}

static bool
upper_alike(const struct pair *pairs, size_t a, size_t b)
{
	return pairs[a].mark >> 32 == pairs[b].mark >> 32;
}

/* Each run of pairs of one mark; list has room for all rules. */
static bool
make_below(struct maker *m, struct sieve *of, struct pair *pairs, size_t n, uint32_t *list, unsigned depth)
{
	for (size_t i = 0; i < n;) {
		const uint64_t mark = pairs[i].mark;
		bool alone = i == 0 || !upper_alike(pairs, i - 1, i);
		size_t k = 0;

		/* A rule that wants the same thing twice stands there once. */
		for (; i < n && pairs[i].mark == mark; i++)
			if (k == 0 || list[k - 1] != pairs[i].rule)
				list[k++] = pairs[i].rule;
		alone = alone && (i == n || !upper_alike(pairs, i - 1, i));
		if (!put_rules(m, of, mark, alone, list, k, depth))
			return false;
	}
	return true;
}

/* In one piece, with as many slots. */
static struct sieve *
new_sieve(struct arena *a, const uint32_t *rules, size_t n, uint32_t slots)
{
	const size_t words = slots + sieve_words(slots);
	struct sieve *s = arena_lines(a, sizeof(*s) + words * sizeof(s->room[0]) + n * sizeof(*rules));
	uint32_t *own;

	if (s == NULL)
		return NULL;
	own = (uint32_t *)&s->room[words];
	if (n > 0)
		memcpy(own, rules, n * sizeof(*rules));
	s->rules = own;
	s->n = (uint32_t)n;
	s->slots = slots;
	return s;
}

/* Rules by their marks, sorted; those without one in list. */
static size_t
sort_out(struct maker *m, struct facet f, const uint32_t *rules, size_t n, struct pair *pairs, uint32_t *list,
    size_t *others)
{
	size_t npairs = 0;

	*others = 0;
	for (size_t i = 0; i < n; i++) {
		uint64_t marks[MARKS];
		size_t k = rule_marks(m->policy->rules[rules[i]], f, marks);

		if (k >= NO_MARKS)
			list[(*others)++] = rules[i];
		for (size_t j = 0; k < NO_MARKS && j < k; j++)
			pairs[npairs++] = (struct pair){marks[j], rules[i]};
	}
	if (npairs > 1)
		qsort(pairs, npairs, sizeof(*pairs), by_mark);
	return npairs;
}

static size_t
count_marks(const struct pair *pairs, size_t n)
{
	size_t marks = n > 0;

	for (size_t i = 1; i < n; i++)
		marks += pairs[i].mark != pairs[i - 1].mark;
	return marks;
}

static struct sieve *
make_split(struct maker *m, const uint32_t *rules, size_t n, const struct choice *by, unsigned depth)
{
	struct pair *pairs = calloc(by->pairs + 1, sizeof(*pairs));
	uint32_t *list = calloc(n, sizeof(*list));
	struct sieve *s = NULL, *out = NULL;
	size_t npairs, others;

	if (pairs == NULL || list == NULL)
		goto out;
	m->room -= by->pairs + by->others;
	npairs = sort_out(m, by->facet, rules, n, pairs, list, &others);
	s = new_sieve(&m->policy->arena, rules, n, slots_for(count_marks(pairs, npairs)));
	if (s == NULL || (others > 0 && (s->others = make(m, list, others, depth)) == NULL))
		goto out;
	s->facet = by->facet;
	if (make_below(m, s, pairs, npairs, list, depth))
		out = s;
out:
	free(pairs);
	free(list);
	return out;
}

static struct sieve *
make(struct maker *m, const uint32_t *rules, size_t n, unsigned depth)
{
	struct choice by;

	if (n <= FEW || depth == DEPTH || !best_split(m, rules, n, &by))
		return new_sieve(&m->policy->arena, rules, n, 0);
	return make_split(m, rules, n, &by, depth + 1);
}

static size_t
less(size_t a, size_t b)
{
	return a < b ? a : b;
}

const struct sieve *
sieve_new(struct policy *pol, const uint32_t *rules, size_t n, struct sieve_room *room)
{
	const struct sieve_room most = {less(room->rules, n * SPREAD), less(room->looks, n * LOOKS)};
	struct maker m = {.policy = pol, .room = most.rules, .looks = most.looks};
	const struct sieve *s = NULL;

	m.mask = slots_for(n < SLOTS / 2 ? n : SLOTS / 2) - 1;
	m.count = calloc(m.mask + 1ull, sizeof(*m.count));
	m.slot = calloc(m.mask + 1ull, sizeof(*m.slot));
	if (m.count != NULL && m.slot != NULL)
		s = make(&m, rules, n, 0);
	if (s == NULL)
		pol->arena.failed = true;
	room->rules -= most.rules - m.room;
	room->looks -= most.looks - m.looks;
	free(m.count);
	free(m.slot);
	return s;
}
