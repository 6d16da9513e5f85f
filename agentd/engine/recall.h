/*
 * recall: what the store knows of a session that was found, given back to it: whose it is, and by which key.
 * What the store does not keep (principals), or kept cut, is unknown from then on.
 */
#ifndef ENGINE_RECALL_H
#define ENGINE_RECALL_H

#include "agentd/engine/history.h"

struct recall;

/* All borrowed; archive NULL: there is no store. */
struct recall *recall_new(struct host *, struct history *, struct archive *, const char *boot_id);
/* Once the store has forgotten who waits for it, or has gone. */
void recall_free(struct recall **);
/* The store has answered; also when it knows nothing. */
typedef void recall_known_fn(void *arg);
/* False: it is not asked, known() is not called. */
bool recall_session(struct recall *, const struct session *, recall_known_fn *known, void *arg);
/* It may take questions again that it had no room for.  Once a second. */
void recall_more(struct recall *);

#endif
