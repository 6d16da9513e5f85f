/* sweep: looks through /proc now and then, which registered sessions still have a task, and tells the engine. */
#ifndef MONITOR_SWEEP_H
#define MONITOR_SWEEP_H

#include "agentd/monitor/ctx.h"
#include "agentd/monitor/registry.h"

struct sweeper;

struct sweeper *sweep_new(struct monitor *);
void sweep_free(struct sweeper **);
/* Tells a new engine of every session that is registered. */
void sweep_tell_found(struct sweeper *);
/* The next one is told from the beginning, by what /proc shows then. */
void sweep_engine_gone(struct sweeper *);

#endif
