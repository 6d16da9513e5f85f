/*
 * gaps: which audit serials never came.  The kernel numbers its events without holes, 32 bits wide
 * (kernel/audit.c, audit_serial()), but they arrive out of order: a hole counts only when it is still
 * there a while later, or far behind.  Constant memory, amortised constant time.  Pure.
 */
#ifndef AUDIT_GAPS_H
#define AUDIT_GAPS_H

#include "base/clock.h"

#define GAPS_WINDOW 8192u /* serials that may be undecided; a multiple of 64 */

struct gaps {
	bool started;
	uint32_t low, high;  /* [low, high] is undecided; high is the newest serial */
	uint32_t mark;       /* what gaps_settle() decides next time */
	bool in_hole;        /* the serial before low is missing */
	struct rtime newest; /* time of high */
	uint64_t seen[GAPS_WINDOW / 64];
	uint64_t holes, missing;
};

void gaps_seen(struct gaps *, uint32_t serial, struct rtime);
/* What was the newest serial at the call before is decided now: call it once in a time-out. */
void gaps_settle(struct gaps *);
/* Decides all: end of input. */
void gaps_flush(struct gaps *);

#endif
