/*
 * ripe: a queue of things that wait for their time.  The links live inside the things.  Pure.
 */
#ifndef DETECT_RIPE_H
#define DETECT_RIPE_H

#include <bsd/sys/tree.h>

#include "base/clock.h"

struct ripe {
	RB_ENTRY(ripe) in_queue;
	struct rtime due;
	uint64_t order; /* of two that are due together the first one set */
	bool queued;
};

RB_HEAD(ripe_tree, ripe);
struct ripe_queue {
	struct ripe_tree tree;
	uint64_t orders;
};

void ripe_init(struct ripe_queue *);
/* Sets, or sets anew, when it is due. */
void ripe_set(struct ripe_queue *, struct ripe *, struct rtime due);
void ripe_clear(struct ripe_queue *, struct ripe *);
/*
 * The next that is due, or, with all, the next at all.  NULL: none.  It stays until cleared or set.
 */
struct ripe *ripe_next(const struct ripe_queue *, struct rtime now, bool all);

#endif
