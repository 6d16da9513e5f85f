/*
 * followed: what volumes follows: a group for each session, its connections, and the places where its relays go;
 * each found by what names it, and bounded for each session and user.  Engine process.
 */
#ifndef ENGINE_FOLLOWED_H
#define ENGINE_FOLLOWED_H

#include <sys/queue.h>

#include "agentd/host/table.h"
#include "base/addr.h"
#include "base/clock.h"

#define FOLLOWED_MISSED 16 /* of one session, until the kernel has told of their ends, which is soon */

/* A connection that is followed. */
struct conn {
	struct table_link by_ends;
	TAILQ_ENTRY(conn) link;
	struct group *group; /* borrowed */
	struct endpoint local, peer;
	uint64_t sent, received; /* as told last */
	bool own;  /* by which the session came */
	bool over; /* kept for findings that come late; not in the table any more */
	struct mtime since; /* it is followed */
	struct mtime gone; /* since then the kernel knows it no more; word of its end may be on the way.  0: it does */
};

/* Where a session goes: more connections to it may come that no finding tells of. */
struct place {
	struct table_link by_place;
	SLIST_ENTRY(place) link;
	struct group *group; /* borrowed */
	struct endpoint to;
	uint32_t uid;
	bool due;           /* its connection is looked for */
	struct rtime since; /* somebody connected there, the last time */
};

/* Whose sessions they are; there while one of them is. */
struct follower {
	struct table_link by_auid;
	uint32_t auid;
	unsigned groups, outbound;
};

/* What is followed of one session. */
struct group {
	struct table_link by_ses;
	TAILQ_ENTRY(group) link, in_due;
	struct follower *user; /* borrowed */
	uint32_t ses;
	TAILQ_HEAD(conn_list, conn) conns; /* its own first */
	SLIST_HEAD(, place) places;
	unsigned nconns, nplaces;
	bool due; /* to be looked at as soon as may be: it is among those, too */
	/* Findings that came when nobody could tell the connection's own end any more: of those that ended lately. */
	struct missed {
		struct endpoint to;
		struct rtime since;
		struct mtime noted;
	} missed[FOLLOWED_MISSED];
	unsigned nmissed;
	struct mtime over; /* its own connection, since then */
};

struct followed {
	struct table conns, groups, places, users;
	TAILQ_HEAD(, group) order; /* all; who is looked at next, first */
	TAILQ_HEAD(, group) due;   /* before their turn; the first that became so, first */
	uint64_t outbound;
};

/* False: no memory; followed_done() takes what there is of it. */
bool followed_init(struct followed *);
void followed_done(struct followed *);

/* NULL: none. */
struct conn *followed_conn(const struct followed *, struct endpoint local, struct endpoint peer);
struct group *followed_group(const struct followed *, uint32_t ses);
/* NULL: that session never went there, as is known. */
struct place *followed_place(const struct followed *, const struct group *of, struct endpoint to, uint32_t uid);

/* Last in the order.  NULL: no memory, which is counted. */
struct group *followed_group_new(struct followed *, uint32_t ses, uint32_t auid);
void followed_group_free(struct followed *, struct group *);
/* It is to be looked at before its turn; it was looked at, and is the last in turn. */
void followed_due(struct followed *, struct group *);
void followed_looked(struct followed *, struct group *);
/* own: that by which the session came, which always has room.  NULL: there is none, which is counted. */
struct conn *followed_add(struct followed *, struct group *, struct endpoint local, struct endpoint peer, bool own);
void followed_drop(struct followed *, struct conn *);
/* Its own connection has ended: it is found no more, but kept for findings that come late. */
void followed_over(struct followed *, struct conn *, struct mtime now);
/* The same user connected there in another session just before or since, or nobody has looked for what came of it. */
bool followed_contested(const struct followed *, const struct place *);
/* Somebody connected there at that time; of too many the oldest goes.  due: what came of it is not found yet. */
void followed_place_note(struct followed *, struct group *, struct endpoint to, uint32_t uid, struct rtime when,
    bool due);

#endif
