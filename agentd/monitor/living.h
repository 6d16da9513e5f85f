/* living: the sessions that live when a monitor starts and that nobody reported to it. */
#ifndef MONITOR_LIVING_H
#define MONITOR_LIVING_H

#include "agentd/monitor/ctx.h"

/* Looks through /proc and the gates' rows, and registers them. */
void living_register(struct monitor *);

#endif
