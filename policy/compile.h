/* compile: a policy without errors, made ready to be asked.  Internal to policy/. */
#ifndef POLICY_COMPILE_H
#define POLICY_COMPILE_H

#include "policy/tree.h"

/* Every value must be resolved and every table compiled.  False: no memory. */
bool compile(struct policy *);

/* Calls fn for every condition of the policy, once. */
typedef void cond_fn(void *arg, struct cond *);
void each_cond(const struct policy *, cond_fn *, void *arg);

#endif
