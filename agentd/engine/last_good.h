/*
 * last_good: the policy that was accepted last from the configured place, all its files with their signatures and
 * the time, in one file of the engine's own state directory: for a start that finds no good one.  With signatures
 * required it is checked like any, with who may sign now and the time when it was accepted: that a key expires
 * takes no policy from a host, that its owner was struck from the list does.  Engine process.
 */
#ifndef ENGINE_LAST_GOOD_H
#define ENGINE_LAST_GOOD_H

#include "agentd/engine/policy_load.h"

struct worker;

/* What there is to keep of a load, when it is of the configured place and good; beside the loop: it may be large. */
void last_good_prepare(struct policy_load *);
/* Takes what was prepared, and writes it beside the loop.  False: it will not be. */
bool last_good_keep(struct worker *, const char *state_dir, struct policy_load *);
bool last_good_is_kept(const char *state_dir);
/* NULL: none is kept, or it cannot be read, and why says so; else whatever it has come to. */
struct policy_load *last_good_load(const struct config *, struct bytes prelude, const char **why);

#endif
