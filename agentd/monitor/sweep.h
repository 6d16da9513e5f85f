/*
 * sweep: looks through /proc now and then: which registered sessions still have a task, and, at the
 * start, which sessions live that nobody reported to this monitor.
 */
#ifndef MONITOR_SWEEP_H
#define MONITOR_SWEEP_H

#include "agentd/monitor/ctx.h"
#include "agentd/monitor/registry.h"

struct sweeper;

struct sweeper *sweep_new(struct monitor *);
void sweep_free(struct sweeper **);
/* Registers what lives already. */
void sweep_find(struct sweeper *);
/* Tells a new engine of every session that is registered. */
void sweep_tell_found(struct sweeper *);

#endif
