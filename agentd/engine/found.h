/*
 * found: sessions that no report told this engine of: those that were there before it, and one whose report
 * was no good.  What the store and the name service know of them comes back; until it has, or some seconds
 * after the last was told are over, living sessions keep the rows that they have in the kernel.
 *
 * Engine process; engine is the struct engine.
 */
#ifndef ENGINE_FOUND_H
#define ENGINE_FOUND_H

#include <stdbool.h>

#include "agentd/monitor/request.h"

struct engine;

/* The monitor says that it lives; one that is known already stays as it is. */
void found_session(const struct notice *, void *engine);
/* It has told all that live. */
void found_all(struct engine *);
/* The name service has answered, or may have: names for those that have none. */
void found_name(void *engine);
/* Once a second: for who is not known yet. */
void found_tick(struct engine *);
/* Nothing more is waited for before rows are computed. */
bool found_whole(void *engine);

#endif
