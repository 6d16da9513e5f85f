/*
 * sockdiag: the kernel's tables of sockets, and the one way to end a TCP socket of somebody else
 * (sock_diag(7)).  All of it is about the network namespace that this process is in.
 */
#ifndef MONITOR_SOCKDIAG_H
#define MONITOR_SOCKDIAG_H

#include <linux/inet_diag.h>
#include <linux/unix_diag.h>

#include <sshtether/report.h>

#include "agentd/monitor/gate_abi.h"

struct diag_tcp {
	struct inet_diag_msg raw; /* as the kernel gave it: it goes back for a destroy */
	struct report_addr local, peer;
	uint64_t inode;
	struct gate_maker maker; /* ses SES_UNSET: not known */
};

struct diag_unix {
	uint64_t inode, peer;   /* of the sockets; peer 0: none */
	uint64_t cookie;        /* of the socket, for as long as it lives */
	uint32_t file_ino;      /* of the name it is bound to: the low 32 bits are all there is */
	uint32_t major, minor;
	bool bound, listening;
	const uint32_t *pending; /* of a listener: the sockets that have connected and wait to be accepted */
	size_t pending_n;
	const char *name;       /* as it was bound, in the namespaces of whoever did; not terminated */
	size_t name_n;
};

/*
 * Every TCP socket that is or may become a connection.  makers: gate_makers(); −1: who made it is not asked.
 * fn stops with non-zero.  0, that, or −errno.
 */
int diag_tcp_each(int makers, int (*fn)(const struct diag_tcp *, void *), void *arg);
/* Those that listen. */
int diag_tcp_listeners_each(int (*fn)(const struct diag_tcp *, void *), void *arg);
int diag_unix_each(int (*fn)(const struct diag_unix *, void *), void *arg);
/* Those that listen, with their names. */
int diag_listeners_each(int (*fn)(const struct diag_unix *, void *), void *arg);
/* 0 or −errno: EOPNOTSUPP where the kernel was built without it, ENOENT when it is gone. */
int diag_destroy(const struct diag_tcp *);

#endif
