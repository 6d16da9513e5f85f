/*
 * lately: TCP connections that ended when nobody followed them: what they carried, for findings that come late.  The
 * newest push out the oldest.  Pure.  Engine process.
 */
#ifndef ENGINE_LATELY_H
#define ENGINE_LATELY_H

#include <sshtether/limits.h>

#include "agentd/engine/tcp_diag.h"
#include "base/clock.h"

struct ended {
	struct tcp_socket socket;
	struct rtime when;
	bool taken; /* by a session */
};

struct lately {
	struct ended ended[ST_VOLUME_ENDS];
	size_t n; /* ever */
};

void lately_add(struct lately *, const struct tcp_socket *, struct rtime when);
/* The newest of those two ends.  NULL: none. */
struct ended *lately_find(struct lately *, struct endpoint local, struct endpoint peer);
/*
 * The one to there that ended since then and that no session took.  NULL: none, or several, and nobody can say which:
 * the kernel tells no uid of what has ended.
 */
const struct ended *lately_only(const struct lately *, struct endpoint to, struct rtime since);

#endif
