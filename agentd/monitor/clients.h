/*
 * clients: program files that are SSH clients: known ones, and those that the engine has seen through; and files
 * that never are, whatever the engine says: shells, and the daemon's own.
 */
#ifndef MONITOR_CLIENTS_H
#define MONITOR_CLIENTS_H

#include <sshtether/limits.h>

#include "agentd/monitor/ctx.h"
#include "agentd/monitor/registry.h"

#define CLIENTS_KNOWN 8

/* As they are now: an upgrade replaces them. */
struct clients_found {
	int fd[CLIENTS_KNOWN]; /* owned, O_PATH */
	size_t n;
	struct program_id never[ST_SHELLS + 1];
	size_t nnever;
};

struct clients;

struct clients *clients_new(struct monitor *);
void clients_free(struct clients **);
/* By name, and by /etc/shells.  Asks the disk. */
void clients_find(struct clients_found *);
/* From now on it goes by these.  The gates are told; the descriptors are closed. */
void clients_know(struct clients *, struct clients_found *);

#endif
