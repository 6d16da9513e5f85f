/* baseline/baseline: what it says of what was noted, whatever becomes of the clock, and how fast. */
#include <stdio.h>
#include <time.h>

#include "tests/unit/baseline_kit.h"
#include "tests/unit/dice.h"

/* --- what it says --- */

static void
days_before_count_and_todays_do_not(void **state)
{
	struct baseline *b = kit_baseline();
	struct usual u;

	(void)state;
	assert_int_equal(kit_note(b, USUAL_ORIGIN, "alice", "192.0.2.0/24", START, 1), 0);
	assert_int_equal(kit_note(b, USUAL_ORIGIN, "alice", "192.0.2.0/24", START, 2), 1);
	kit_note(b, USUAL_ORIGIN, "alice", "192.0.2.0/24", START + 2, 4);
	kit_note(b, USUAL_ORIGIN, "alice", "10.0.0.0/24", START + 2, 1);
	u = kit_ask(b, USUAL_ORIGIN, "alice", "192.0.2.0/24", START + 2);
	assert_int_equal(u.days, 1);
	assert_int_equal(u.count, 3);
	assert_int_equal(u.today, 4);
	assert_int_equal(u.first, START);
	assert_int_equal(u.last, START);
	assert_int_equal(u.values, 1); /* the other is of today */
	u = kit_ask(b, USUAL_ORIGIN, "alice", "192.0.2.0/24", START + 3);
	assert_int_equal(u.days, 2);
	assert_int_equal(u.count, 7);
	assert_int_equal(u.last, START + 2);
	assert_int_equal(u.values, 2);
	u = kit_ask(b, USUAL_ORIGIN, "bob", "192.0.2.0/24", START + 3);
	assert_int_equal(u.days + u.values, 0);
	u = kit_ask(b, USUAL_DESTINATION, "alice", "192.0.2.0/24", START + 3);
	assert_int_equal(u.days + u.values, 0);
	baseline_free(&b);
}

static void
it_is_ready_after_days_of_the_host_and_of_the_user(void **state)
{
	struct baseline *b = kit_baseline();

	(void)state;
	for (int day = 0; day < 14; day++) {
		kit_log_in(b, "alice", START + day);
		if (day < 9)
			kit_log_in(b, "bob", START + day);
		assert_false(kit_ask(b, USUAL_ORIGIN, "alice", "x", START + day).ready);
	}
	assert_true(kit_ask(b, USUAL_ORIGIN, "alice", "x", START + 14).ready);
	assert_int_equal(kit_ask(b, USUAL_ORIGIN, "alice", "x", START + 14).data, 14);
	assert_false(kit_ask(b, USUAL_ORIGIN, "bob", "x", START + 14).ready);
	assert_int_equal(kit_ask(b, USUAL_ORIGIN, "bob", "x", START + 14).active, 9);
	kit_log_in(b, "bob", START + 14);
	assert_true(kit_ask(b, USUAL_ORIGIN, "bob", "x", START + 15).ready);
	assert_false(kit_ask(b, USUAL_ORIGIN, "carol", "x", START + 15).ready);
	baseline_hold(b, true);
	assert_false(kit_ask(b, USUAL_ORIGIN, "alice", "x", START + 15).ready);
	baseline_hold(b, false);
	assert_true(kit_ask(b, USUAL_ORIGIN, "alice", "x", START + 15).ready);
	assert_false(kit_ask(b, USUAL_ORIGIN, "alice", "x", START + 60).ready); /* it has forgotten */
	baseline_free(&b);
}

static void
the_highest_is_what_enough_days_reached(void **state)
{
	struct baseline *b = kit_baseline();

	(void)state;
	kit_note(b, USUAL_SESSIONS, "alice", "2", START, 9);
	kit_note(b, USUAL_SESSIONS, "alice", "10", START, 1);
	kit_note(b, USUAL_SESSIONS, "alice", "3", START + 1, 1);
	kit_note(b, USUAL_SESSIONS, "alice", "9", START + 2, 1);
	kit_note(b, USUAL_SESSIONS, "alice", "99", START + 3, 1);
	kit_note(b, USUAL_SESSIONS, "alice", "no number", START + 2, 1);
	assert_int_equal(baseline_high(b, USUAL_SESSIONS, "alice", kit_at(START + 3), 1), 10);
	assert_int_equal(baseline_high(b, USUAL_SESSIONS, "alice", kit_at(START + 3), 2), 9);
	assert_int_equal(baseline_high(b, USUAL_SESSIONS, "alice", kit_at(START + 3), 3), 3);
	assert_int_equal(baseline_high(b, USUAL_SESSIONS, "alice", kit_at(START + 3), 4), -1);
	assert_int_equal(baseline_high(b, USUAL_SESSIONS, "bob", kit_at(START + 3), 1), -1);
	baseline_free(&b);
}

static void
values_have_their_forms(void **state)
{
	const struct rtime monday = {.ms = 1704067200000}; /* 2024-01-01T00:00:00Z */
	enum usual_kind kind;
	struct addr a;
	char net[USUAL_NET_STRLEN];

	(void)state;
	assert_int_equal(usual_hour(monday), 0);
	assert_int_equal(usual_hour((struct rtime){.ms = monday.ms - 1}), 167);
	assert_int_equal(usual_hour((struct rtime){.ms = monday.ms + 25 * 3600000}), 25);
	assert_int_equal(usual_hour((struct rtime){.ms = -1}), 71); /* a Wednesday's last */
	assert_int_equal(usual_day((struct rtime){.ms = -1}), -1);
	assert_int_equal(usual_day((struct rtime){.ms = KIT_DAY_MS}), 1);
	assert_true(usual_day((struct rtime){.ms = INT64_MAX}) > 0);
	assert_true(usual_day((struct rtime){.ms = INT64_MIN}) < 0);
	for (unsigned step = 0; step < 100; step++) {
		assert_int_equal(usual_step(usual_step_from(step)), step);
		if (step > 0)
			assert_int_equal(usual_step(usual_step_from(step) - 1), step - 1);
	}
	assert_int_equal(usual_step(0), 0);
	assert_int_equal(usual_step_from(usual_step(UINT64_MAX) + 9), UINT64_MAX);
	for (unsigned i = 0; i < USUAL_COUNT; i++) {
		assert_true(usual_parse(bytes_of(usual_name((enum usual_kind)i)), &kind));
		assert_int_equal(kind, i);
	}
	assert_false(usual_parse(bytes_of("nothing"), &kind));
	assert_true(addr_parse(bytes_of("192.0.2.77"), &a));
	assert_string_equal(usual_net(a, net), "192.0.2.0/24");
	assert_true(addr_parse(bytes_of("2001:db8:0:1:ffff:ffff:ffff:ffff"), &a));
	assert_string_equal(usual_net(a, net), "2001:db8:0:1::/64");
	assert_string_equal(usual_net((struct addr){0}, net), "");
}

static void
long_texts_are_cut(void **state)
{
	struct baseline *b = kit_baseline();
	char longer[400], cut[ST_USUAL_TEXT];

	(void)state;
	memset(longer, 'a', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	memset(cut, 'a', sizeof(cut));
	cut[sizeof(cut) - 1] = '\0';
	kit_note(b, USUAL_KEY, longer, longer, START, 1);
	assert_int_equal(kit_ask(b, USUAL_KEY, longer, longer, START).today, 1);
	assert_int_equal(kit_ask(b, USUAL_KEY, cut, cut, START).today, 1);
	cut[sizeof(cut) - 2] = '\0';
	assert_int_equal(kit_ask(b, USUAL_KEY, cut, cut, START).today, 0);
	baseline_free(&b);
}

static void
counts_do_not_wrap(void **state)
{
	struct baseline *b = kit_baseline();

	(void)state;
	kit_note(b, USUAL_KEY, "alice", "k", START, UINT32_MAX - 1);
	kit_note(b, USUAL_KEY, "alice", "k", START, 5);
	assert_int_equal(kit_ask(b, USUAL_KEY, "alice", "k", START).today, UINT32_MAX);
	baseline_add(b, &(struct usual_row){{USUAL_KEY, "alice", "k"}, START, 7});
	assert_int_equal(kit_ask(b, USUAL_KEY, "alice", "k", START).today, UINT32_MAX);
	baseline_free(&b);
}

/* --- time that is set --- */

static void
a_clock_that_is_wrong_for_a_moment_takes_nothing_away(void **state)
{
	struct baseline *b = kit_baseline();

	(void)state;
	for (int day = 0; day < 20; day++)
		kit_log_in(b, "alice", START + day);
	kit_log_in(b, "alice", START + 4000);
	kit_log_in(b, "alice", START + 20);
	assert_true(kit_ask(b, USUAL_ORIGIN, "alice", "x", START + 21).ready);
	kit_log_in(b, "alice", 3); /* 1970 */
	kit_log_in(b, "alice", START + 21);
	assert_true(kit_ask(b, USUAL_ORIGIN, "alice", "x", START + 22).data >= 20);
	assert_true(kit_ask(b, USUAL_ORIGIN, "alice", "x", START + 22).ready);
	baseline_free(&b);
}

static void
late_records_count_on_their_own_day(void **state)
{
	struct baseline *b = kit_baseline();

	(void)state;
	kit_note(b, USUAL_KEY, "alice", "k", START + 1, 1);
	kit_note(b, USUAL_KEY, "alice", "k", START, 1);
	kit_note(b, USUAL_KEY, "alice", "k", START + 1, 1);
	assert_int_equal(kit_ask(b, USUAL_KEY, "alice", "k", START + 1).days, 1);
	assert_int_equal(kit_ask(b, USUAL_KEY, "alice", "k", START + 2).days, 2);
	assert_int_equal(kit_ask(b, USUAL_KEY, "alice", "k", START + 2).count, 3);
	baseline_free(&b);
}

static void
what_has_left_the_window_is_gone(void **state)
{
	struct baseline *b = kit_baseline();
	struct baseline_stats s;

	(void)state;
	kit_note(b, USUAL_KEY, "old", "k", START, 1);
	for (int day = 1; day <= 29; day++)
		kit_note(b, USUAL_KEY, "alice", "k", START + day, 1);
	assert_int_equal(kit_ask(b, USUAL_KEY, "old", "k", START + 29).days, 1);
	assert_int_equal(kit_ask(b, USUAL_KEY, "old", "k", START + 30).days, 0);
	kit_note(b, USUAL_ORIGIN, "", "192.0.2.0/24", START + 29, 1); /* the host is nobody */
	baseline_stats(b, &s);
	assert_int_equal(s.users, 2);
	kit_note(b, USUAL_KEY, "alice", "k", START + 30, 1);
	baseline_stats(b, &s);
	assert_int_equal(s.users, 1);
	assert_int_equal(s.entries, 2);
	assert_int_equal(s.dropped, 0);
	baseline_free(&b);
	assert_null(b);
}

/* --- how fast --- */

static void
months_replay_in_seconds(void **state)
{
	const struct baseline_settings set = {.window = 30, .data = 14, .active = 10};
	struct baseline *b = baseline_new(&set);
	const clock_t before = clock();
	unsigned notes = 0;
	char user[16], value[32];

	(void)state;
	dice_seed(42);
	for (int day = 0; day < 45; day++) {
		for (unsigned i = 0; i < 5000; i++, notes++) {
			(void)snprintf(user, sizeof(user), "user%u", dice(200));
			(void)snprintf(value, sizeof(value), "10.0.%u.%u:22", dice(20), dice(10));
			kit_note(b, USUAL_DESTINATION, user, value, START + day, 1);
			(void)kit_ask(b, USUAL_DESTINATION, user, value, START + day);
		}
	}
	const double seconds = (double)(clock() - before) / CLOCKS_PER_SEC;

	print_message("%.0f notes and questions a second\n", notes / seconds);
	assert_true(seconds < 20); /* sanitized, on a busy machine; else about one */
	baseline_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(days_before_count_and_todays_do_not),
		cmocka_unit_test(it_is_ready_after_days_of_the_host_and_of_the_user),
		cmocka_unit_test(the_highest_is_what_enough_days_reached),
		cmocka_unit_test(values_have_their_forms),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(counts_do_not_wrap),
		cmocka_unit_test(a_clock_that_is_wrong_for_a_moment_takes_nothing_away),
		cmocka_unit_test(late_records_count_on_their_own_day),
		cmocka_unit_test(what_has_left_the_window_is_gone),
		cmocka_unit_test(months_replay_in_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
