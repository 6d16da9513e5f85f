/* deed: what is done to a whole session: it takes a moment and goes on beside the loop. */
#ifndef MONITOR_DEED_H
#define MONITOR_DEED_H

#include "agentd/monitor/ctx.h"

enum deed { DEED_TERMINATE, DEED_ISOLATE, DEED_REVOKE, DEED_COUNT };

/*
 * Once, when it is over.  RES_OK or RES_NO_AGENT: n processes were killed, or n connections ended; RES_DENIED: n are left,
 * or, with n 0, this host cannot do it.
 */
typedef void deed_fn(struct monitor *, uint32_t id, enum result, uint64_t n, void *arg);

#endif
