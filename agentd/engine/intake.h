/*
 * intake: the source of records and the clock of the pipeline.  Owns the source's descriptor; reads a
 * share a wakeup; asks the monitor for another source when one ends.
 *
 * The clock: while records wait to be read, the wall clock would end events whose records are still
 * behind in the queue; then time is that of the newest event instead.
 */
#ifndef ENGINE_INTAKE_H
#define ENGINE_INTAKE_H

#include "agentd/engine/link.h"
#include "agentd/engine/pipeline.h"
#include "agentd/source/source.h"

struct intake;

struct intake *intake_new(struct event_base *, struct link *, struct pipeline *);
void intake_free(struct intake **);
/* Takes the descriptor over, in place of the source that there was. */
void intake_take(struct intake *, enum source_kind, int fd);
/* Asks the monitor for a source when there is none.  Once a second. */
void intake_check(struct intake *, struct mtime now);
/* An event of that time was assembled. */
void intake_seen(struct intake *, struct rtime);

struct intake_state {
	enum source_kind kind;
	struct rtime since; /* of this source, or of its end */
	bool behind;        /* more was there than one share */
	struct source_stats stats;
};
const struct intake_state *intake_state(const struct intake *);

#endif
