/* relate: what the conditions of rules have to do with each other, whatever is asked.  Internal to policy/. */
#ifndef POLICY_RELATE_H
#define POLICY_RELATE_H

#include "policy/tree.h"

/* Whenever the rule's conditions hold, this one does. */
bool relate_follows(const struct cond *, const struct rule *);
/* Whenever b's conditions hold, a's do. */
bool relate_covers(const struct rule *a, const struct rule *b);
/* Two of its conditions, its blocks' among them, exclude each other: these.  False: none that could be told. */
bool relate_excluded(const struct rule *, const struct cond **one, const struct cond **other);

#endif
