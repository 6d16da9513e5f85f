/*
 * running: the SSH clients that run in sessions, whoever started them and when: what was there before the daemon,
 * what `ssh -f` leaves in the background, what nobody had time to tell.  They are looked for now and then, by the name
 * of their program alone, for nothing comes of it but that their memory is guarded (guards.h).
 */
#ifndef MONITOR_RUNNING_H
#define MONITOR_RUNNING_H

#include "agentd/monitor/ctx.h"

struct running;

/* NULL: out of memory. */
struct running *running_new(struct monitor *);
void running_free(struct running **);

#endif
