/*
 * order: a session that root ends by name, at MONITOR_SOCKET.  Root's own word: the mode and the stop
 * limit, which bind a policy and the engine, do not bind it.  Everything else does.
 */
#ifndef MONITOR_ORDER_H
#define MONITOR_ORDER_H

#include "agentd/monitor/ctx.h"

/* Once, when it is over, maybe at once: RES_OK, or why not; n as terminate_fn() has it. */
typedef void order_fn(enum result, uint64_t n, void *arg);
/* pid: of the root process that asks.  The audit trail and the engine are told what became of it. */
void order_terminate(struct monitor *, uint32_t ses, bool all, pid_t pid, order_fn *, void *arg);
/* Why not, for whoever asked. */
const char *order_text(enum result);

#endif
