/*
 * table: see table.h.  Separate chaining, doubled when there are as many links as slots.
 */
#include "agentd/host/table.h"

#include <stdlib.h>

#define SLOTS_MIN 64

static struct table_link **
slot_of(const struct table *t, uint64_t hash)
{
	return &t->slot[hash & (t->nslot - 1)];
}

bool
table_init(struct table *t)
{
	t->slot = calloc(SLOTS_MIN, sizeof(struct table_link *));
	t->nslot = t->slot != NULL ? SLOTS_MIN : 0;
	t->n = 0;
	return t->slot != NULL;
}

void
table_done(struct table *t)
{
	free(t->slot);
	*t = (struct table){0};
}

static void
grow(struct table *t)
{
	struct table bigger = {.nslot = t->nslot * 2};
	struct table_link *l;

	bigger.slot = calloc(bigger.nslot, sizeof(struct table_link *));
	if (bigger.slot == NULL)
		return;
	/* What one slot has goes into two, in its order. */
	for (size_t i = 0; i < t->nslot; i++) {
		struct table_link **end[2] = {&bigger.slot[i], &bigger.slot[i + t->nslot]};

		for (l = t->slot[i]; l != NULL; l = l->next) {
			const bool upper = (l->hash & t->nslot) != 0;

			*end[upper] = l;
			end[upper] = &l->next;
		}
		*end[0] = *end[1] = NULL;
	}
	free(t->slot);
	t->slot = bigger.slot;
	t->nslot = bigger.nslot;
}

void
table_add(struct table *t, struct table_link *l, uint64_t hash)
{
	struct table_link **s;

	if (t->n >= t->nslot)
		grow(t);
	s = slot_of(t, hash);
	l->hash = hash;
	l->next = *s;
	*s = l;
	t->n++;
}

void
table_del(struct table *t, struct table_link *l)
{
	struct table_link **s = slot_of(t, l->hash);

	while (*s != NULL && *s != l)
		s = &(*s)->next;
	if (*s == NULL)
		return;
	*s = l->next;
	l->next = NULL;
	t->n--;
}

static struct table_link *
skip_to(struct table_link *l, uint64_t hash)
{
	while (l != NULL && l->hash != hash)
		l = l->next;
	return l;
}

struct table_link *
table_first(const struct table *t, uint64_t hash)
{
	return skip_to(*slot_of(t, hash), hash);
}

struct table_link *
table_next(const struct table_link *l)
{
	return skip_to(l->next, l->hash);
}
