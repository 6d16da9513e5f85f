/* cut: what a session has connected to a Unix listener is shut down, for every holder of the socket. */
#ifndef MONITOR_CUT_H
#define MONITOR_CUT_H

#include "agentd/monitor/facts.h"

/*
 * The listener bound to the file (dev, inode).  Shuts down each connection to it that a process of ses
 * holds, whoever holds it too, or that was made by one or by somebody who is dead.  afar: then, with one more walk
 * over the session, those of another network namespace that its processes hold (afar.h).
 * The number that were cut, or −errno.  Checks no right: its caller has.
 */
int cut_connections(uint32_t ses, uint32_t major, uint32_t minor, uint64_t inode, bool afar);
/* False: what that process holds is let be. */
typedef bool cut_may_fn(const struct facts *, const void *arg);
/* Each connection to it, whoever holds it; but for processes that may() lets be.  Returns as above. */
int cut_all(uint32_t major, uint32_t minor, uint64_t inode, cut_may_fn *, const void *arg);

#endif
