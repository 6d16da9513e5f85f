/*
 * sweep: when is a session over that the monitor does not know (cron, at, what records alone told of)?
 * When no task carries its ses any more.  Walks /proc a share at a time; where /proc hides other users'
 * tasks (hidepid) it says nothing.
 */
#ifndef ENGINE_SWEEP_H
#define ENGINE_SWEEP_H

#include "agentd/host/host.h"

struct event_base;
struct sweep;

typedef void sweep_over_fn(uint32_t ses, void *arg);

struct sweep *sweep_new(struct event_base *, struct host *, sweep_over_fn *, void *arg);
void sweep_free(struct sweep **);

#endif
