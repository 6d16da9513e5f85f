/*
 * volumes: what the TCP connections of sessions carry: each session's own, and those that its findings say it
 * made (outbound-ssh, relay).  The kernel tells of each when it ends, so that short ones are exact; long ones are
 * asked for in turn, a session's together, so that what comes in can be held against what goes out.  Only what is
 * followed is asked for; nothing blocks.  Engine process.
 */
#ifndef ENGINE_VOLUMES_H
#define ENGINE_VOLUMES_H

#include "agentd/detect/finding.h"
#include "agentd/engine/tcp_diag.h"
#include "base/clock.h"

struct event_base;
struct volumes;

struct volumes_parts {
	struct event_base *base;
	struct host *host; /* borrowed; the sessions' totals are kept there */
	void (*volume)(const struct volume *, void *arg);
	void *arg;
};

struct volumes_stats {
	uint64_t sessions, connections; /* that are followed now */
	uint64_t ends;                  /* that the kernel told of, ours or not */
	bool live, exact;               /* the kernel is asked; it tells of ends */
};

/* Works without sock_diag, and says so once. */
struct volumes *volumes_new(const struct volumes_parts *);
void volumes_free(struct volumes **);
/* A login: its own connection.  One without both ends is not followed. */
void volumes_session(struct volumes *, const struct session *);
/* What a finding named: by its own end where that is known, else whatever that user has to that destination. */
void volumes_finding(struct volumes *, const struct finding *);
/* A process of that session connected there at that time: where a finding named it before, what came of it is sought. */
void volumes_connect(struct volumes *, uint32_t ses, uint32_t uid, struct endpoint to, struct rtime when);
/*
 * May that socket be the connection that the session made at that time?  CLAIM_NONE: it is another session's, or was
 * there before the engine, and the connection was not.
 */
enum claim {
	CLAIM_NONE,
	CLAIM_OWN, /* it is the session's, as is known already */
	CLAIM_FREE,
};
enum claim volumes_claim(const struct volumes *, uint32_t ses, const struct tcp_socket *, struct rtime when);
/* Once a second. */
void volumes_tick(struct volumes *);
void volumes_stats_get(const struct volumes *, struct volumes_stats *);

#endif
