/* baseline: what was noted, and what is asked of it; see baseline.h.  Pure. */
#include <stdlib.h>

#include "agentd/baseline/baseline_parts.h"

#define WINDOW_MIN 2 /* today, and a day to hold it against */

struct baseline *
baseline_new(const struct baseline_settings *set)
{
	struct baseline *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->set = *set;
	if (b->set.window > ST_USUAL_DAYS)
		b->set.window = ST_USUAL_DAYS;
	if (b->set.window < WINDOW_MIN)
		b->set.window = WINDOW_MIN;
	b->today = b->swept = DAY_NONE;
	RB_INIT(&b->users);
	TAILQ_INIT(&b->changed);
	return b;
}

void
baseline_free(struct baseline **bp)
{
	struct baseline *b = *bp;

	if (b == NULL)
		return;
	*bp = NULL;
	while (!TAILQ_EMPTY(&b->changed))
		usual_settle(b, TAILQ_FIRST(&b->changed));
	baseline_forget(b, NULL);
	free(b);
}

/* --- days of a value --------------------------------------------------------------------------------------- */

int64_t
usual_window(const struct baseline *b, int32_t last)
{
	return (int64_t)last - b->set.window + 1;
}

/* Its place in the ring, whatever stands there. */
struct usual_day *
usual_slot(const struct baseline *b, struct usual_value *v, int32_t day)
{
	const int32_t at = day % (int32_t)b->set.window;

	return &v->ring[at >= 0 ? at : at + (int32_t)b->set.window];
}

struct usual_seen
usual_seen(const struct baseline *b, const struct usual_value *v, int64_t from, int64_t to)
{
	struct usual_seen s = {0};

	for (unsigned i = 0; v != NULL && i < b->set.window; i++) {
		const struct usual_day *d = &v->ring[i];

		if (d->count == 0 || d->day < from || d->day > to)
			continue;
		if (s.days == 0 || d->day < s.first)
			s.first = d->day;
		if (s.days == 0 || d->day > s.last)
			s.last = d->day;
		s.days++;
		s.count += d->count;
	}
	return s;
}

/* --- notes and questions ------------------------------------------------------------------------------------- */

uint32_t
baseline_note(struct baseline *b, const struct usual_key *key, struct rtime when, uint32_t n)
{
	const int32_t day = usual_day(when);
	struct usual_value *v;
	struct usual_day *d;
	uint32_t before;

	usual_turn(b, day);
	if (n == 0 || (v = usual_ensure(b, key)) == NULL)
		return 0;
	d = usual_slot(b, v, day);
	if (d->day != day)
		*d = (struct usual_day){.day = day};
	before = d->count;
	d->count = n > UINT32_MAX - before ? UINT32_MAX : before + n;
	usual_mark(b, v, UINT64_C(1) << (d - v->ring));
	usual_recount(v->user, v->kind, day);
	return before;
}

static unsigned
active_days(const struct baseline *b, const struct usual_user *u, int64_t from, int64_t to)
{
	return usual_seen(b, usual_find(u, USUAL_ACTIVE, ""), from, to).days;
}

/* Each question of a day has the same answer: it is counted once. */
static unsigned
values_before(const struct baseline *b, struct usual_user *u, enum usual_kind kind, int32_t day)
{
	struct usual_value *v;

	if (u == NULL || u->before[kind].day == day)
		return u != NULL ? u->before[kind].values : 0;
	u->before[kind].day = day;
	u->before[kind].values = 0;
	for (v = usual_from(u, kind); v != NULL && v->kind == kind; v = usual_next(v))
		u->before[kind].values += usual_seen(b, v, usual_window(b, day), (int64_t)day - 1).days > 0;
	return u->before[kind].values;
}

void
baseline_ask(const struct baseline *b, const struct usual_key *key, struct rtime when, struct usual *out)
{
	const int32_t today = usual_day(when);
	const int64_t from = usual_window(b, today), to = (int64_t)today - 1;
	struct usual_user *u = usual_user_find(b, key->user);
	const struct usual_value *v = usual_find(u, key->kind, key->value);
	const struct usual_seen seen = usual_seen(b, v, from, to);

	*out = (struct usual){.days = seen.days, .count = seen.count, .first = seen.first, .last = seen.last};
	out->data = active_days(b, usual_user_find(b, ""), from, to);
	out->active = active_days(b, u, from, to);
	out->ready = !b->held && out->data >= b->set.data && out->active >= b->set.active;
	out->today = (uint32_t)usual_seen(b, v, today, today).count;
	out->values = values_before(b, u, key->kind, today);
}

uint32_t
baseline_count(const struct baseline *b, const struct usual_key *key, int32_t day)
{
	const struct usual_value *v = usual_find(usual_user_find(b, key->user), key->kind, key->value);

	return (uint32_t)usual_seen(b, v, day, day).count;
}

size_t
baseline_values(const struct baseline *b, const char *user)
{
	const struct usual_user *u = usual_user_find(b, user);

	return u != NULL ? u->total : 0;
}

/* The values of a kind that are numbers; −1: this is none. */
static int64_t
number_of(const char *text)
{
	uint64_t n;

	return bytes_u64(bytes_of(text), &n) && n <= INT64_MAX ? (int64_t)n : -1;
}

static int
highest_first(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x < y) - (x > y);
}

/* What each day had at most; of these the one that min_days of them reach. */
int64_t
baseline_high(const struct baseline *b, enum usual_kind kind, const char *user, struct rtime when, unsigned min_days)
{
	const int32_t today = usual_day(when);
	const int64_t from = usual_window(b, today);
	int64_t most[ST_USUAL_DAYS];

	if (min_days == 0 || min_days > b->set.window)
		return -1;
	memset(most, -1, sizeof(most));
	for (struct usual_value *v = usual_from(usual_user_find(b, user), kind); v != NULL && v->kind == kind;
	    v = usual_next(v)) {
		const int64_t n = number_of(v->text);

		for (unsigned i = 0; i < b->set.window; i++) {
			const struct usual_day *d = &v->ring[i];

			if (d->count != 0 && d->day >= from && d->day < today && n > most[i])
				most[i] = n;
		}
	}
	qsort(most, b->set.window, sizeof(most[0]), highest_first);
	return most[min_days - 1];
}

static bool
is_known(const struct baseline *b, const struct usual_user *u)
{
	return b->today != DAY_NONE && active_days(b, u, usual_window(b, b->today), b->today) > 0;
}

bool
baseline_knows(const struct baseline *b, const char *user)
{
	return is_known(b, usual_user_find(b, user));
}

/* The host itself, of no name, is nobody. */
bool
baseline_next_user(const struct baseline *b, char name[ST_USUAL_TEXT])
{
	const struct usual_user *u = usual_user_after(b, name);

	while (u != NULL && !is_known(b, u))
		u = usual_user_after(b, u->name);
	return u != NULL && bytes_copy(bytes_of(u->name), name, ST_USUAL_TEXT);
}

void
baseline_hold(struct baseline *b, bool hold)
{
	b->held = hold;
}

void
baseline_stats(const struct baseline *b, struct baseline_stats *out)
{
	struct usual_user *host = usual_user_find(b, "");

	*out = (struct baseline_stats){.entries = b->nvalue, .users = b->nuser, .bytes = b->bytes, .dropped = b->dropped};
	out->users -= host != NULL;
	if (b->today != DAY_NONE)
		out->data = active_days(b, host, usual_window(b, b->today), b->today);
}
