/*
 * history: what the store is to remember of sessions.  Each has a row while it lives, so that a daemon
 * that starts again knows whose it is; at its end the row of a short quiet one makes way for a count by
 * user, origin, key and day.
 * Findings go to the store as they come, but for the logins themselves, which their sessions tell.
 */
#ifndef ENGINE_HISTORY_H
#define ENGINE_HISTORY_H

#include "agentd/engine/archive.h"
#include "agentd/engine/outlet.h"
#include "agentd/host/host.h"

struct history;

/* All borrowed; archive NULL: there is no store. */
struct history *history_new(struct host *, struct archive *, const char *boot_id);
void history_free(struct history **);
void history_row(struct history *, const struct outlet_row *);
/* It was there before this engine, which does not know what it did: its row stays, however short it is. */
void history_recalled(struct history *, uint32_t ses);
void history_opened(struct history *, const struct session *);
/* The session is about to be let go of. */
void history_over(struct history *, uint32_t ses);

#endif
