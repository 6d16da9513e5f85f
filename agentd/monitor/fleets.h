/*
 * fleets: the highest serial that a policy of each fleet had on this host, by the engine's word, in a file that
 * only root can reach.  The engine can raise one, never lower it.
 */
#ifndef MONITOR_FLEETS_H
#define MONITOR_FLEETS_H

#include "agentd/monitor/ctx.h"

#define FLEETS_FILE "serials"

struct fleets;

/* NULL: out of memory.  A file that is there and makes no sense counts as far as it does. */
struct fleets *fleets_new(struct monitor *);
/* When nothing works beside the loop any more: what is not kept yet is now. */
void fleets_free(struct fleets **);
/* A policy of that fleet is in force. */
void fleets_in_force(struct fleets *, uint64_t fleet, uint64_t serial);
/* To an engine that knows nothing yet. */
void fleets_tell(struct fleets *);

#endif
