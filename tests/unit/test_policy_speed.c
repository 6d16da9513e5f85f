/*
 * What a large policy costs in proportion to a small one, in one run: a decision at most half as much again, and a
 * load at most twice as much for each rule.  Both are measured by turns, until the best of each show it or will
 * not: a busy machine makes this test slower, not fail.  `make bench-policy` has figures.
 */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "tests/bench/policy_shapes.h"

#define SMALL   10
#define ENTRIES 50000 /* of a table */
#define ROUNDS  3     /* before a look at what they say */
#define LOOKS   60

static const unsigned sizes[2] = {SMALL, SHAPE_RULES};

static void
decisions_do_not_grow(void **state)
{
	(void)state;
	for (size_t i = 0; i < nshapes; i++) {
		struct policy *policies[2];
		double ns[2] = {0};
		unsigned looks = 0;

		for (size_t k = 0; k < 2; k++) {
			policies[k] = shape_policy(&shapes[i], sizes[k], k == 0 ? SMALL : ENTRIES);
			assert_non_null(policies[k]);
		}
		do
			shape_measure(&shapes[i], sizes, policies, 2, ROUNDS, ns);
		while (ns[1] > 1.5 * ns[0] && ++looks < LOOKS);
		for (size_t k = 0; k < 2; k++)
			pol_free(&policies[k]);
		if (looks == LOOKS)
			fail_msg("%s: %.0f ns with %u rules, %.0f ns with %u", shapes[i].name, ns[0], SMALL, ns[1],
			    SHAPE_RULES);
	}
}

/* Seconds for each rule, and the best so far. */
static double
load_time(const struct shape *s, unsigned nrules, double best)
{
	double begin = thread_seconds(), took;
	struct policy *pol = shape_policy(s, nrules, nrules);

	took = (thread_seconds() - begin) / nrules;
	assert_non_null(pol);
	pol_free(&pol);
	return best == 0 || took < best ? took : best;
}

/* What grows with the square of the rules would take ten times as long for each. */
static void
loads_do_not_grow(void **state)
{
	(void)state;
	for (size_t i = 0; i < nshapes; i++) {
		double few = 0, many = 0;
		unsigned looks = 0;

		do {
			few = load_time(&shapes[i], SHAPE_RULES / 10, few);
			many = load_time(&shapes[i], SHAPE_RULES, many);
		} while (many > 2 * few && ++looks < LOOKS);
		if (looks == LOOKS)
			fail_msg("%s: %.0f ns a rule with %u, %.0f ns with %u", shapes[i].name, few * 1e9, SHAPE_RULES / 10,
			    many * 1e9, SHAPE_RULES);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(decisions_do_not_grow),
	    cmocka_unit_test(loads_do_not_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
