/*
 * silence: what audit did not tell.  A gate saw something; its record is waited for, then the activity is told
 * from the gate's word, and audit is accused of evasion when its stream is whole and has gone on.  Pure.  Runs
 * in the engine.
 */
#ifndef ENGINE_SILENCE_H
#define ENGINE_SILENCE_H

#include "agentd/engine/seen.h"

struct detect;
struct host;

/* The records, as they come now: whether their silence says anything. */
struct audit_stream {
	bool live;          /* there is a source */
	bool behind;        /* and more to be read from it */
	bool ruled;         /* all the rules are in force, and none that hides something before them */
	struct rtime since; /* the source has been the same */
	uint64_t lost;      /* records, so far, by whomever */
};

struct silence {
	struct detect *detect; /* borrowed */
	struct host *host;     /* borrowed */
	struct audit_stream audit;
	struct rtime newest;   /* that audit told of */
	struct rtime lossy;    /* records were lost then, or what was seen pushed out */
	uint64_t lost;
	uint64_t unseen;       /* by audit, of what the gates saw */
};

/* How audit is now; gap: when what was seen was last pushed out. */
void silence_audit(struct silence *, struct rtime now, const struct audit_stream *, struct rtime gap);
/* Of something that waits: says what is to be said by now.  Returns what it no longer waits for. */
unsigned silence_judge(struct silence *, struct seen *, struct rtime now);

#endif
