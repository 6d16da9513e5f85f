/*
 * act: one ruling being carried out: what is asked of the monitor, again where that may help, and what its
 * answers come to.  Engine process.
 */
#ifndef ENGINE_ACT_H
#define ENGINE_ACT_H

#include "agentd/engine/plan.h"
#include "agentd/engine/recent.h"
#include "agentd/engine/spares.h"

#define ACT_WHY_MAX 160

/* why NULL: nothing to be said. */
typedef void act_over_fn(const struct ruling *, enum done, enum level, const char *why, void *arg);

/* What all acts share; it outlives them.  All is borrowed. */
struct act_ways {
	struct event_base *base;
	struct link *link;
	struct recents *recents;
	spared_fn *spared;
	act_over_fn *over;
	void *arg; /* of both */
};

/* level: how strongly it can be carried out here.  True: over() is called once, now or later. */
bool act_begin(const struct act_ways *, const struct ruling *, const struct plan *, enum level);

#endif
