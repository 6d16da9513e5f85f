/* clients: program files that are SSH clients: known ones, and those that the engine has seen through. */
#ifndef MONITOR_CLIENTS_H
#define MONITOR_CLIENTS_H

#include "agentd/monitor/ctx.h"

#define CLIENTS_KNOWN 8

struct clients {
	int fd[CLIENTS_KNOWN]; /* owned, O_PATH */
	size_t n;
};

/* Those that are known by name, as they are now: an upgrade replaces them.  Asks the disk. */
void clients_find(struct clients *);
/* The gates are told; the descriptors are closed. */
void clients_know(struct monitor *, struct clients *);

#endif
