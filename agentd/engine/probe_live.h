/*
 * probe_live: what the model may ask of the living system and hear at once: tasks from /proc, TCP
 * sockets from sock_diag(7).  Both need no rights.  What takes longer goes to programs.h and owners.h; what
 * the gates are to know, to watch.h.
 */
#ifndef ENGINE_PROBE_LIVE_H
#define ENGINE_PROBE_LIVE_H

#include "agentd/engine/owners.h"
#include "agentd/engine/programs.h"
#include "agentd/engine/watch.h"

struct probe_live;

/* Opens its netlink socket: before the filter.  Works without one, and says so once. */
struct probe_live *probe_live_new(struct programs *, struct owners *, struct watch *);
void probe_live_free(struct probe_live **);
const struct probe *probe_live_get(const struct probe_live *);

/*
 * sock_diag alone: a TCP socket to peer, in any state that has a peer, and better than what *out has already: one
 * of that uid before any other.  −errno when not told.
 */
int probe_live_find(int netlink, uint32_t uid, struct endpoint peer, struct probe_tcp *out);

#endif
