/* pending: clients of the control socket that wait for an answer from the store or the monitor.  Engine process. */
#ifndef ENGINE_PENDING_H
#define ENGINE_PENDING_H

#include <sys/queue.h>

#include "agentd/engine/state.h"

struct pending {
	LIST_ENTRY(pending) link;
	struct engine *e;      /* borrowed */
	struct client *client; /* borrowed; NULL: it left */
	bool follows;          /* alerts: the answer is only the beginning */
	uint32_t ses;          /* announce */
};

/* NULL: out of memory. */
struct pending *pending_new(struct engine *, struct client *);
void pending_free(struct pending *);
/* That client left; what it waits for comes all the same. */
void pending_gone(struct engine *, const struct client *);

#endif
