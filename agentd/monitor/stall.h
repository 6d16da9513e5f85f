/*
 * stall: auditd waits for whoever reads its socket, and with its queue full the whole host waits for auditd
 * (its enqueue() sleeps 8 ms a record; then the kernel's backlog fills, and each task that makes a record is
 * held up).  So when the engine reads nothing although something is there, the connection is shut down: auditd
 * drops its reader, the engine finds the end when it goes on, and asks for a source again.
 */
#ifndef MONITOR_STALL_H
#define MONITOR_STALL_H

struct event_base;
struct stall;

struct stall *stall_new(struct event_base *);
void stall_free(struct stall **);
/* Watches fd from now on, instead of what was watched before; keeps a duplicate of it. */
void stall_watch(struct stall *, int fd);
/* Whoever read it is gone. */
void stall_forget(struct stall *);

#endif
