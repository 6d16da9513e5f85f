/*
 * in_force: what is in force: the policy, the exceptions before it, the mode, and what of it the gates of this
 * host cannot do.  Whoever has to know is told when one of them changes.  Engine process.
 */
#ifndef ENGINE_IN_FORCE_H
#define ENGINE_IN_FORCE_H

#include <stdint.h>

#include "agentd/engine/policy_load.h"

struct engine;
struct notice;

/* What a load has come to.  False: what was in force stays, the load's diag says why. */
bool in_force_take(struct engine *, struct policy_load *);
/*
 * policy_box_accept(): of this host's fleet, not older than what was in force, and of a strict engine nothing
 * that asks for more than this host can do.  The last good policy is taken as it is.
 */
bool in_force_accept(const struct policy_load *, struct buf *diag, void *engine);
/* Each line of what a loader had to say, from there on. */
void in_force_log(int priority, const struct buf *diag, size_t from);
/* The exceptions, before anything is loaded. */
bool in_force_exceptions(struct engine *);
/* The exceptions are others: the policy in force is built anew with them.  False: it stays as it was. */
bool in_force_allow(struct engine *);
void in_force_mode(struct engine *, enum mode);
/* NOTE_GATES: which gates work is known, or is another than it was. */
void in_force_gates(struct engine *, const struct notice *);

#endif
