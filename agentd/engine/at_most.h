/*
 * at_most: of a rule's alerts about one user, at most so many leave in a while (`at most 1/1d`).  By the rule's
 * text, so that a reload does not begin anew; what is held back is counted, and told with the next that leaves.
 * Limits what is told, never what is done.  Memory of one size.  Pure.
 */
#ifndef ENGINE_AT_MOST_H
#define ENGINE_AT_MOST_H

#include "base/clock.h"
#include "policy/policy.h"

#define AT_MOST_WAYS 8

struct at_most;

/* NULL: out of memory. */
struct at_most *at_most_new(void);
void at_most_free(struct at_most **);
/*
 * rule: a hash of its text.  May this alert leave?  *held: how many were held back since the last that left.
 * *lost, when not NULL: so many that were held back will not be told, for want of room.
 */
bool at_most_take(struct at_most *, uint64_t rule, struct bytes user, const struct pol_rate *, struct mtime now,
    uint64_t *held, uint64_t *lost);

#endif
