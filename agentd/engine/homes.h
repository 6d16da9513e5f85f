/*
 * homes: where users that log in live.  Each home is opened in a thread of its own, not to be read but to be shown to
 * the monitor, which watches the private keys in it (REQ_KEYS); again once in a while, for as long as its user has a
 * session, and of those whom the baseline knows, session or not: a home may come late, and .ssh be made later.  Users
 * with a session come first: the others have threads, turns and room of their own.
 */
#ifndef ENGINE_HOMES_H
#define ENGINE_HOMES_H

#include "agentd/baseline/baseline.h"
#include "agentd/engine/link.h"
#include "agentd/host/host.h"

struct event_base;
struct homes;

struct homes *homes_new(struct event_base *, struct link *);
void homes_free(struct homes **);
/* A session of that user was opened; SES_UNSET: root's home, session or not. */
void homes_want(struct homes *, uint32_t ses, uint32_t uid);
/* Once a second.  The baseline: NULL: it is not known yet. */
void homes_tick(struct homes *, const struct host *, const struct baseline *, struct mtime now);
/* Borrowed until the next call; NULL: not known.  The home, and whose it is. */
const char *homes_path(const struct homes *, uint32_t uid);
const char *homes_name(const struct homes *, uint32_t uid);

#endif
