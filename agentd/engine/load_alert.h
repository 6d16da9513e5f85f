/*
 * load_alert: each load of a policy, accepted or refused, as an alert of its own; all that the loader had to say goes
 * to the log.  Engine process, in the loop.
 */
#ifndef ENGINE_LOAD_ALERT_H
#define ENGINE_LOAD_ALERT_H

#include "agentd/engine/loads.h"

/* Of what a load had to say. */
struct bytes load_first_line(const struct buf *diag);

/* It is in force by now. */
void load_alert_loaded(struct engine *, const struct policy_load *, const struct load_who *);
/* Of a start that found no good one.  Loudly: it is not what the host was told to have. */
void load_alert_last_good(struct engine *, const struct policy_load *, const struct load_who *);
/* Of a start that has none at all.  why: what is wrong with the last good one; NULL: none was kept. */
void load_alert_none(struct engine *, const struct buf *why);
/* What was in force stays; at a start nothing was. */
void load_alert_refused(struct engine *, const struct policy_load *, const struct load_who *);

#endif
