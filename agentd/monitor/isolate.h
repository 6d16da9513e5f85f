/* isolate: a session makes no outbound connection any more, and those that it has end; it lives on. */
#ifndef MONITOR_ISOLATE_H
#define MONITOR_ISOLATE_H

#include "agentd/monitor/deed.h"

/* Whether that may be done to the session of rq, whoever asks.  RES_DENIED: the gate does not work here. */
enum result isolate_check(const struct monitor *, const struct request *rq);
/* After that check.  order: root's own word, which outlives the mode.  RES_OK: fn will be called. */
enum result isolate_begin(struct monitor *, const struct request *rq, bool order, deed_fn *, void *arg);

#endif
