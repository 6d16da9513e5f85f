/* at_most: so many alerts of a rule in a time, and how many more there were. */
#include "agentd/engine/at_most.h"
#include "tests/unit/unit.h"

static void
at_most_one_a_day_and_the_next_says_how_many(void **state)
{
	const struct pol_rate rate = {.n = 2, .window_ms = 86400000};
	const struct bytes alice = BYTES_LIT("alice"), bob = BYTES_LIT("bob");
	struct at_most *a = at_most_new();
	struct mtime now = {.ns = 5000000000};
	uint64_t held = 9, lost = 0;

	(void)state;
	assert_true(at_most_take(a, 1, alice, &rate, now, &held, &lost) && held == 0);
	assert_true(at_most_take(a, 1, alice, &rate, now, &held, &lost));
	for (int i = 0; i < 7; i++)
		assert_false(at_most_take(a, 1, alice, &rate, now, &held, &lost));
	assert_true(at_most_take(a, 1, bob, &rate, now, &held, &lost) && held == 0);
	assert_true(at_most_take(a, 2, alice, &rate, now, &held, &lost) && held == 0);
	now = mtime_after(now, rate.window_ms - 1);
	assert_false(at_most_take(a, 1, alice, &rate, now, &held, &lost));
	now = mtime_after(now, 1);
	assert_true(at_most_take(a, 1, alice, &rate, now, &held, &lost));
	assert_int_equal(held, 8);
	assert_true(at_most_take(a, 1, alice, &rate, now, &held, &lost) && held == 0);
	assert_int_equal(lost, 0);
	at_most_free(&a);
}

/* More of them than there is room for: each is told once at least, and what goes untold is known. */
static void
at_most_has_a_cap(void **state)
{
	const struct pol_rate rate = {.n = 1, .window_ms = 86400000};
	struct at_most *a = at_most_new();
	uint64_t held, lost, untold = 0, told = 0;
	const unsigned n = 8 * 4096;

	(void)state;
	for (unsigned i = 0; i < 2 * n; i++) {
		const struct mtime now = {.ns = (int64_t)(i + 1) * 1000};

		assert_true(at_most_take(a, i / 2 + 1, BYTES_LIT("eve"), &rate, now, &held, &lost) == (i % 2 == 0));
		untold += lost;
		told += held;
	}
	assert_int_equal(told, 0);
	assert_true(untold >= n - 4096 && untold < n);
	at_most_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_most_one_a_day_and_the_next_says_how_many),
		cmocka_unit_test(at_most_has_a_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
