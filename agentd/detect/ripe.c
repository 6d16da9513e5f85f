/*
 * ripe: see ripe.h.  A red-black tree by time.
 */
#include "agentd/detect/ripe.h"

static int
due_order(struct ripe *a, struct ripe *b)
{
	if (a->due.ms != b->due.ms)
		return a->due.ms < b->due.ms ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

#define UNUSED_STATIC __attribute__((unused)) static
RB_GENERATE_INTERNAL(ripe_tree, ripe, in_queue, due_order, UNUSED_STATIC)

void
ripe_init(struct ripe_queue *q)
{
	RB_INIT(&q->tree);
	q->orders = 0;
}

void
ripe_set(struct ripe_queue *q, struct ripe *r, struct rtime due)
{
	ripe_clear(q, r);
	r->due = due;
	r->order = ++q->orders;
	r->queued = true;
	RB_INSERT(ripe_tree, &q->tree, r);
}

void
ripe_clear(struct ripe_queue *q, struct ripe *r)
{
	if (!r->queued)
		return;
	RB_REMOVE(ripe_tree, &q->tree, r);
	r->queued = false;
}

struct ripe *
ripe_next(const struct ripe_queue *q, struct rtime now, bool all)
{
	struct ripe *r = RB_ROOT(&q->tree);

	while (r != NULL && RB_LEFT(r, in_queue) != NULL)
		r = RB_LEFT(r, in_queue);
	return r != NULL && (all || r->due.ms <= now.ms) ? r : NULL;
}
