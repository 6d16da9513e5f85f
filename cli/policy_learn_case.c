/*
 * policy_learn_case: sessions whose case alerted: nothing that was seen of them is learned, though each thing by itself
 * alerted nobody.  A log tells that behind what was seen: until then each thing is kept a session apart.
 */
#include "cli/policy_learn.h"

#include <stdlib.h>

void
learn_alerted(struct learn *l, struct bytes session)
{
	if (!tally_add(l->sessions, session, 1))
		l->lost++;
}

static void
leave_cell(struct learn *l, const struct learn_cell *c)
{
	const unsigned wants = learn_wants(c->activity);
	struct question q = {.activity = c->activity, .user = bytes_of(l->users[c->user].name),
	    .port = (uint16_t)c->port, .owner = (enum owner)c->owner};

	if ((wants & WANT_ORIGIN) != 0)
		q.origin = l->dests[c->dest].prefix.addr;
	if ((wants & WANT_TO) != 0) {
		q.to_kind = l->dests[c->dest].self ? TO_SELF : TO_ADDR;
		q.to_addr = l->dests[c->dest].prefix.addr;
	}
	l->learned -= c->seen.count;
	learn_leave(l, &q, c->seen.count, LEARN_CASE_ALERTED);
}

/* From now on whose it was does not matter. */
static void
keep_cell(struct learn *l, struct learn_cell c)
{
	c.session = 0;
	if (learn_cell_add(l, &c))
		return;
	l->learned -= c.seen.count;
	l->lost += c.seen.count;
}

/* By the numbers of sessions; NULL: out of memory. */
static bool *
which_alerted(struct learn *l)
{
	size_t n;
	const struct tally_row *rows = tally_rows(l->sessions, &n);
	bool *alerted = rows != NULL ? calloc(n + 1, sizeof(*alerted)) : NULL;

	for (size_t i = 0; alerted != NULL && i < n; i++)
		alerted[rows[i].index] = rows[i].n > 0;
	return alerted;
}

bool
learn_settle(struct learn *l)
{
	const size_t n = l->ncells;
	bool *alerted;

	if (!l->options.late)
		return true;
	tally_free(&l->cell_keys);
	l->cell_keys = tally_new(ST_LEARN_SEEN);
	alerted = which_alerted(l);
	if (l->cell_keys == NULL || alerted == NULL) {
		free(alerted);
		return false;
	}
	l->ncells = 0; /* what stays is never more than was there: it takes the same room from its beginning on */
	for (size_t i = 0; i < n; i++) {
		const struct learn_cell c = l->cells[i];

		if (c.session > 0 && alerted[c.session - 1])
			leave_cell(l, &c);
		else
			keep_cell(l, c);
	}
	free(alerted);
	return true;
}
