/*
 * history: what the store is to remember of sessions.  A session that lives for a while or did something
 * gets a row of its own; short quiet ones of the same user, origin and key are counted by the day.
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
/* A session was there when the daemon started. */
void history_found(struct history *, struct session *);
/* The session is about to be let go of. */
void history_over(struct history *, uint32_t ses);
/* Writes down who lives long enough; once a minute. */
void history_check(struct history *, struct rtime now);
/* Writes down all who live: the engine is about to end. */
void history_keep_all(struct history *);

#endif
