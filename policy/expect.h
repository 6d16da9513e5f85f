/* expect: the tests that a policy carries.  Internal to policy/. */
#ifndef POLICY_EXPECT_H
#define POLICY_EXPECT_H

#include "policy/tree.h"

/*
 * Runs one line.  False: *why says, in a sentence, what the policy answers instead.  now is for
 * `until` where the line itself names no hours; RTIME_NONE: rules with an end are taken as in
 * force.
 */
bool expect_holds(const struct policy *, const struct expect *, struct rtime now, struct buf *why);
/* All of them at a load: each that fails is an error. */
void expect_check(const struct policy *, struct diag *);

#endif
