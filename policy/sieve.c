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
hangs_on_unknown(const struct sieve *s, const struct question *q)
{
	return ((q->known & ~q->partial) >> s->facet.fact & 1) == 0;
}

static const struct sieve *
below(const struct sieve *s, uint64_t mark)
{
	const struct sieve *b = s->below[mark & s->mask];

	while (b != NULL && b->mark != mark)
		b = b->next;
	return b;
}

/* False: there is no place for what it finds. */
static bool
go_down(struct found *f, const struct sieve *s, const struct question *q)
{
	const unsigned before = f->n;
	uint64_t mark;
	bool fits;

	if (s == NULL)
		return true;
	if (s->below == NULL || hangs_on_unknown(s, q) || f->steps++ >= SIEVE_STEPS)
		return take_all(f, s);
	fits = go_down(f, s->others, q);
	for (size_t i = 0; fits && question_mark(q, s->facet, i, &mark); i++)
		fits = go_down(f, below(s, mark), q);
	if (fits)
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
