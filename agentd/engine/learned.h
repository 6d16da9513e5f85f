/*
 * learned: the baseline of this host, and the store behind it.  It comes back out of the store after a start, and
 * nothing is unusual until it has; what changes is written once a minute and at the end.  What the store lost,
 * because it was full, failing or set aside, is written again from memory.  Engine process.
 */
#ifndef ENGINE_LEARNED_H
#define ENGINE_LEARNED_H

#include "agentd/baseline/baseline.h"
#include "agentd/engine/archive.h"
#include "base/json.h"

struct learned;

/* NULL: no memory. */
struct learned *learned_new(const struct baseline_settings *);
void learned_free(struct learned **);
/* Owned here; lives as long. */
struct baseline *learned_baseline(struct learned *);
/* Where it is kept, from now on; borrowed.  NULL: nowhere. */
void learned_keep(struct learned *, struct archive *);
/* Once a second. */
void learned_tick(struct learned *, struct mtime now);
/* Once a second: of how many days what is usual is judged now, when it was not before; else 0.  Not of a start. */
unsigned learned_begins(struct learned *);
/* Hands all that is not written yet to the archive: the process ends. */
void learned_end(struct learned *);

/* Is all of it here?  Until then no row may be added or taken away by hand. */
bool learned_is_whole(const struct learned *);
/* NULL: nothing keeps it from being read out of the store.  Borrowed until learned_tick(). */
const char *learned_unread(const struct learned *);
/* Of one user, NULL: of all, here and in the store. */
void learned_reset(struct learned *, const char *user);
/*
 * Whoever changed something by hand waits here until the store has it all: ok, it would survive a crash now.  fn is
 * called once, maybe before this returns.
 */
typedef void learned_saved_fn(bool ok, void *arg);
void learned_save(struct learned *, learned_saved_fn *, void *arg);

/* The object of `status`. */
void learned_json(struct learned *, struct json *);

#endif
