/*
 * say: a rule's message for the user whose doing was stopped, on the terminals of the session.  (A login is told
 * by the module: reports.h.)  The same rule says it once in a while.  Engine process.
 */
#ifndef ENGINE_SAY_H
#define ENGINE_SAY_H

#include "agentd/engine/acts.h"

struct say_state;

/* The link is borrowed.  NULL: out of memory. */
struct say_state *say_new(struct link *);
void say_free(struct say_state **);
void say_outcome(struct say_state *, const struct outcome_of *);

#endif
