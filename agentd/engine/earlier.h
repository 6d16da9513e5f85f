/*
 * earlier: the TCP sockets that were there when the engine began.  Nobody told of them, so that whose they are is not
 * known; but what a session connects after that is none of them.  Engine process.
 */
#ifndef ENGINE_EARLIER_H
#define ENGINE_EARLIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/engine/tcp_diag.h"
#include "base/clock.h"

struct earlier {
	uint64_t *key; /* owned; sorted: of its inode and both ends, for a socket can be connected anew */
	size_t n, room;
	bool more;     /* than there was room for */
	struct rtime until; /* what is made later is no member */
};

/* Those of now, with a peer; into an empty one.  −ENOSPC: there were more than ST_EARLIER; −errno of tcp_diag_all(). */
int earlier_read(struct earlier *, int netlink);
void earlier_done(struct earlier *);
bool earlier_has(const struct earlier *, const struct tcp_socket *);

#endif
