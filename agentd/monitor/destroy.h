/* destroy: TCP connections of a session end, while its processes go on. */
#ifndef MONITOR_DESTROY_H
#define MONITOR_DESTROY_H

#include "agentd/monitor/ctx.h"
#include "agentd/monitor/registry.h"

struct destroy_all {
	struct mon_session session;
	int makers; /* as diag_tcp_each() has it */
	unsigned ended, left;
};

/*
 * Every TCP connection that a process of the session holds, or made and nobody holds as yet, but for the one that it came in by, those
 * within the host, and those of PAM's modules.  Fills ended and left.  Takes a while: beside the loop only.
 */
void destroy_all(struct destroy_all *);

#endif
