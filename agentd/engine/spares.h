/*
 * spares: tells the monitor which programs outlive the end of a session, and waits until it has heard of
 * each.  An end that would take what the policy spares must not begin.
 */
#ifndef ENGINE_SPARES_H
#define ENGINE_SPARES_H

#include "agentd/engine/link.h"

/* The programs of a session that its end must spare: calls fn for each pid. */
typedef void spared_fn(uint32_t ses, void (*fn)(uint32_t pid, void *fn_arg), void *fn_arg, void *arg);
/* RES_OK: all that still run are spared; else why one is not, RES_COUNT when nobody answered. */
typedef void spares_heard_fn(enum result, void *arg);

/* Calls heard once, now when there is nothing to spare.  spared NULL: nothing.  False: out of memory. */
bool spares_tell(struct link *, uint32_t ses, spared_fn *spared, void *spared_arg, spares_heard_fn *heard,
    void *arg);

#endif
