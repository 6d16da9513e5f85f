/* sieve: see sieve.h.  Asking; sieve_new.c makes them.  Nothing is allocated. */
#include "policy/sieve.h"

/* --- going down ---------------------------------------------------------------------------------- */

static bool
take_all(struct found *f, const struct sieve *s)
{
	if (f->n == SIEVE_LISTS)
		return false;
	f->list[f->n].at = s->rules;
	f->list[f->n++].end = s->rules + s->n;
	return true;
}

static bool
take_one(struct found *f, uint32_t rule)
{
	if (f->n == SIEVE_LISTS)
		return false;
	f->list[f->n].one = rule;
	f->list[f->n].at = &f->list[f->n].one;
	f->list[f->n].end = f->list[f->n].at + 1;
	f->n++;
	return true;
}

static bool
hangs_on_unknown(const struct sieve *s, const struct question *q)
{
	return ((q->known & ~q->partial) >> s->facet.fact & 1) == 0;
}

/* What is below this mark; 0: nothing.  Sometimes a rule that is below another one. */
static uint64_t
below(const struct sieve *s, uint64_t mark)
{
	const uint64_t *slots = s->room + sieve_words(s->slots);
	const uint32_t bit = sieve_bit(s, mark);

	if ((s->room[bit / 64] >> bit % 64 & 1) == 0)
		return 0;
	for (uint32_t i = (uint32_t)mark;; i++) {
		const uint64_t slot = slots[i & (s->slots - 1)];

		if (slot == 0 || (slot_is_rule(slot) ? slot >> 32 == mark >> 32 : slot_sieve(slot)->mark == mark))
			return slot;
	}
}

static bool go_down(struct found *, const struct sieve *, const struct question *);

static bool
go_into(struct found *f, uint64_t slot, const struct question *q)
{
	return slot == 0 || (slot_is_rule(slot) ? take_one(f, slot_rule(slot)) : go_down(f, slot_sieve(slot), q));
}

static bool
go_below(struct found *f, const struct sieve *s, const struct question *q)
{
	uint64_t mark;

	if (s->others != NULL && !go_down(f, s->others, q))
		return false;
	for (size_t i = 0; question_mark(q, s->facet, i, &mark); i++) {
		if (!go_into(f, below(s, mark), q))
			return false;
		if (!fact_has_many((enum pol_fact)s->facet.fact))
			break;
	}
	return true;
}

/* False: there is no place for what it finds. */
static bool
go_down(struct found *f, const struct sieve *s, const struct question *q)
{
	const unsigned before = f->n;

	if (s->slots == 0 || hangs_on_unknown(s, q) || f->steps++ >= SIEVE_STEPS)
		return take_all(f, s);
	if (go_below(f, s, q))
		return true;
	f->n = before;
	return take_all(f, s);
}

void
found_init(struct found *f, const struct sieve *s, const struct question *q)
{
	f->n = f->steps = 0;
	(void)go_down(f, s, q); /* there is a place for one list at least */
}

/* --- in order ------------------------------------------------------------------------------------ */

uint32_t
found_next(struct found *f)
{
	uint32_t next = FOUND_NONE;

	for (unsigned i = 0; i < f->n; i++)
		if (f->list[i].at < f->list[i].end && *f->list[i].at < next)
			next = *f->list[i].at;
	/* A rule with several marks may have been found by more than one. */
	for (unsigned i = 0; i < f->n; i++)
		f->list[i].at += f->list[i].at < f->list[i].end && *f->list[i].at == next;
	return next;
}
