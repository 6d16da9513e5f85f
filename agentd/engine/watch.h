/*
 * watch: tells the monitor what its gates are to know by file: Unix listeners that are agents or
 * ControlMasters, and programs that are SSH clients; and whose memory it is to guard beside that of those who
 * listen: clients' and sshd's.  The monitor finds each for itself; a listener that it does not find yet is named
 * again a moment later.  Engine process.
 */
#ifndef ENGINE_WATCH_H
#define ENGINE_WATCH_H

#include "agentd/engine/link.h"
#include "agentd/host/host.h"

struct event_base;
struct watch;

struct watch *watch_new(struct event_base *, struct link *);
/* The link must answer nobody any more. */
void watch_free(struct watch **);
/* The model knows who listens there.  False: too many for now; watch_sessions() asks the model for it again. */
bool watch_socket(struct watch *, const struct usock *);
/* The model knows what it runs. */
void watch_client(struct watch *, const struct process *);

/* Once a second: the sshd processes of sessions, and listeners that were too many. */
void watch_sessions(struct watch *, struct host *);

#endif
