/*
 * bench-policy: how long a policy takes to load and to decide.
 *
 *   load      10,000 rules of each shape; of some, with a table of 1,000,000 entries as well
 *   decide    with 10, 100, 1,000, 10,000 rules of each shape, and what the largest costs in proportion
 *
 * One run, one thread, its own processor time.  Fails where the largest takes two seconds to load, or a decision
 * more than one and a half times what it takes with 10 rules.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/policy_shapes.h"

#define ENTRIES   1000000
#define ROUNDS    40
#define MOST_LOAD 2.0
#define MOST      1.5

static const unsigned sizes[] = {10, 100, 1000, SHAPE_RULES};
#define NSIZES (sizeof(sizes) / sizeof(sizes[0]))

static bool
measure(const struct shape *s)
{
	struct policy *policies[NSIZES];
	double ns[NSIZES] = {0}, load = 0, ratio;
	bool ok;

	for (size_t i = 0; i < NSIZES; i++) {
		double begin = thread_seconds();

		policies[i] = shape_policy(s, sizes[i], sizes[i] < SHAPE_RULES ? sizes[i] : ENTRIES);
		load = thread_seconds() - begin;
		if (policies[i] == NULL)
			exit(1);
	}
	shape_measure(s, sizes, policies, NSIZES, ROUNDS, ns);
	ratio = ns[NSIZES - 1] / ns[0];
	ok = load < MOST_LOAD && ratio <= MOST;
	(void)printf("%-22s %8.0f", s->name, load * 1e3);
	for (size_t i = 0; i < NSIZES; i++) {
		(void)printf(" %8.0f", ns[i]);
		pol_free(&policies[i]);
	}
	(void)printf(" %8.2f%s\n", ratio, ok ? "" : "  too slow");
	return ok;
}

int
main(void)
{
	bool ok = true;

	(void)printf("%-22s %8s", "nanoseconds a decision", "load, ms");
	for (size_t i = 0; i < NSIZES; i++)
		(void)printf(" %8u", sizes[i]);
	(void)printf("    ratio\n");
	for (size_t i = 0; i < nshapes; i++)
		ok = measure(&shapes[i]) && ok;
	(void)printf("\n\"listed\": with a table, of %u entries where the rules are %u\n", ENTRIES, SHAPE_RULES);
	return ok ? 0 : 1;
}
