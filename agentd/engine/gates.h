/*
 * gates: what the kernel gates saw (NOTE_GATE), held against what audit tells.  The record of a connection
 * carries its context, so the finding is made from that; what the gate says decides what became of it
 * (refused, killed; its level).  What the gate saw and audit did not tell is told from what the gate knows,
 * and is audit-evasion when audit has told of later things and has lost none in between.
 *
 * Pure: notices, facts and times in, findings out through the detectors.  Runs in the engine.
 */
#ifndef ENGINE_GATES_H
#define ENGINE_GATES_H

#include "agentd/engine/silence.h"

struct gates;

struct gates_stats {
	uint64_t events, refused, killed;
	uint64_t unseen;  /* of all, those that audit did not tell */
	uint64_t dropped; /* not followed up: too many at once */
};

struct gates *gates_new(struct detect *, struct host *);
void gates_free(struct gates **);
/* NOTE_GATE. */
void gates_saw(struct gates *, const struct notice *);
/* Each fact of audit, before the model sees it. */
void gates_fact(struct gates *, const struct fact *);
/* What the kernel has done about this finding already.  False: nothing, as far as is known now. */
bool gates_done(const struct gates *, const struct finding *, struct gate_act *);
/* A ruling is made of it: what was stopped is told. */
void gates_named(struct gates *, const struct finding *);
/* Once a second. */
void gates_tick(struct gates *, struct rtime now, const struct audit_stream *);
struct gates_stats gates_stats(const struct gates *);

#endif
