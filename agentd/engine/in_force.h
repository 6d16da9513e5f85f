/*
 * in_force: what is in force: the policy, the exceptions before it, the mode, and what of it the gates of this
 * host cannot do.  Whoever has to know is told when one of them changes.  Engine process.
 */
#ifndef ENGINE_IN_FORCE_H
#define ENGINE_IN_FORCE_H

#include <stdint.h>

#include "base/buf.h"
#include "policy/policy.h"

struct engine;
struct notice;

/* path NULL: the configured one again.  False: what was in force stays, diag says why. */
bool in_force_load(struct engine *, const char *path, struct buf *diag);
/* policy_box_accept(): a strict engine takes no policy that asks for more than this host can do. */
bool in_force_accept(const struct policy *, struct buf *diag, void *engine);
/* The exceptions are others: the policy in force is built anew with them.  False: it stays as it was. */
bool in_force_allow(struct engine *);
/* restarts: engines that this daemon had before; the policy that the last one had is then loaded. */
void in_force_again(struct engine *, uint64_t restarts);
void in_force_mode(struct engine *, enum mode);
/* NOTE_GATES: which gates work is known, or is another than it was. */
void in_force_gates(struct engine *, const struct notice *);

#endif
