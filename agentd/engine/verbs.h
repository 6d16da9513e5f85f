/*
 * verbs: what each verb of the control socket does (sshtether/control.h), by what it is about; the table of
 * them is in control_verbs.c.  Engine process, in the loop; arg is the struct engine.
 */
#ifndef ENGINE_VERBS_H
#define ENGINE_VERBS_H

#include "agentd/engine/args.h"
#include "agentd/engine/control.h"
#include "agentd/engine/state.h"

/* alert_verbs.c: what was found, now and in the store. */
void verb_alerts(struct client *, const struct args *, void *engine);
void verb_history(struct client *, const struct args *, void *engine);
/* control_wants_fn: a follower's filter and a row of the outlet. */
bool alert_verbs_want(const void *filter, const void *row);
/* case_verbs.c: what was found of a session, joined, and what to do. */
void verb_cases(struct client *, const struct args *, void *engine);
void verb_case(struct client *, const struct args *, void *engine);
/* policy_verbs.c */
void verb_policy_show(struct client *, const struct args *, void *engine);
void verb_policy_load(struct client *, const struct args *, void *engine);
/* order_verbs.c: what root is about to have the monitor do. */
void verb_announce(struct client *, const struct args *, void *engine);
/* allow_verbs.c: exceptions, given, shown and taken back. */
void verb_allow(struct client *, const struct args *, void *engine);
void verb_allowed(struct client *, const struct args *, void *engine);
void verb_disallow(struct client *, const struct args *, void *engine);
/* Those whose time is over end. */
void allow_verbs_end(struct engine *, struct rtime now);
/* baseline_verbs.c: what is usual, shown, added to and forgotten.  Ready: all of it is here, or cannot be read. */
bool baseline_is_ready(const void *engine);
void verb_baseline(struct client *, const struct args *, void *engine);
void verb_baseline_merge(struct client *, const struct args *, void *engine);
void verb_baseline_reset(struct client *, const struct args *, void *engine);

/* A line of the answer; empties it. */
void verb_send(struct client *, struct buf *line);
/* The session that `id` names.  False: the client has heard that there is none. */
bool verb_ses(struct client *, const struct args *, const struct engine *, uint32_t *ses);

#endif
