/*
 * loads: the loads of policies, at the start, on a signal, by hand, when a file has changed: run beside the loop,
 * put in force in it, told as an alert each.  At a start that finds no good policy the last good one that was
 * kept is put in force.  Engine process, in the loop.
 */
#ifndef ENGINE_LOADS_H
#define ENGINE_LOADS_H

#include "agentd/engine/policy_load.h"

struct engine;

enum load_by { LOAD_START, LOAD_SIGHUP, LOAD_WATCH, LOAD_HAND, LOAD_AGAIN };
struct load_who {
	enum load_by by;
	uint32_t pid, auid; /* LOAD_HAND */
};

/* The load is borrowed; loaded: its policy is in force. */
typedef void loads_done_fn(const struct policy_load *, bool loaded, void *arg);

/*
 * path NULL: what is in force, again.  done, once, in the loop; it may be NULL.  False: too many wait, and nothing
 * will be called.
 */
bool loads_order(struct engine *, const char *path, const struct load_who *, loads_done_fn *, void *arg);
/* policy_watch_fn: a file of the policy in force may be another. */
void loads_changed(void *engine);
/* The first of this engine, at once: restarts is how many the daemon had before. */
void loads_first(struct engine *, uint64_t restarts);

#endif
