/*
 * order: what root has done to a session by name, at MONITOR_SOCKET: ended, isolated, its agents revoked.
 * Root's own word: the mode and the stop limit, which bind a policy and the engine, do not bind it.
 * Everything else does.
 */
#ifndef MONITOR_ORDER_H
#define MONITOR_ORDER_H

#include "agentd/monitor/deed.h"

struct order_line {
	enum deed deed;
	uint32_t ses;
	bool all;  /* DEED_TERMINATE: what the policy spares too */
	pid_t pid; /* of the root process that asks */
};

/* Once, when it is over, maybe at once: RES_OK, or why not; n as deed_fn() has it. */
typedef void order_fn(enum result, uint64_t n, void *arg);
/* The audit trail and the engine are told what became of it. */
void order_give(struct monitor *, const struct order_line *, order_fn *, void *arg);
/* For whoever asked: what was done, and why not, or why there was nothing to do. */
enum done order_done(enum deed, enum result);
const char *order_text(enum deed, enum result);

#endif
