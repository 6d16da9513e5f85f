/*
 * review: connections that were there before the rule that is against them.  A gate is passed once; so when
 * the policy is another, when the host goes into enforce mode, and when a session that had the fallback grant
 * gets its own, what sessions hold is shown to the gate again, and what it would refuse now is ended
 * (SOCK_DESTROY).  Whoever made it goes on.  What was allowed for a time is not ended when that is over.
 */
#ifndef MONITOR_REVIEW_H
#define MONITOR_REVIEW_H

#include "agentd/monitor/ctx.h"

struct review;

struct review *review_new(struct monitor *);
void review_free(struct review **);
/* Something is to be looked at again, soon, and beside the loop.  In audit mode nothing is. */
void review_due(struct review *);

#endif
