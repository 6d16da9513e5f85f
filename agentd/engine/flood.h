/*
 * flood: how many alerts of one kind leave in a minute.  A session that does the same thing in a tight loop
 * must not fill the disk, nor hide among its own alerts what it does beside: those alike have a small cap,
 * all of one session and activity a larger one.  What is held back is counted, and told when the minute is
 * over.  Pure.
 */
#ifndef ENGINE_FLOOD_H
#define ENGINE_FLOOD_H

#include "agentd/engine/acts.h"

#define FLOOD_ALIKE   10  /* a minute: same session, activity, destination, program's path, rule and end */
#define FLOOD_SESSION 120 /* a minute: of one session and activity */
#define FLOOD_SLOTS   4096
#define FLOOD_WAYS    8

enum flood { FLOOD_NONE, FLOOD_ONE_ALIKE, FLOOD_ONE_MORE };

/* What was held back. */
struct flood_more {
	uint32_t ses, auid;
	enum activity activity;
	enum severity severity; /* the highest of them */
	uint64_t n;
};
typedef void flood_more_fn(const struct flood_more *, void *arg);

struct floods;

struct floods *floods_new(flood_more_fn *, void *arg);
void floods_free(struct floods **);
/* May this alert leave?  FLOOD_NONE: yes. */
enum flood floods_take(struct floods *, const struct outcome_of *, struct mtime now);
/* Tells of the minutes that are over; once a second.  mtime of INT64_MAX: of all. */
void floods_tick(struct floods *, struct mtime now);

#endif
