/*
 * target: one process that the engine names, held by a pidfd, after it was proved to be the one that
 * is meant.  Everything that touches a process goes through here.
 */
#ifndef MONITOR_TARGET_H
#define MONITOR_TARGET_H

#include "agentd/monitor/facts.h"
#include "agentd/monitor/registry.h"
#include "agentd/monitor/request.h"

#define TARGET_TICK_MS   10   /* the grain of a start time: USER_HZ is 100 */
#define TARGET_AHEAD_MS  2000 /* a record cannot be of the future */

struct target {
	int pidfd; /* owned; −1: none */
	struct facts facts;
};

/*
 * The process pid, if it carries the registered session ses and is no younger than the record of
 * time_ms.  time_ms 0: the age does not matter, which only reading may ask.  The pidfd is opened before
 * anything is looked at.
 */
enum result target_open(struct registry *, uint32_t ses, uint32_t pid, int64_t time_ms,
    struct target *);
void target_close(struct target *);

#endif
