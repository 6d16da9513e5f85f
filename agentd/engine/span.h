/*
 * span: when something was that is told by two clocks: by the one when a call began, by the other when a gate
 * was passed.  Pure.  Runs in the engine.
 */
#ifndef ENGINE_SPAN_H
#define ENGINE_SPAN_H

#include "base/clock.h"

/* From the first to the last of what came one soon after the other; ms 0: nothing did. */
struct span {
	struct rtime from, to;
};

/* May be the same event. */
bool span_near(struct rtime, struct rtime);
/* when is not before then, as far as two clocks can tell. */
bool span_since(struct rtime when, struct rtime then);
/* A finding may come when its process has tried again: what was done about it is not forgotten by that. */
void span_add(struct span *, struct rtime when);
bool span_covers(const struct span *, struct rtime when);

#endif
