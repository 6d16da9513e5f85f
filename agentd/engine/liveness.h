/*
 * liveness: when is a session over that the monitor does not know (cron, at, what records alone told of)?
 * When no task carries its ses any more.  Walks /proc a share at a time; where /proc hides other users'
 * tasks (hidepid) it says nothing.
 */
#ifndef ENGINE_LIVENESS_H
#define ENGINE_LIVENESS_H

#include "agentd/host/host.h"

struct event_base;
struct liveness;

typedef void liveness_over_fn(uint32_t ses, void *arg);

struct liveness *liveness_new(struct event_base *, struct host *, liveness_over_fn *, void *arg);
void liveness_free(struct liveness **);

#endif
