/*
 * owners: who listens on a Unix socket, by its inode: asked of the monitor, which sees every process;
 * told to the model when it comes.
 */
#ifndef ENGINE_OWNERS_H
#define ENGINE_OWNERS_H

#include "agentd/engine/link.h"
#include "agentd/host/host.h"

struct owners;

struct owners *owners_new(struct link *);
void owners_free(struct owners **);
/* Where the answers go.  Before that, nothing is asked. */
void owners_tell(struct owners *, struct host *);
void owners_want(struct owners *, uint32_t ses, const struct fact_unix *);

#endif
