/* The baseline, held on random histories against a model that remembers everything. */
#include <stdlib.h>

#include "tests/unit/baseline_kit.h"
#include "tests/unit/dice.h"

#define MODEL_ROWS 20000

struct model_row {
	enum usual_kind kind;
	unsigned user, value;
	int32_t day;
	uint32_t count;
};

/* Everything that was noted, and what was told to whoever keeps it, each as a flat list. */
struct model {
	struct model_row rows[MODEL_ROWS], kept[MODEL_ROWS];
	size_t nrows, nkept;
	int32_t today, swept;
};

static const char *const users[] = {"", "alice", "bob"};
static const char *const values[] = {"", "1", "2", "30", "a value"};

static struct model_row *
row_of(struct model_row *rows, size_t *n, const struct model_row *like)
{
	for (size_t i = 0; i < *n; i++) {
		if (rows[i].kind == like->kind && rows[i].user == like->user && rows[i].value == like->value &&
		    rows[i].day == like->day)
			return &rows[i];
	}
	assert_true(*n < MODEL_ROWS);
	rows[*n] = *like;
	rows[*n].count = 0;
	return &rows[(*n)++];
}

static bool
same_value(const struct model_row *a, const struct model_row *b)
{
	return a->kind == b->kind && a->user == b->user && a->value == b->value;
}

static bool
is_visible(const struct model *m, const struct model_row *r)
{
	return r->count != 0 && r->day > m->today - 30 && r->day <= m->today;
}

/* Values without any day in the window. */
static void
model_sweep(struct model *m)
{
	for (size_t i = 0; i < m->nrows; i++) {
		bool seen = false;

		for (size_t j = 0; j < m->nrows; j++)
			seen = seen || (same_value(&m->rows[i], &m->rows[j]) && is_visible(m, &m->rows[j]));
		if (!seen)
			m->rows[i].count = 0;
	}
}

static void
model_turn(struct model *m, int32_t day)
{
	const int32_t ahead = day - m->today;
	const bool first = m->today == 0;

	if (ahead == 0 || ahead == -1)
		return;
	m->today = day;
	if (ahead < -30)
		m->swept = 0;
	if (first || ahead < 0 || ahead > 30 || day <= m->swept)
		return;
	m->swept = day;
	model_sweep(m);
}

static void
model_put(struct model *m, const struct model_row *what)
{
	for (size_t i = 0; i < m->nrows; i++) {
		struct model_row *r = &m->rows[i];

		if (same_value(r, what) && r->day != what->day && r->day % 30 == what->day % 30)
			r->count = 0;
	}
	row_of(m->rows, &m->nrows, what)->count += what->count;
}

static bool
model_has_later(const struct model *m, const struct model_row *what)
{
	for (size_t i = 0; i < m->nrows; i++) {
		const struct model_row *r = &m->rows[i];

		if (same_value(r, what) && r->count != 0 && r->day > what->day && r->day % 30 == what->day % 30)
			return true;
	}
	return false;
}

static unsigned
index_of(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(words[i], word) == 0)
			return (unsigned)i;
	}
	fail();
	return 0;
}

static struct model_row
row_from(const struct usual_row *r)
{
	return (struct model_row){.kind = r->key.kind, .user = index_of(users, 3, r->key.user),
	    .value = index_of(values, 5, r->key.value), .day = r->day, .count = r->count};
}

static void
keep(const struct usual_row *r, void *arg)
{
	struct model *m = arg;
	const struct model_row row = row_from(r);

	row_of(m->kept, &m->nkept, &row)->count = row.count;
}

static struct usual
model_ask(const struct model *m, const struct model_row *key, int32_t day)
{
	struct usual u = {0};
	bool has[5] = {false};

	for (size_t i = 0; i < m->nrows; i++) {
		const struct model_row *r = &m->rows[i];
		const bool mine = same_value(r, key) && r->count != 0;

		if (mine && r->day == day)
			u.today = r->count;
		if (r->count == 0 || r->day <= day - 30 || r->day >= day)
			continue;
		u.data += r->kind == USUAL_ACTIVE && r->user == 0 && r->value == 0;
		u.active += r->kind == USUAL_ACTIVE && r->user == key->user && r->value == 0;
		if (r->kind == key->kind && r->user == key->user && !has[r->value]) {
			has[r->value] = true;
			u.values++;
		}
		if (!mine)
			continue;
		u.first = u.days == 0 || r->day < u.first ? r->day : u.first;
		u.last = u.days == 0 || r->day > u.last ? r->day : u.last;
		u.days++;
		u.count += r->count;
	}
	u.ready = u.data >= 14 && u.active >= 10;
	return u;
}

static void
assert_same(const struct usual *a, const struct usual *b)
{
	assert_int_equal(a->ready, b->ready);
	assert_int_equal(a->data, b->data);
	assert_int_equal(a->active, b->active);
	assert_int_equal(a->days, b->days);
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->first, b->first);
	assert_int_equal(a->last, b->last);
	assert_int_equal(a->values, b->values);
	assert_int_equal(a->today, b->today);
}

static void
count_row(const struct usual_row *r, void *arg)
{
	struct model *m = arg;
	struct model_row row = row_from(r);

	assert_int_equal(row_of(m->rows, &m->nrows, &row)->count, r->count);
	m->swept++; /* of a copy: how many came */
}

static void
assert_each(const struct baseline *b, const struct model *m, struct model *copy)
{
	int32_t rows = 0;

	*copy = *m;
	copy->swept = 0;
	baseline_each(b, NULL, count_row, copy);
	for (size_t i = 0; i < m->nrows; i++)
		rows += is_visible(m, &m->rows[i]);
	assert_int_equal(copy->swept, rows);
}

/* What the keeper has of the window is what there is. */
static void
assert_kept(struct baseline *b, struct model *m)
{
	while (baseline_changed(b, 1 + dice(40), keep, m) > 0)
		;
	for (size_t i = 0; i < m->nrows; i++) {
		const struct model_row *r = &m->rows[i];

		if (is_visible(m, r))
			assert_int_equal(row_of(m->kept, &m->nkept, r)->count, r->count);
	}
}

/* The last second's work is lost; the window comes back from what was kept, with nothing left to tell. */
static struct baseline *
started_again(struct baseline *b, struct model *m)
{
	assert_kept(b, m);
	baseline_free(&b);
	b = kit_baseline();
	for (size_t i = 0; i < m->nrows; i++) {
		struct model_row *r = &m->rows[i];

		if (!is_visible(m, r))
			r->count = 0;
		else
			baseline_restore(b, &(struct usual_row){{r->kind, users[r->user], values[r->value]}, r->day,
			    r->count});
	}
	assert_int_equal(baseline_changed(b, 1, keep, m), 0);
	m->today = m->swept = 0;
	for (size_t i = 0; i < m->nrows; i++) {
		if (m->rows[i].count != 0 && m->rows[i].day > m->today)
			m->today = m->rows[i].day;
	}
	return b;
}

static int32_t
next_day(int32_t day)
{
	const uint32_t n = dice(1000);

	if (n < 20)
		return day + 1;
	if (n < 40)
		return day - 1;
	if (n < 42)
		return day + (int32_t)dice(60);
	if (n < 44)
		return day > 200 ? day - (int32_t)dice(60) : day;
	if (n == 44)
		return 1000 + (int32_t)dice(30000);
	return day;
}

static void
step(struct baseline **b, struct model *m, struct model *copy, int32_t day)
{
	const struct model_row what = {.kind = dice(3) == 0 ? USUAL_ACTIVE : USUAL_ACTIVE + dice(3), .user = dice(3),
	    .value = dice(3) == 0 ? 0 : dice(5), .day = day, .count = 1 + dice(3)};
	const struct usual_key key = {what.kind, users[what.user], values[what.value]};
	const struct usual_row row = {key, day, what.count};
	const uint32_t n = dice(1000);
	struct usual got, want;

	if (n == 0) {
		*b = started_again(*b, m);
	} else if (n < 3) {
		baseline_forget(*b, users[what.user]);
		for (size_t i = 0; i < m->nrows; i++)
			m->rows[i].count = m->rows[i].user == what.user ? 0 : m->rows[i].count;
	} else if (n < 30) {
		assert_each(*b, m, copy);
	} else if (n < 50) {
		assert_kept(*b, m);
	} else if (n < 200) {
		baseline_add(*b, &row);
		if (day <= m->today - 30)
			return;
		m->today = day > m->today ? day : m->today;
		if (!model_has_later(m, &what))
			model_put(m, &what);
	} else if (n < 600) {
		baseline_note(*b, &key, kit_at(day), what.count);
		model_turn(m, day);
		model_put(m, &what);
	} else {
		baseline_ask(*b, &key, kit_at(day), &got);
		want = model_ask(m, &what, day);
		assert_same(&got, &want);
	}
}

static void
random_histories_are_as_the_model_has_them(void **state)
{
	struct model *m = calloc(2, sizeof(*m));

	(void)state;
	assert_non_null(m);
	for (uint32_t round = 1; round <= 8; round++) {
		struct baseline *b = kit_baseline();
		int32_t day = START;

		memset(m, 0, sizeof(*m));
		dice_seed(round * 2654435761u);
		for (unsigned i = 0; i < 6000; i++) {
			day = next_day(day);
			step(&b, &m[0], &m[1], day);
		}
		assert_kept(b, m);
		baseline_free(&b);
	}
	free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_histories_are_as_the_model_has_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
