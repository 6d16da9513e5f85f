/*
 * recent: what the monitor ended lately: one process may have earned two rulings, and it can be killed only
 * once.  Pure.  Runs in the engine.
 */
#ifndef ENGINE_RECENT_H
#define ENGINE_RECENT_H

#include <sshtether/limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

/* Starts zeroed. */
struct recents {
	struct {
		uint32_t ses, pid; /* pid 0: the whole session */
		struct mtime when;
	} ended[ST_RECENT_ENDS];
	unsigned next;
};

void recent_note(struct recents *, uint32_t ses, uint32_t pid, struct mtime now);
/* That process, or its whole session. */
bool recent_has(const struct recents *, uint32_t ses, uint32_t pid, struct mtime now);

#endif
