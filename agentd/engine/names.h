/*
 * names: uids and gids as names.  Name services may wait for a network, so they are asked in a thread
 * of their own and answers are kept for a while; a login waits for its group names until a deadline,
 * nothing else waits at all.
 */
#ifndef ENGINE_NAMES_H
#define ENGINE_NAMES_H

#include "base/clock.h"

struct event_base;
struct names;

/* All the groups are in the cache, or the deadline is over. */
typedef void names_ready_fn(void *arg);

/* answered, from the loop: no user is being looked up any more, whatever came of it. */
struct names *names_new(struct event_base *, void (*answered)(void *arg), void *arg);
void names_free(struct names **);

/* Borrowed until the next call; NULL: not known (yet; it is being asked for). */
const char *names_user(struct names *, uint32_t uid);
const char *names_group(struct names *, uint32_t gid);
/* A user is being looked up. */
bool names_asked_user(const struct names *);
/*
 * Calls fn once, at the latest after deadline_ms; at once, before it returns, when all is known.
 * False: out of memory, fn is not called.
 */
bool names_wait_groups(struct names *, const uint32_t *gids, size_t n, int64_t deadline_ms,
    names_ready_fn *, void *arg);
/* Every one of them was answered: a group that has no name then really has none. */
bool names_settled(struct names *, const uint32_t *gids, size_t n);
/* arg's wait is over without a call. */
void names_forget(struct names *, const void *arg);

#endif
