/*
 * holders: who has a socket open.  One walk over all descriptors answers for all sockets that are sought; in which
 * order it goes, so that no user is in another's way, turns.h says.  What of one user is left unread is told.
 */
#ifndef MONITOR_HOLDERS_H
#define MONITOR_HOLDERS_H

#include "agentd/monitor/facts.h"
#include "agentd/monitor/request.h"

#define UID_UNKNOWN UINT32_MAX

struct sought {
	uint64_t inode; /* of the socket */
	bool oldest;    /* of all who have it the one that lives for the longest time, not for the shortest */
	uid_t maker;    /* who made it; UID_UNKNOWN */
	/*
	 * 0: the holder; −ENOENT: nobody has it; −EOVERFLOW: nobody of whom all was read, and the user `unread` (by
	 * login, else as who it runs) has more than that: the maker's, or else who has most; −errno.
	 */
	int rc;
	struct facts holder;
	uint32_t unread;
	bool makers;
	pid_t last; /* the walk's own */
};

/* Takes most of a second at the most: beside the loop only. */
void holders_find(struct sought *const *, size_t n);
/* Does that process have it, in a table that is soon read?  Then it is the holder. */
bool holders_try(struct sought *, pid_t, struct mtime until);
/* Of an rc, as an answer. */
enum result holders_result(int rc);

#endif
