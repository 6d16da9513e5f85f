/* expect: the tests that a policy carries.  Internal to policy/. */
#ifndef POLICY_EXPECT_H
#define POLICY_EXPECT_H

#include "policy/tree.h"

/* All of them at a load: each that fails is an error. */
void expect_check(const struct policy *, struct diag *);

#endif
