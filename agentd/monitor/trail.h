/* trail: records for the audit trail, written from fixed fields only. */
#ifndef MONITOR_TRAIL_H
#define MONITOR_TRAIL_H

#include "agentd/monitor/ctx.h"

/* The mode was changed by root's process pid. */
void trail_mode(struct monitor *, enum mode before, enum mode after, pid_t);

#endif
