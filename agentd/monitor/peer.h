/* peer: who is at the other end of a Unix socket, on the kernel's word. */
#ifndef MONITOR_PEER_H
#define MONITOR_PEER_H

#include "agentd/monitor/facts.h"

/* Of a living process of root that connected, and is root still.  0; −EPERM: it is not root; −errno. */
int peer_root(int fd, struct facts *);

#endif
