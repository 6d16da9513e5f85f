/*
 * ring: what the kernel gates saw and did: passed on to the engine, counted against the stop limit, and
 * what they could not refuse is cut.
 */
#ifndef MONITOR_RING_H
#define MONITOR_RING_H

#include "agentd/monitor/ctx.h"

struct ring;

/* Listens from now on. */
struct ring *ring_new(struct monitor *);
void ring_free(struct ring **);
/* The engine is new: which gates work. */
void ring_tell_gates(struct ring *);

#endif
