/*
 * probe_live: what the model may ask of the living system and hear at once: tasks from /proc, TCP
 * sockets from sock_diag(7).  Both need no rights.  What takes longer goes to programs.h and owners.h; what
 * the gates are to know, to watch.h.
 */
#ifndef ENGINE_PROBE_LIVE_H
#define ENGINE_PROBE_LIVE_H

#include "agentd/engine/owners.h"
#include "agentd/engine/programs.h"
#include "agentd/engine/volumes.h"
#include "agentd/engine/watch.h"

struct probe_live;

/* Opens its netlink socket: before the filter.  Works without one, and says so once. */
struct probe_live *probe_live_new(struct programs *, struct owners *, struct watch *);
void probe_live_free(struct probe_live **);
const struct probe *probe_live_get(const struct probe_live *);

/* Whose connections they are is known there (borrowed). */
void probe_live_tell(struct probe_live *, const struct volumes *);

/* sock_diag alone, as probe.tcp(); no volumes: nothing is known of any socket.  −errno when not told. */
int probe_live_find(int netlink, const struct volumes *, const struct probe_ask *, struct probe_tcp *out);

#endif
