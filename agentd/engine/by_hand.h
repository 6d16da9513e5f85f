/*
 * by_hand: the path of the policy that was put into force by hand, in the engine's own state directory,
 * so that the engine that follows a crash has the same one.  Holds for one run of the daemon: its first
 * engine forgets it.  What the path names is checked at each load like any policy.  Engine process.
 */
#ifndef ENGINE_BY_HAND_H
#define ENGINE_BY_HAND_H

#include "base/buf.h"

/* False: it could not be written, and errno says why. */
bool by_hand_keep(const char *state_dir, const char *path);
/* False: none is kept. */
bool by_hand_get(const char *state_dir, struct buf *path);
void by_hand_forget(const char *state_dir);

#endif
