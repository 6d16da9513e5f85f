/*
 * watched: who opened a private key, or touched the memory of an sshd, an agent or a client (NOTE_KEY, NOTE_MEMORY):
 * held until the model knows what the reader runs, for audit's word of it is a moment behind the monitor's; then
 * judged.
 */
#ifndef ENGINE_WATCHED_H
#define ENGINE_WATCHED_H

#include "agentd/detect/finding.h"
#include "agentd/engine/homes.h"
#include "agentd/monitor/request.h"

struct watched;

/* All borrowed. */
struct watched_parts {
	struct event_base *base;
	struct host *host;
	struct detect *detect;
	struct homes *homes;
};

struct watched *watched_new(const struct watched_parts *);
void watched_free(struct watched **);
void watched_note(struct watched *, const struct notice *);

#endif
