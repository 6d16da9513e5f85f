/* baseline/room: who makes room, how much at a time, and that it is told. */
#include <stdio.h>

#include "tests/unit/baseline_kit.h"

static const char *
numbered(const char *word, unsigned n)
{
	static char text[64];

	(void)snprintf(text, sizeof(text), "%s%u", word, n);
	return text;
}

static void
of_a_kind_the_least_seen_make_room(void **state)
{
	struct baseline *b = kit_baseline();
	struct baseline_stats s;

	(void)state;
	for (int day = 0; day < 3; day++)
		kit_note(b, USUAL_DESTINATION, "alice", "often", START + day, 1);
	kit_note(b, USUAL_DESTINATION, "bob", "his", START, 1);
	kit_note(b, USUAL_ORIGIN, "alice", "hers", START, 1);
	for (unsigned i = 1; i < ST_USUAL_VALUES; i++)
		kit_note(b, USUAL_DESTINATION, "alice", numbered("d", i), START + 3 + (i >= 100), 1);
	baseline_stats(b, &s);
	assert_int_equal(s.dropped, 0);
	assert_int_equal(kit_ask(b, USUAL_DESTINATION, "alice", "often", START + 5).values, ST_USUAL_VALUES);
	kit_note(b, USUAL_DESTINATION, "alice", "one more", START + 5, 1);
	baseline_stats(b, &s);
	assert_int_equal(s.dropped, ST_USUAL_VALUES / 16 + 1);
	assert_int_equal(kit_ask(b, USUAL_DESTINATION, "alice", "often", START + 5).values, ST_USUAL_VALUES - s.dropped);
	assert_int_equal(kit_ask(b, USUAL_DESTINATION, "alice", "often", START + 6).days, 3);
	assert_int_equal(kit_ask(b, USUAL_DESTINATION, "alice", "d1", START + 6).days, 0); /* the oldest day's */
	assert_int_equal(kit_ask(b, USUAL_DESTINATION, "alice", "d500", START + 6).days, 1);
	assert_int_equal(kit_ask(b, USUAL_DESTINATION, "alice", "one more", START + 6).days, 1);
	assert_int_equal(kit_ask(b, USUAL_DESTINATION, "bob", "his", START + 6).days, 1);
	assert_int_equal(kit_ask(b, USUAL_ORIGIN, "alice", "hers", START + 6).days, 1);
	baseline_free(&b);
}

static void
the_host_has_room_for_more_pairs(void **state)
{
	struct baseline *b = kit_baseline();
	struct baseline_stats s;

	(void)state;
	for (unsigned i = 0; i < ST_USUAL_HOST; i++)
		kit_note(b, USUAL_PAIR, "", numbered("p", i), START, 1);
	baseline_stats(b, &s);
	assert_int_equal(s.entries, ST_USUAL_HOST);
	assert_int_equal(s.dropped, 0);
	kit_note(b, USUAL_PAIR, "", "more", START, 1);
	baseline_stats(b, &s);
	assert_true(s.entries < ST_USUAL_HOST && s.dropped > 0);
	baseline_free(&b);
}

static void
nobody_pushes_others_out(void **state)
{
	static const enum usual_kind kinds[] = {USUAL_ORIGIN, USUAL_KEY, USUAL_DESTINATION, USUAL_PAIR, USUAL_HOUR,
	    USUAL_DURATION, USUAL_VOLUME, USUAL_SESSIONS, USUAL_TOLD};
	struct baseline *b = kit_baseline();
	struct baseline_stats s;
	char user[32], value[32];

	(void)state;
	kit_log_in(b, "small", START);
	kit_note(b, USUAL_ORIGIN, "small", "mine", START, 1);
	for (unsigned i = 0; i < 40; i++) {
		(void)snprintf(user, sizeof(user), "greedy%u", i);
		kit_log_in(b, user, START);
		for (unsigned j = 0; j < ST_USUAL_VALUES * 9; j++) {
			(void)snprintf(value, sizeof(value), "%u", j);
			kit_note(b, kinds[j % 9], user, value, START + 1, 1);
		}
	}
	baseline_stats(b, &s);
	assert_true(s.entries <= ST_USUAL_ENTRIES && s.entries > ST_USUAL_ENTRIES * 15 / 16);
	assert_true(s.dropped > 0);
	assert_int_equal(kit_ask(b, USUAL_ORIGIN, "small", "mine", START + 2).days, 1);
	assert_int_equal(kit_ask(b, USUAL_ORIGIN, "small", "mine", START + 2).active, 1);
	assert_int_equal(kit_ask(b, USUAL_ORIGIN, "greedy0", "x", START + 2).active, 1);
	kit_note(b, USUAL_ORIGIN, "newcomer", "first", START + 1, 1);
	assert_int_equal(kit_ask(b, USUAL_ORIGIN, "newcomer", "first", START + 2).days, 1);
	baseline_free(&b);
}

/* --- what made room is told as no more --- */

struct told {
	unsigned zero, nonzero;
	bool after; /* the last row of "d1" has a count */
};

static void
hear(const struct usual_row *r, void *arg)
{
	struct told *t = arg;

	if (r->count == 0)
		t->zero++;
	else
		t->nonzero++;
	if (strcmp(r->key.value, "d1") == 0)
		t->after = r->count != 0;
}

static void
what_made_room_is_told_as_no_more(void **state)
{
	struct baseline *b = kit_baseline();
	struct told t = {0};

	(void)state;
	for (unsigned i = 0; i < ST_USUAL_VALUES; i++)
		kit_note(b, USUAL_DESTINATION, "alice", numbered("d", i), START + (i >= 100), 1);
	assert_int_equal(baseline_changed(b, SIZE_MAX, hear, &t), ST_USUAL_VALUES);
	assert_int_equal(t.nonzero, ST_USUAL_VALUES);
	t = (struct told){0};
	kit_note(b, USUAL_DESTINATION, "alice", "more", START + 2, 1);
	kit_note(b, USUAL_DESTINATION, "alice", "d1", START, 1); /* comes back */
	baseline_changed(b, SIZE_MAX, hear, &t);
	assert_int_equal(t.zero, ST_USUAL_VALUES / 16 + 1);
	assert_int_equal(t.nonzero, 2);
	assert_true(t.after);
	baseline_tell_all(b);
	t = (struct told){0};
	baseline_changed(b, SIZE_MAX, hear, &t);
	assert_int_equal(t.nonzero, ST_USUAL_VALUES - ST_USUAL_VALUES / 16 + 1);
	baseline_forget(b, NULL);
	assert_int_equal(baseline_changed(b, SIZE_MAX, hear, &t), 0);
	baseline_free(&b);
}

/* --- nothing is done to a full table in one go --- */

static const char *
numbered_user(unsigned i)
{
	static char text[16];

	(void)snprintf(text, sizeof(text), "user%05u", i);
	return text;
}

static uint64_t
entries(const struct baseline *b)
{
	struct baseline_stats s;

	baseline_stats(b, &s);
	return s.entries;
}

/* On one day, and what is usual of it a month later. */
static struct baseline *
with_a_day_of_many(unsigned n)
{
	struct baseline *b = kit_baseline();

	for (unsigned i = 0; i < n; i++)
		kit_note(b, i % 3 == 0 ? USUAL_ORIGIN : USUAL_KEY, numbered_user(i / 2), "old", START, 1);
	kit_note(b, USUAL_ORIGIN, "zoe", "10.0.0.0/24", START + 10, 1);
	kit_note(b, USUAL_ORIGIN, "zoe", "10.0.0.0/24", START + 29, 1);
	return b;
}

static void
what_is_old_goes_in_steps(void **state)
{
	struct baseline *b = with_a_day_of_many(3 * ST_USUAL_STEP);
	uint64_t before = entries(b);
	unsigned steps = 0;

	(void)state;
	for (; entries(b) > 1 && steps < 5; steps++, before = entries(b)) {
		kit_note(b, USUAL_ORIGIN, "zoe", "10.0.0.0/24", START + 30, 1);
		assert_true(entries(b) + ST_USUAL_STEP >= before);
		assert_int_equal(kit_ask(b, USUAL_KEY, numbered_user(1), "old", START + 30).days, 0);
	}
	assert_int_equal(steps, 3);
	assert_int_equal(kit_ask(b, USUAL_ORIGIN, "zoe", "10.0.0.0/24", START + 31).days, 3);
	baseline_free(&b);
}

/* It began by a clock that was right. */
static void
a_clock_that_leaps_meanwhile_takes_nothing_away(void **state)
{
	struct baseline *b = with_a_day_of_many(3 * ST_USUAL_STEP);

	(void)state;
	kit_note(b, USUAL_ORIGIN, "zoe", "10.0.0.0/24", START + 30, 1);
	kit_note(b, USUAL_ORIGIN, "adam", "10.0.0.0/24", START + 9000, 1);
	for (unsigned i = 0; i < 4; i++)
		kit_note(b, USUAL_ORIGIN, "bob", "10.0.0.0/24", START + 9000, 1);
	assert_int_equal(entries(b), 3);
	assert_int_equal(kit_ask(b, USUAL_ORIGIN, "zoe", "10.0.0.0/24", START + 31).days, 3);
	baseline_free(&b);
}

static void
users_have_a_cap(void **state)
{
	struct baseline *b = kit_baseline();
	struct baseline_stats s;

	(void)state;
	for (unsigned i = 0; i < ST_USUAL_USERS; i++)
		kit_note(b, USUAL_ACTIVE, numbered_user(i), "", START, 1);
	kit_note(b, USUAL_ACTIVE, "zoe", "", START, 1);
	kit_note(b, USUAL_ORIGIN, numbered_user(7), "x", START, 1);
	baseline_stats(b, &s);
	assert_int_equal(s.users, ST_USUAL_USERS);
	assert_int_equal(s.dropped, 1);
	assert_int_equal(kit_ask(b, USUAL_ORIGIN, numbered_user(7), "x", START + 1).days, 1);
	baseline_forget(b, numbered_user(8));
	kit_note(b, USUAL_ACTIVE, "zoe", "", START, 1);
	assert_int_equal(kit_ask(b, USUAL_ACTIVE, "zoe", "", START + 1).days, 1);
	baseline_free(&b);
}

/* Many who have a little give room for many values: all of them are not looked at for each. */
static void
who_has_little_does_not_give_alone(void **state)
{
	struct baseline *b = kit_baseline();
	char value[16];

	(void)state;
	for (unsigned i = 0; i < ST_USUAL_ENTRIES; i++) {
		(void)snprintf(value, sizeof(value), "%u", i % 4);
		kit_note(b, USUAL_DESTINATION, numbered_user(i / 4), value, START, 1);
	}
	assert_int_equal(entries(b), ST_USUAL_ENTRIES);
	kit_note(b, USUAL_DESTINATION, numbered_user(9), "more", START, 1);
	assert_true(entries(b) < ST_USUAL_ENTRIES - 200 && entries(b) > ST_USUAL_ENTRIES - 300);
	assert_int_equal(baseline_values(b, numbered_user(60000)), 4);
	assert_int_equal(baseline_count(b, &(struct usual_key){USUAL_DESTINATION, numbered_user(9), "more"}, START), 1);
	assert_int_equal(baseline_count(b, &(struct usual_key){USUAL_DESTINATION, numbered_user(9), "more"}, START - 1), 0);
	baseline_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_a_kind_the_least_seen_make_room),
		cmocka_unit_test(the_host_has_room_for_more_pairs),
		cmocka_unit_test(nobody_pushes_others_out),
		cmocka_unit_test(what_made_room_is_told_as_no_more),
		cmocka_unit_test(what_is_old_goes_in_steps),
		cmocka_unit_test(a_clock_that_leaps_meanwhile_takes_nothing_away),
		cmocka_unit_test(users_have_a_cap),
		cmocka_unit_test(who_has_little_does_not_give_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
