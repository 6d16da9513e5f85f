/* gaps: holes in the serials, in spite of disorder, wrap and reboot. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "agentd/audit/gaps.h"

static void
see(struct gaps *g, uint32_t serial)
{
	gaps_seen(g, serial, (struct rtime){.ms = 1000});
}

static void
expect(const struct gaps *g, uint64_t holes, uint64_t missing)
{
	assert_int_equal(g->holes, holes);
	assert_int_equal(g->missing, missing);
}

static void
nothing_is_nothing(void **state)
{
	struct gaps g = {0};

	(void)state;
	gaps_settle(&g);
	gaps_flush(&g);
	expect(&g, 0, 0);
}

static void
order_does_not_matter(void **state)
{
	struct gaps g = {0};

	(void)state;
	see(&g, 100);
	see(&g, 104);
	see(&g, 102);
	see(&g, 101);
	see(&g, 102);
	see(&g, 103);
	gaps_flush(&g);
	expect(&g, 0, 0);
}

static void
a_run_is_one_hole(void **state)
{
	struct gaps g = {0};

	(void)state;
	see(&g, 1);
	see(&g, 5); /* 2, 3, 4 */
	see(&g, 7); /* 6 */
	gaps_flush(&g);
	expect(&g, 2, 4);
	see(&g, 8); /* goes on where it was */
	see(&g, 10);
	gaps_flush(&g);
	expect(&g, 3, 5);
}

static void
a_hole_has_time_to_close(void **state)
{
	struct gaps g = {0};

	(void)state;
	see(&g, 1);
	see(&g, 3);
	gaps_settle(&g); /* 3 is the mark now */
	expect(&g, 0, 0);
	see(&g, 2);
	see(&g, 5);
	gaps_settle(&g); /* decides what was before 3 */
	expect(&g, 0, 0);
	gaps_settle(&g); /* 4 is missing */
	expect(&g, 1, 1);
	see(&g, 4); /* too late to matter */
	gaps_flush(&g);
	expect(&g, 1, 1);
}

static void
settling_again_and_again_changes_nothing(void **state)
{
	struct gaps g = {0};

	(void)state;
	see(&g, 9);
	for (int i = 0; i < 5; i++)
		gaps_settle(&g);
	gaps_flush(&g);
	for (int i = 0; i < 5; i++)
		gaps_settle(&g);
	expect(&g, 0, 0);
	see(&g, 11);
	gaps_flush(&g);
	expect(&g, 1, 1);
}

static void
far_behind_counts_without_waiting(void **state)
{
	struct gaps g = {0};

	(void)state;
	see(&g, 1);
	for (uint32_t s = 3; s < 3 + 2 * GAPS_WINDOW; s++)
		see(&g, s);
	expect(&g, 1, 1);
}

static void
a_great_leap_is_one_hole(void **state)
{
	struct gaps g = {0};

	(void)state;
	see(&g, 1);
	see(&g, 3);
	see(&g, 1000004);
	gaps_flush(&g);
	expect(&g, 2, 1 + 1000000);
}

static void
serials_wrap(void **state)
{
	struct gaps g = {0};

	(void)state;
	see(&g, UINT32_MAX - 1);
	see(&g, 1); /* −1 and 0 are missing */
	see(&g, 0);
	gaps_flush(&g);
	expect(&g, 1, 1);
}

static void
a_reboot_is_no_gap(void **state)
{
	struct gaps g = {0};

	(void)state;
	gaps_seen(&g, 1000000, (struct rtime){.ms = 1000});
	gaps_seen(&g, 1000001, (struct rtime){.ms = 1000});
	gaps_seen(&g, 1, (struct rtime){.ms = 500}); /* a stray one */
	gaps_seen(&g, 1000002, (struct rtime){.ms = 1000});
	gaps_flush(&g);
	expect(&g, 0, 0);
	gaps_seen(&g, 1, (struct rtime){.ms = 5000});
	gaps_seen(&g, 3, (struct rtime){.ms = 5000});
	gaps_flush(&g);
	expect(&g, 1, 1);
}

/* Against a plain count: 100000 serials, some lost, shuffled within a distance. */
static void
agrees_with_counting(void **state)
{
	enum { N = 100000, FAR = 500 };
	static uint32_t order[N];
	struct gaps g = {0};
	uint64_t missing = 0, holes = 0;
	unsigned seed = 7, n = 0;
	bool hole = false;

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		seed = seed * 1103515245u + 12345u;
		bool lost = i > 0 && i < N - 1 && (seed >> 16) % 20 == 0;

		missing += lost;
		holes += lost && !hole;
		hole = lost;
		if (!lost)
			order[n++] = UINT32_MAX - 50000 + i;
	}
	for (unsigned i = FAR; i + FAR < n; i++) {
		seed = seed * 1103515245u + 12345u;
		unsigned j = i + (seed >> 16) % FAR;
		uint32_t swap = order[i];

		order[i] = order[j];
		order[j] = swap;
	}
	for (unsigned i = 0; i < n; i++)
		see(&g, order[i]);
	gaps_flush(&g);
	expect(&g, holes, missing);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_nothing),
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(a_run_is_one_hole),
		cmocka_unit_test(a_hole_has_time_to_close),
		cmocka_unit_test(settling_again_and_again_changes_nothing),
		cmocka_unit_test(far_behind_counts_without_waiting),
		cmocka_unit_test(a_great_leap_is_one_hole),
		cmocka_unit_test(serials_wrap),
		cmocka_unit_test(a_reboot_is_no_gap),
		cmocka_unit_test(agrees_with_counting),
	};

	return cmocka_run_group_tests_name("gaps", tests, NULL, NULL);
}
