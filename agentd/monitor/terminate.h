/* terminate: a whole session ends.  It takes a moment, so it goes on beside the loop. */
#ifndef MONITOR_TERMINATE_H
#define MONITOR_TERMINATE_H

#include "agentd/monitor/ctx.h"

struct terminator;

struct terminator *terminator_new(struct monitor *);
void terminator_free(struct terminator **);

#endif
