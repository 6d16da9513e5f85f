/*
 * round: the grants of the living sessions, sent one after the other, a share at a time, so that no login
 * waits for ten thousand of them; and of one session, for its login.  Engine process.
 */
#ifndef ENGINE_ROUND_H
#define ENGINE_ROUND_H

#include "agentd/engine/classes.h"
#include "agentd/engine/pipeline.h"

struct event_base;
struct round;

struct round_stats {
	uint64_t installed, failed;
};

struct round_parts {
	struct event_base *base;
	struct link *link;
	struct pipeline *pipeline;
	const struct pipeline_options *options;
	/* A walk has come to its end; false: some of the rows are not in. */
	void (*over)(bool ok, void *arg);
	void *arg;
};

/* By what grants are computed; borrowed. */
struct round_by {
	const struct policy *policy;
	const struct pol_space *space;
	uint32_t generation;
};

struct round *round_new(const struct round_parts *);
void round_free(struct round **);
/*
 * All living sessions and the fallback grant, as of now.  One that is under way ends without a word.  since:
 * only those whose grant was another then; RTIME_NONE: all.  False: out of memory.
 */
bool round_walk(struct round *, const struct round_by *, struct rtime since, struct rtime now);
void round_stop(struct round *);
bool round_walking(const struct round *);
/* One of a session at its login.  False: not sent. */
bool round_send(struct round *, const struct session *, const struct round_by *, int64_t timeout_ms,
    link_result_fn *, void *arg);
const struct round_stats *round_stats(const struct round *);

#endif
