/* destroy: TCP connections of a session end, while its processes go on. */
#ifndef MONITOR_DESTROY_H
#define MONITOR_DESTROY_H

#include "agentd/monitor/ctx.h"

struct destroy_all {
	uint32_t ses;
	pid_t sshd;           /* of the session */
	uint64_t start_ticks; /* of that */
	unsigned ended, left;
};

/*
 * Every TCP connection that a process of the session holds, but for the one that it came in by and those
 * within the host.  Fills ended and left.  Takes a while: beside the loop only.
 */
void destroy_all(struct destroy_all *);

#endif
