/*
 * policy_shapes: policies of any size in the shapes that fleets have, and questions that they answer, for
 * measurements.  The questions of a small policy and of a large one are of the same kind.
 */
#ifndef TESTS_BENCH_POLICY_SHAPES_H
#define TESTS_BENCH_POLICY_SHAPES_H

#include "policy/policy.h"

/* What questions differ in; the rest is of a login as they are, with every fact known. */
struct asked {
	char user[20], principal[20], exe[32];
	struct addr origin, to;
	uint16_t port;
};

struct shape {
	const char *name;
	void (*rule)(unsigned i, struct buf *);
	void (*ask)(unsigned i, struct asked *); /* what that rule decides, or another */
	/* NULL: none.  Stands first, and decides half of the questions. */
	const char *table_rule;
	void (*entry)(unsigned i, struct buf *);
};

extern const struct shape shapes[];
extern const size_t nshapes;

#define SHAPE_RULES 10000 /* of a large one */

/* So many rules and, where the shape has a table, entries.  NULL: an error, on stderr. */
struct policy *shape_policy(const struct shape *, unsigned nrules, unsigned entries);

/* Seconds of this thread's processor. */
double thread_seconds(void);

/*
 * Nanoseconds that a decision takes with each of the policies: the best of what stands there and of some rounds,
 * in each of which all take their turn.  The questions hit all of the rules alike; each comes anew, as from the
 * engine.
 */
void shape_measure(const struct shape *, const unsigned *nrules, struct policy *const *, size_t n,
    unsigned rounds, double *ns);

#endif
