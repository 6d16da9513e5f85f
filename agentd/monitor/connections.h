/*
 * connections: the TCP connections of the network namespace that the daemon is in, by the inodes of their
 * sockets.  However many sockets a process has open: only what is in the kernel's table is looked for.
 */
#ifndef MONITOR_CONNECTIONS_H
#define MONITOR_CONNECTIONS_H

#include "agentd/monitor/sockdiag.h"

struct connection {
	struct diag_tcp tcp;
	bool came;   /* perhaps: its own end is one that listens */
	bool chosen; /* its own port is none that the kernel gives by itself: whoever connects seldom asks for one */
	bool held, marked; /* the user's: false at first */
};

struct connections {
	struct connection *of; /* owned; sorted by inode */
	size_t n, room;
};

/* Those of now, into an empty one; makers as diag_tcp_each() has it.  0 or −errno. */
int connections_read(struct connections *, int makers);
void connections_free(struct connections *);
/* The first of that socket, and how many: MPTCP has several.  NULL: none. */
struct connection *connections_of(const struct connections *, uint64_t inode, size_t *n);

#endif
