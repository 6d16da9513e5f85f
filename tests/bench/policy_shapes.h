/*
 * policy_shapes: policies of any size in the shapes that fleets have, and questions that they answer, for
 * measurements.  The questions of a small policy and of a large one are of the same kind.
 */
#ifndef TESTS_BENCH_POLICY_SHAPES_H
#define TESTS_BENCH_POLICY_SHAPES_H

#include "policy/policy.h"

struct asked {
	struct question q;
	char user[32], principal[32], exe[48];
	struct bytes group[3], principals[2];
};

struct shape {
	const char *name;
	void (*rule)(unsigned i, unsigned n, struct buf *);     /* the i-th of n */
	void (*ask)(unsigned i, unsigned n, struct asked *); /* what that rule, or a later one, decides */
};

extern const struct shape shapes[];
extern const size_t nshapes;

/* NULL: an error, on stderr. */
struct policy *shape_policy(const struct shape *, unsigned nrules);

/*
 * Nanoseconds that a decision takes with each of the policies: the best of some rounds, in each of which all
 * take their turn; the questions hit all of the rules alike.
 */
void shape_measure(const struct shape *, const unsigned *nrules, struct policy *const *, size_t n,
    unsigned rounds, double *ns);

#endif
