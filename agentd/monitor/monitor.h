/*
 * monitor: the privileged process.  Root with few capabilities; it reads no hostile bytes: fixed-size
 * requests of the engine, facts of the kernel, and one short line from uid 0.  main() calls it.
 */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include "agentd/config.h"

struct monitor_options {
	const char *config_path; /* handed to the engine; borrowed */
	int self_exe;            /* an O_PATH or read-only descriptor of this program, close-on-exec */
	bool foreground, verbose;
	bool strict; /* for the engine, too */
};

/* Returns the exit status of the daemon. */
int monitor_main(const struct config *, const struct monitor_options *);

#endif
