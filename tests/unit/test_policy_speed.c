/*
 * What a large policy costs in proportion to a small one, in one run: a walk over all rules would cost hundreds
 * of times as much.  The bound leaves room for busy machines and sanitizers; `make bench-policy` has figures.
 */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "tests/bench/policy_shapes.h"

#define SMALL  10
#define ROUNDS 5
#define BOUND  4.0

static void
decisions_do_not_grow(void **state)
{
	static const unsigned sizes[2] = {SMALL, SHAPE_RULES};

	(void)state;
	for (size_t i = 0; i < nshapes; i++) {
		struct policy *policies[2];
		double ns[2];

		for (size_t k = 0; k < 2; k++) {
			policies[k] = shape_policy(&shapes[i], sizes[k]);
			assert_non_null(policies[k]);
		}
		shape_measure(&shapes[i], sizes, policies, 2, ROUNDS, ns);
		for (size_t k = 0; k < 2; k++)
			pol_free(&policies[k]);
		if (ns[1] > BOUND * ns[0])
			fail_msg("%s: %.0f ns with %u rules, %.0f ns with %u", shapes[i].name, ns[0], SMALL, ns[1],
			    SHAPE_RULES);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(decisions_do_not_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
