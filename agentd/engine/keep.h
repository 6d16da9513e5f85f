/*
 * keep: a ruling that outlives its callback.  What a finding and a decision borrow from the model and
 * the policy is copied into one piece of memory, so that the alert can wait for what becomes of it.
 */
#ifndef ENGINE_KEEP_H
#define ENGINE_KEEP_H

#include "agentd/engine/pipeline.h"

struct kept;

/* NULL: out of memory. */
struct kept *kept_new(const struct ruling *);
void kept_free(struct kept **);
const struct ruling *kept_ruling(const struct kept *);

#endif
