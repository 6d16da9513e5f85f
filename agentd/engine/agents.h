/*
 * agents: SSH agents that listened before the daemon did: the kernel's list of Unix listeners (unix_diag),
 * of which those that are agents by their name are asked about, as if somebody had used them just now.
 * Engine process.
 */
#ifndef ENGINE_AGENTS_H
#define ENGINE_AGENTS_H

#include "agentd/engine/owners.h"

#define AGENTS_AT_ONCE 128 /* then the rest waits for the next look */

/* How many were asked about: AGENTS_AT_ONCE means that there may be more.  −errno. */
int agents_look(struct owners *, const struct host *);

#endif
