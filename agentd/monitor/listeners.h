/*
 * listeners: the agents and ControlMasters that the gates watch.  The engine names a file and a session;
 * who listens there is the kernel's word, and must be of that session.
 */
#ifndef MONITOR_LISTENERS_H
#define MONITOR_LISTENERS_H

#include "agentd/monitor/ctx.h"
#include "agentd/monitor/gate.h"

struct listeners;

struct listeners *listeners_new(struct monitor *);
void listeners_free(struct listeners **);

/* One that the monitor has found by itself.  False: there is no room. */
bool listeners_watch(struct listeners *, const struct gate_listener *);

/*
 * That process, whose memory was guarded, has ended.  A listener outlives it in a child that has it too, as
 * ssh-agent goes to the background: who has it now is looked for.
 */
void listeners_left(struct listeners *, pid_t);

#endif
