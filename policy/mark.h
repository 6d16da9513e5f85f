/*
 * mark: what a condition wants of a fact and what a question says of it, as numbers: where a condition holds
 * because of something that a question says, both have a number in common.  Equal numbers promise nothing.
 * So rules can be looked up by them.  Internal to policy/.
 *
 * A facet is a fact and how finely it is looked at: a whole name, its first or last words or bytes (which a
 * glob has, too), the first bits of an address or of a port.
 */
#ifndef POLICY_MARK_H
#define POLICY_MARK_H

#include "policy/tree.h"

struct facet {
	uint8_t fact; /* enum pol_fact */
	uint8_t part; /* a row of its fact's table in mark.c */
};

/* How many ways there are to look at a fact; 0: no rule is looked up by it. */
unsigned facet_parts(enum pol_fact);

#define MARKS 64
#define NO_MARKS (MARKS + 1)

/*
 * Of a condition that wants one of these: at most MARKS.  NO_MARKS: they are more, or cannot be told (a glob
 * without an end that is plain).
 */
size_t test_marks(const struct test *, struct facet, uint64_t out[MARKS]);

/* Whether a question may say more than one thing of the fact. */
static inline bool
fact_has_many(enum pol_fact f)
{
	return ((1u << QF_GROUP | 1u << QF_PRINCIPAL | 1u << QF_ON | 1u << QF_METHOD | 1u << QF_TO) >> f & 1) != 0;
}

/* The i-th thing that a question says of the fact; false: it says no more.  The fact must be known. */
bool question_mark(const struct question *, struct facet, size_t i, uint64_t *out);

#endif
