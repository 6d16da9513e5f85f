/*
 * listeners: the agents and ControlMasters that the gates watch.  The engine names a file and a session;
 * who listens there is the kernel's word, and must be of that session.
 */
#ifndef MONITOR_LISTENERS_H
#define MONITOR_LISTENERS_H

#include "agentd/monitor/ctx.h"
#include "agentd/monitor/owner.h"

struct listeners;

struct listeners *listeners_new(struct monitor *);
void listeners_free(struct listeners **);

/* The agents whose listener is of ses; at most max; their number. */
size_t listeners_agents(const struct listeners *, uint32_t ses, struct owner_file *out, size_t max);

#endif
