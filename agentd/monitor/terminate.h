/* terminate: a whole session ends.  It takes a moment, so it goes on beside the loop. */
#ifndef MONITOR_TERMINATE_H
#define MONITOR_TERMINATE_H

#include "agentd/monitor/deed.h"

struct terminator;

struct terminator *terminator_new(struct monitor *);
/* What is under way is cut short, and its fn called. */
void terminator_free(struct terminator **);

/* Whether the session of rq may be ended, whoever asks: it is registered, nobody's break-glass, … */
enum result terminate_check(const struct monitor *, const struct request *rq);
/* After that check, and whatever else the caller must ask.  RES_OK: fn will be called. */
enum result terminate_begin(struct monitor *, const struct request *rq, deed_fn *, void *arg);

#endif
