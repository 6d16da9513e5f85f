/*
 * gates: what the kernel gates saw (NOTE_GATE), held against what audit tells.  The record of a connection
 * carries its context, so the finding is made from that; what the gate says decides what became of it
 * (refused, killed; level prevent).  What the gate saw and audit did not tell, although it has told of
 * later things, is audit-evasion, and is ruled from what the gate knows.
 */
#ifndef ENGINE_GATES_H
#define ENGINE_GATES_H

#include "agentd/engine/acts.h"
#include "agentd/monitor/request.h"

struct gates;

struct gates_parts {
	struct pipeline *pipeline; /* findings of what audit did not tell go through it */
	const struct pipeline_options *options;
	void *arg;
};

struct gates *gates_new(const struct gates_parts *);
void gates_free(struct gates **);
/* NOTE_GATES: what works on this host; levels.h answers by it. */
void gates_facilities(struct gates *, const struct notice *);
/* NOTE_GATE. */
void gates_saw(struct gates *, const struct notice *);
/* Each fact of audit, before the model sees it: what is told is no evasion. */
void gates_fact(struct gates *, const struct fact *);
/*
 * What the kernel has done about this finding already: done is DONE_REFUSED or DONE_KILLED.  False: nothing,
 * as far as is known now.
 */
bool gates_done(const struct gates *, const struct finding *, enum done *done);
/* Once a second. */
void gates_tick(struct gates *, struct rtime now);

#endif
