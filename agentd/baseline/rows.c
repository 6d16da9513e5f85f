/* rows: the baseline as rows, out of it and into it; see baseline.h.  Pure. */
#include "agentd/baseline/baseline_parts.h"

/* NULL: what was not there found no room, or the day has left the window. */
static struct usual_value *
add(struct baseline *b, const struct usual_row *r)
{
	struct usual_value *v;
	struct usual_day *d;

	if (r->count == 0 || r->key.kind >= USUAL_COUNT || r->day < 0 || r->day < usual_window(b, b->today))
		return NULL;
	if (r->day > b->today)
		b->today = r->day;
	if ((v = usual_ensure(b, &r->key)) == NULL)
		return NULL;
	d = usual_slot(b, v, r->day);
	if (d->day > r->day && d->count != 0)
		return NULL;
	if (d->day != r->day)
		*d = (struct usual_day){.day = r->day};
	d->count = r->count > UINT32_MAX - d->count ? UINT32_MAX : d->count + r->count;
	usual_recount(v->user, v->kind, r->day);
	return v;
}

void
baseline_add(struct baseline *b, const struct usual_row *r)
{
	struct usual_value *v = add(b, r);

	if (v != NULL)
		usual_mark(b, v, UINT64_C(1) << (usual_slot(b, v, r->day) - v->ring));
}

void
baseline_restore(struct baseline *b, const struct usual_row *r)
{
	struct usual_value *v = add(b, r);

	if (v != NULL)
		v->told = b->set.kept;
}

/* The days of a value in their order, from those that are slots apart. */
static void
each_day(const struct baseline *b, struct usual_value *v, usual_row_fn *fn, void *arg)
{
	for (int64_t day = usual_window(b, b->today); day <= b->today; day++) {
		const struct usual_day *d = usual_slot(b, v, (int32_t)day);

		if (d->count != 0 && d->day == day)
			fn(&(struct usual_row){.key = {v->kind, v->user->name, v->text}, .day = d->day,
			       .count = d->count}, arg);
	}
}

void
baseline_each(const struct baseline *b, const char *user, usual_row_fn *fn, void *arg)
{
	struct usual_user *u = user != NULL ? usual_user_find(b, user) : usual_user_first(b);

	for (; u != NULL && b->today != DAY_NONE; u = user == NULL ? usual_user_next(u) : NULL) {
		for (struct usual_value *v = usual_from(u, 0); v != NULL; v = usual_next(v))
			each_day(b, v, fn, arg);
	}
}

bool
baseline_each_from(const struct baseline *b, const char *user, struct usual_place *at, usual_row_fn *fn,
    bool (*more)(void *arg), void *arg)
{
	struct usual_value *v = b->today != DAY_NONE ? usual_at(b, at) : NULL;
	bool go_on = true;

	for (; v != NULL && go_on && (user == NULL || strcmp(v->user->name, user) == 0); v = usual_next_of_all(v)) {
		each_day(b, v, fn, arg);
		go_on = more(arg);
	}
	if (v == NULL || go_on || (user != NULL && strcmp(v->user->name, user) != 0))
		return false;
	usual_place_of(v, at);
	return true;
}

size_t
baseline_changed(struct baseline *b, size_t max, usual_row_fn *fn, void *arg)
{
	struct usual_value *v;
	size_t n = 0;

	while (n < max && (v = TAILQ_FIRST(&b->changed)) != NULL) {
		const struct usual_day *d = &v->ring[__builtin_ctzll(v->changed)];

		fn(&(struct usual_row){.key = {v->kind, v->user->name, v->text}, .day = d->day,
		       .count = v->gone ? 0 : d->count}, arg);
		n++;
		v->told = true;
		v->changed &= v->changed - 1;
		if (v->changed == 0)
			usual_settle(b, v);
	}
	return n;
}

void
baseline_tell_all(struct baseline *b)
{
	for (struct usual_user *u = usual_user_first(b); u != NULL; u = usual_user_next(u)) {
		for (struct usual_value *v = usual_from(u, 0); v != NULL; v = usual_next(v))
			usual_mark(b, v, usual_slots_in_use(b, v));
	}
}

static void
forget_user(struct baseline *b, struct usual_user *u)
{
	struct usual_value *v;

	u->refs++;
	while ((v = usual_from(u, 0)) != NULL)
		usual_drop(b, v, false);
	u->refs--;
	usual_user_release(b, u);
}

void
baseline_forget(struct baseline *b, const char *user)
{
	struct usual_user *next;

	for (struct usual_user *u = user != NULL ? usual_user_find(b, user) : usual_user_first(b); u != NULL; u = next) {
		next = user == NULL ? usual_user_next(u) : NULL;
		forget_user(b, u);
	}
}
