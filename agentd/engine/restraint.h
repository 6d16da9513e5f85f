/*
 * restraint: which sessions are isolated or have lost their agents, as the monitor says that it did: for
 * people to see.  What the policy asked for holds in enforce mode only, root's order in either (rows_mode()).
 * Pure.  Runs in the engine.
 */
#ifndef ENGINE_RESTRAINT_H
#define ENGINE_RESTRAINT_H

#include "agentd/host/host.h"
#include "agentd/monitor/request.h"

/* What came of a ruling; s may be NULL. */
void restraint_done(struct session *, enum done);
/* NOTE_ORDERED, NOTE_FOUND; s may be NULL. */
void restraint_ordered(struct session *, const struct notice *);
void restraint_found(struct session *, const struct notice *);
/* The mode is another. */
void restraint_mode(struct host *, enum mode);

#endif
