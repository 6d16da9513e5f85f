/*
 * seen: what was seen lately, a process and a destination at a time: by audit, by a gate, in a finding; and
 * which of it still waits for somebody's word.  Capped; what is pushed out too early is counted.  Pure.  Runs
 * in the engine.
 */
#ifndef ENGINE_SEEN_H
#define ENGINE_SEEN_H

#include <bsd/sys/queue.h>

#include "agentd/engine/gate_word.h"
#include "agentd/engine/span.h"
#include "agentd/engine/where.h"
#include "agentd/host/table.h"

/*
 * One process and one destination: what audit told of it, and what a gate saw.  A Unix socket counts by its
 * inode; the record of one that was refused by its path has none, so each is there without inode, too.
 */
struct seen {
	struct table_link by_key;
	TAILQ_ENTRY(seen) in_order; /* last touched last */
	TAILQ_ENTRY(seen) waits;    /* in order of .first, while .waits_for something */
	uint64_t key;
	struct rtime touched;
	struct rtime told;          /* by audit, last; RTIME_NONE: never */
	struct rtime named;         /* by a finding, of that time */
	struct span acted;          /* by a gate: what .act says */
	struct gate_act act;
	struct rtime burst;         /* of a whole session: when one began, as many as it has, and */
	unsigned in_burst;          /* when some of it were not told one by one */
	struct span flooded;
	unsigned waits_for;         /* enum waits_for */
	bool told_by_gate;          /* the activity has been, for want of a record */
	struct rtime first;         /* of those that wait */
	unsigned count;
	struct gated what;          /* the first; no path */
};
enum waits_for {
	WAITS_RECORD = 1u << 0,  /* audit has not told */
	WAITS_FINDING = 1u << 1, /* something was stopped, and no finding speaks of it */
};
TAILQ_HEAD(seen_list, seen);

struct seen_table {
	struct table keys;
	struct seen_list order, waits;
	uint64_t dropped; /* that may still have been asked for */
	struct rtime gap; /* when the last of them was */
};

/* False: out of memory. */
bool seen_init(struct seen_table *);
void seen_done(struct seen_table *);
/* NULL: not there. */
struct seen *seen_find(const struct seen_table *, const struct where *);
/* It is there from now on.  NULL: out of memory. */
struct seen *seen_touch(struct seen_table *, const struct where *, struct rtime now);
/* what: enum waits_for; w: what it is that waits. */
void seen_wait(struct seen_table *, struct seen *, const struct gated *w, unsigned what);
void seen_stop_waiting(struct seen_table *, struct seen *, unsigned what);
/* Of all sockets that pid tried just then: without an inode it may be any of them. */
void seen_stop_sockets(struct seen_table *, uint32_t pid, struct rtime when, unsigned what);
/* What nobody asks for any more goes. */
void seen_expire(struct seen_table *, struct rtime now);

#endif
