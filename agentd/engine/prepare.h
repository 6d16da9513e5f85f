/*
 * prepare: root is about to have the monitor end a session: the monitor is told first what the policy spares,
 * and asked whether there is anything to end.  Engine process.
 */
#ifndef ENGINE_PREPARE_H
#define ENGINE_PREPARE_H

#include "agentd/engine/spares.h"

/* RES_OK: the monitor has heard all of it; else why not, RES_COUNT for no answer. */
typedef void prepared_fn(enum result, void *arg);
/* Calls fn once.  False: nothing was sent, and it is not called. */
bool prepare_end(struct link *, uint32_t ses, spared_fn *spared, void *spared_arg, prepared_fn *fn, void *arg);

#endif
