/*
 * cuts: connections to Unix listeners that are there although the gate is against them, on their way to be shut
 * down.  One by one while there is room; when there is none, all listeners are looked at, so that however many
 * there are at once, none is forgotten.
 */
#ifndef MONITOR_CUTS_H
#define MONITOR_CUTS_H

#include "agentd/monitor/ctx.h"

struct cuts;

struct cuts *cuts_new(struct monitor *);
/* Its jobs were with WORK_ACT, which has ended. */
void cuts_free(struct cuts **);
/* What the session n->id has connected to the listener at n's inode. */
void cuts_begin(struct cuts *, const struct notice *n);
/* It is not known which: whatever the gate would refuse now, at each listener that it knows. */
void cuts_look(struct cuts *);

#endif
