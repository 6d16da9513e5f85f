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

/* For four times as many places as are used: most of what is not there is then seen at once. */
static uint32_t
mask_for(size_t used)
{
	uint32_t mask = 7;

	while (mask < 4 * used)
		mask = 2 * mask + 1;
	return mask;
}

/* --- which facet ------------------------------------------------------------------------------------ */

struct split {
	struct facet facet;
	size_t others, coarse, pairs, slots; /* coarse: of the others, those that a coarser facet may sort */
	double left; /* rules that a question is expected to find */
	bool fits;
};

/* Counts in slots by a few bits of each mark: where two meet the split looks worse than it is. */
static struct split
judge(struct maker *m, struct facet f, const uint32_t *rules, size_t n)
{
	struct split s = {.facet = f};
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
best_split(struct maker *m, const uint32_t *rules, size_t n, struct split *out)
{
	uint32_t facts = facts_of(m->policy, rules, n);
	bool found = false;

	out->left = (double)n * 0.75;
	for (unsigned fact = 0; fact < QF_COUNT; fact++) {
		unsigned parts = (facts >> fact & 1) != 0 ? facet_parts((enum pol_fact)fact) : 0;

		for (unsigned p = 0; p < parts; p++) {
			struct facet f = {.fact = (uint8_t)fact, .part = (uint8_t)p};
			struct split s;

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

/* A sieve for each run of pairs of one mark; list has room for all its rules. */
static bool
make_below(struct maker *m, struct sieve *of, const struct sieve **below, struct pair *pairs, size_t n,
    uint32_t *list, unsigned depth)
{
	if (n > 1)
		qsort(pairs, n, sizeof(*pairs), by_mark);
	for (size_t i = 0; i < n;) {
		const uint64_t mark = pairs[i].mark;
		struct sieve *s;
		size_t k = 0;

		/* A rule that wants the same thing twice stands there once. */
		for (; i < n && pairs[i].mark == mark; i++)
			if (k == 0 || list[k - 1] != pairs[i].rule)
				list[k++] = pairs[i].rule;
		if ((s = make(m, list, k, depth)) == NULL)
			return false;
		s->mark = mark;
		s->next = below[mark & of->mask];
		below[mark & of->mask] = s;
	}
	return true;
}

static bool
split(struct maker *m, struct sieve *s, const struct split *by, unsigned depth)
{
	struct pair *pairs = calloc(by->pairs + 1, sizeof(*pairs));
	uint32_t *list = calloc(s->n, sizeof(*list));
	const struct sieve **below;
	size_t npairs = 0, others = 0;
	bool ok = false;

	m->room -= by->pairs + by->others;
	s->facet = by->facet;
	s->mask = mask_for(by->slots);
	below = arena_array(&m->policy->arena, s->mask + 1ull, sizeof(const struct sieve *));
	if (pairs == NULL || list == NULL || below == NULL)
		goto out;
	for (uint32_t i = 0; i < s->n; i++) {
		uint64_t marks[MARKS];
		size_t k = rule_marks(m->policy->rules[s->rules[i]], by->facet, marks);

		if (k >= NO_MARKS)
			list[others++] = s->rules[i];
		for (size_t j = 0; k < NO_MARKS && j < k; j++)
			pairs[npairs++] = (struct pair){marks[j], s->rules[i]};
	}
	if (others > 0 && (s->others = make(m, list, others, depth)) == NULL)
		goto out;
	ok = make_below(m, s, below, pairs, npairs, list, depth);
	s->below = below;
out:
	free(pairs);
	free(list);
	return ok;
}

static struct sieve *
make(struct maker *m, const uint32_t *rules, size_t n, unsigned depth)
{
	struct arena *a = &m->policy->arena;
	struct sieve *s = arena_get(a, offsetof(struct sieve, rules) + n * sizeof(*rules));
	struct split by;

	if (s == NULL)
		return NULL;
	if (n > 0)
		memcpy(s->rules, rules, n * sizeof(*rules));
	s->n = (uint32_t)n;
	if (n <= FEW || depth == DEPTH || !best_split(m, rules, n, &by))
		return s;
	return split(m, s, &by, depth + 1) ? s : NULL;
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

	m.mask = mask_for(n < SLOTS / 2 ? n : SLOTS / 2);
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
