/*
 * guards: who reads or writes the memory of an sshd, an agent or an SSH client of a session through /proc is told to
 * the engine.  What ptrace(2) and process_vm_readv(2) do, audit tells.
 */
#ifndef MONITOR_GUARDS_H
#define MONITOR_GUARDS_H

#include "agentd/monitor/ctx.h"
#include "agentd/monitor/facts.h"
#include "agentd/monitor/fan.h"

struct guards;
struct readers;

/* group: of FAN_ABOUT_FILES, negative: there is none, now or from some time on; it and readers are borrowed. */
struct guards *guards_new(struct monitor *, const int *group, struct readers *);
void guards_free(struct guards **);
unsigned guards_count(const struct guards *);
/*
 * Who was found to listen for an agent or a ControlMaster, or to run a client.  False: it ends, or it went wrong
 * otherwise; there being no room for it, or no group, is settled.
 */
bool guards_take(struct guards *, const struct facts *);
/* A fan_fn; arg is the guards. */
void guards_event(const struct fan_event *, void *guards);

#endif
