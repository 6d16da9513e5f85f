/*
 * watches: what is told when it is opened: private keys and agents' directories (keys.h), the memory of sshd, of
 * agents and of clients (guards.h).  Two fanotify groups, opened while that is allowed; a host where it is not does
 * without, and says why.
 */
#ifndef MONITOR_WATCHES_H
#define MONITOR_WATCHES_H

#include "agentd/monitor/ctx.h"

struct watches;

/* Before the capabilities go.  NULL: out of memory. */
struct watches *watches_open(struct monitor *);
/* When there is a loop.  False: out of memory. */
bool watches_start(struct watches *);
void watches_free(struct watches **);
/* The engine: NOTE_WATCHES. */
void watches_tell(struct monitor *);
/* More are watched, or fewer: told in a moment. */
void watches_changed(struct monitor *);

/* What its two parts share. */
struct keys *watches_keys(const struct watches *);
struct guards *watches_guards(const struct watches *);

#endif
