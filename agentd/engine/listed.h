/*
 * listed: origins that stand on lists: files that sshtetherd.conf names.  Read beside the loop, put in force in one
 * step; a file that cannot be read keeps what it held.  Engine process, in the loop.
 */
#ifndef ENGINE_LISTED_H
#define ENGINE_LISTED_H

#include "base/addr.h"
#include "base/json.h"

struct config;
struct event_base;
struct listed;
struct worker;

/*
 * Reads them at once; watches them from then on.  Before the filter.  worker: for the later ones; anew: after each of
 * those.  NULL: errno.
 */
typedef void listed_anew_fn(void *arg);
struct listed *listed_new(struct event_base *, const struct config *, listed_anew_fn *anew, void *arg);
void listed_worker(struct listed *, struct worker *);
/* Once the worker is gone. */
void listed_free(struct listed **);
/* Reads them again, unless a reading is under way: then once more after it. */
void listed_again(struct listed *);
/* *list: the name of the first file that has it. */
bool listed_has(const struct listed *, struct addr, const char **list);
/* {"entries", "files": [{"path", "entries", "bad", "read", "why"}]} */
void listed_json(const struct listed *, struct json *);

#endif
