/* hours: times in a policy: hours of the week, moments, and the ends of rules.  Internal to policy/. */
#ifndef POLICY_HOURS_H
#define POLICY_HOURS_H

#include "policy/tree.h"

/* "08:00-18:00", "mon-fri", "sat,sun 10:00-12:00"; zone: the name behind them, empty: none */
bool hours_parse(struct bytes, struct hours *, struct bytes *zone);
/* The same back, in quotes where it needs them. */
void hours_print(const struct hours *, struct buf *);
/* In their time zone, or the host's.  A range over midnight belongs to the day on which it began. */
bool hours_hold(const struct hours *, struct rtime);

/* "2027-03-31T18:00[:00][Z]" */
bool moment_parse(struct bytes, struct rtime *);
/* A moment, or a date, whose day is then the last one: the first moment when it is over. */
bool until_parse(struct bytes, struct rtime *);

#endif
