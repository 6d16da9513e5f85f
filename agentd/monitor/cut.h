/* cut: what a session has connected to a Unix listener is shut down, for every holder of the socket. */
#ifndef MONITOR_CUT_H
#define MONITOR_CUT_H

#include "agentd/monitor/ctx.h"

/*
 * The listener bound to the file (dev, inode).  Shuts down each connection to it that a process of ses
 * holds, whoever holds it too.  The number that were cut, or −errno.  Checks no right: its caller has.
 */
int cut_connections(uint32_t ses, uint32_t major, uint32_t minor, uint64_t inode);

#endif
