/*
 * room: who makes room when a table is full, and what goes with time; see baseline_parts.h.  Pure.
 *
 * Within a kind of a user the values that were seen on the fewest days go first, of those the ones that were
 * seen longest ago; of all users the one who has the most gives, and where that is little those with more than
 * half as many.  A sixteenth goes at a time: looking for what to take costs as much as there is, and must not be
 * done for each value of a flood.  The days on which users were active are never taken: without them nothing would
 * be judged.
 */
#include <stdlib.h>

#include "agentd/baseline/baseline_parts.h"

#define SHARE 16
#define ROOM  256 /* at least, when it is of all users: looking at all of them is not for one value alone */

struct candidate {
	struct usual_value *value;
	struct usual_seen seen;
	size_t order;
};

static int
least_first(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->seen.days != y->seen.days)
		return x->seen.days < y->seen.days ? -1 : 1;
	if (x->seen.last != y->seen.last)
		return x->seen.last < y->seen.last ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* Of one kind, USUAL_COUNT: of all.  How many went. */
static size_t
take_share(struct baseline *b, struct usual_user *u, enum usual_kind kind)
{
	const bool all = kind == USUAL_COUNT;
	struct candidate *c = calloc(u->total, sizeof(*c));
	size_t n = 0, take;

	if (c == NULL)
		return 0;
	for (struct usual_value *v = usual_from(u, all ? USUAL_ACTIVE + 1 : kind);
	    v != NULL && (all || v->kind == kind); v = usual_next(v)) {
		c[n] = (struct candidate){.value = v, .order = n};
		c[n].seen = usual_seen(b, v, usual_window(b, b->today), b->today);
		n++;
	}
	qsort(c, n, sizeof(*c), least_first);
	take = n / SHARE + (n > 0);
	for (size_t i = 0; i < take; i++)
		usual_drop(b, c[i].value, true);
	b->dropped += take;
	free(c);
	return take;
}

static struct usual_user *
greatest(const struct baseline *b)
{
	struct usual_user *most = usual_user_first(b);

	for (struct usual_user *u = most; u != NULL; u = usual_user_next(u)) {
		if (u->total > most->total)
			most = u;
	}
	return most;
}

/* Of whoever has the most; where that is little, of others with more than half as many. */
static bool
take_of_all(struct baseline *b)
{
	struct usual_user *giver = greatest(b), *next;
	const size_t most = giver->total;
	size_t taken = take_share(b, giver, USUAL_COUNT);

	for (struct usual_user *u = usual_user_first(b); u != NULL && taken < ROOM; u = next) {
		next = usual_user_next(u);
		if (u->total > most / 2)
			taken += take_share(b, u, USUAL_COUNT);
	}
	return taken > 0;
}

bool
usual_make_room(struct baseline *b, struct usual_user *u, enum usual_kind kind)
{
	const size_t most = u->name[0] == '\0' ? ST_USUAL_HOST : ST_USUAL_VALUES;

	if (u->n[kind] >= most)
		return take_share(b, u, kind) > 0;
	return b->nvalue < ST_USUAL_ENTRIES || take_of_all(b);
}

/* --- time ---------------------------------------------------------------------------------------------------- */

/* Of the day that it was begun on, whatever clocks did since. */
static bool
has_left(const struct baseline *b, const struct usual_value *v)
{
	const int32_t last = b->today > b->swept ? b->today : b->swept;

	return usual_seen(b, v, usual_window(b, b->swept), last).days == 0;
}

static void
sweep_on(struct baseline *b)
{
	struct usual_value *v = usual_at(b, &b->sweep), *next;

	for (unsigned i = 0; v != NULL && i < ST_USUAL_STEP; i++, v = next) {
		next = usual_next_of_all(v);
		if (has_left(b, v))
			usual_drop(b, v, false);
	}
	b->sweeping = v != NULL;
	if (v != NULL)
		usual_place_of(v, &b->sweep);
}

/*
 * Forward, and back when it is from before yesterday, for then a clock was set: what is late by hours moves
 * nothing.  A leap over a whole window takes nothing away: it may be a clock that is wrong for a moment; the
 * next turn does.
 */
static void
turn_to(struct baseline *b, int32_t day)
{
	const int64_t ahead = (int64_t)day - b->today;
	const bool first = b->today == DAY_NONE;

	if (ahead <= 0 && ahead >= -1)
		return;
	b->today = day;
	if (ahead < -(int64_t)b->set.window) {
		b->swept = DAY_NONE;
		b->sweeping = false;
	}
	if (first || ahead < 0 || ahead > b->set.window || day <= b->swept)
		return;
	b->swept = day;
	b->sweeping = true;
	b->sweep = (struct usual_place){.kind = 0};
}

void
usual_turn(struct baseline *b, int32_t day)
{
	turn_to(b, day);
	if (b->sweeping)
		sweep_on(b);
}
