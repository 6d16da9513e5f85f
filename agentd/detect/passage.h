/*
 * passage: what passes through a session: in by the connection that it came by, out by those that it made, and how
 * alike the two are.  Counts over a window: from the first of the connections to some time after the last of those
 * that overlap.  Pure; for proxied.c and proxy.c.
 */
#ifndef DETECT_PASSAGE_H
#define DETECT_PASSAGE_H

#include <bsd/sys/queue.h>

#include "agentd/detect/finding.h"

struct carried {
	uint64_t sent, received;
};

/* A connection that the session made. */
struct leg {
	SLIST_ENTRY(leg) link;
	struct endpoint local, peer;
	struct carried now;
};

struct passage {
	struct carried in, before; /* of the session's own connection: now, and when told before that */
	struct rtime in_at;        /* `in` is of then */
	struct rtime awaited;      /* a leg that nobody has measured yet began then: `before` is older */
	bool over;                 /* that is */
	bool open;                 /* a window is */
	struct rtime since, until; /* until: the last leg ended; RTIME_NONE: there is one */
	struct carried base;       /* of `in`, when it began */
	struct carried done;       /* by legs of it that ended */
	struct endpoint busiest;   /* where most of it went */
	uint64_t most;
	uint64_t told;             /* in and out, when asked last how alike they are */
	uint64_t ever;             /* out, both ways, in all windows before */
	SLIST_HEAD(, leg) legs;
	unsigned nlegs;
};

/* What went through in the window. */
struct passed {
	uint64_t in, out;  /* both ways */
	uint64_t apart;    /* of the larger, each way, what the other has not */
	bool moves;        /* more than when asked before, and not all is over: what is apart may be on its way */
	unsigned alike;    /* percent, each way held against its own */
	int64_t ms;
	struct endpoint to;
};

void passage_init(struct passage *);
void passage_done(struct passage *);
/* The session made a connection then, whose volume is to be told of later: at once, or when it is over. */
void passage_began(struct passage *, const struct session *, struct rtime when);
/* By the connection that the session came by. */
bool passage_is_own(const struct session *, const struct volume *);
/* True: *out says how things stand, with in and out of the same moment. */
bool passage_volume(struct passage *, const struct session *, const struct volume *, struct passed *out);
/* In the whole life of the session, both ways. */
uint64_t passage_in(const struct passage *);
uint64_t passage_out(const struct passage *);

#endif
