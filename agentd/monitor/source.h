/*
 * source: where audit records come from.  The descriptor is opened here and read by the engine alone:
 * auditd's af_unix socket, or the audit netlink multicast group.
 */
#ifndef MONITOR_SOURCE_H
#define MONITOR_SOURCE_H

#include "agentd/monitor/ctx.h"

struct source;

/* Opens the netlink socket where it may be needed, while that is still allowed. */
struct source *source_new(struct monitor *);
void source_free(struct source **);
/* Nobody waits for a source any more. */
void source_engine_gone(struct source *);

#endif
