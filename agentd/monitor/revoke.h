/*
 * revoke: the forwarded agents of a session are cut off: the session's own use of them is refused, whatever is
 * connected to them is cut, whoever holds it, and their names go.  sshd and its listener stay.
 */
#ifndef MONITOR_REVOKE_H
#define MONITOR_REVOKE_H

#include "agentd/monitor/deed.h"

/* Whether that may be done to the session of rq, whoever asks. */
enum result revoke_check(const struct monitor *, const struct request *rq);
/* After that check.  order: root's own word, which outlives the mode.  RES_OK: fn will be called. */
enum result revoke_begin(struct monitor *, const struct request *rq, bool order, deed_fn *, void *arg);

#endif
