/*
 * child: the engine as a process: started again from this very program with --engine, as a user
 * without rights, and supervised.  The only process that the monitor ever waits for.
 */
#ifndef MONITOR_CHILD_H
#define MONITOR_CHILD_H

#include "agentd/monitor/ctx.h"

struct child;

struct child *child_new(struct monitor *);
void child_free(struct child **); /* says goodbye, gives it a moment, ends it */
/* Starts it now; when that fails it is tried again with back-off. */
void child_start(struct child *);
/* 0: there is none. */
pid_t child_pid(const struct child *);
bool child_send(struct child *, const struct notice *, const int *fds, int nfds);

#endif
