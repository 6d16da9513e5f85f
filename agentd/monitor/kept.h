/*
 * kept: the grants that rows had before the renewal under way replaced them, so that one which is never
 * finished (the engine died, or the next policy overtook it) can be undone.  Runs in the monitor.
 */
#ifndef MONITOR_KEPT_H
#define MONITOR_KEPT_H

#include <stdbool.h>
#include <stddef.h>

#include "agentd/monitor/grant.h"

struct kept {
	struct kept_grant {
		uint32_t ses;
		struct grant grant;
	} *of; /* owned */
	size_t n, room;
};

/* False: out of memory. */
bool kept_add(struct kept *, uint32_t ses, const struct grant *);
void kept_clear(struct kept *);

#endif
