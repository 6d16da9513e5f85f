/*
 * policy_watch: has a file of the policy changed?  Watches the directories that they lie in, by inotify, and calls
 * when it has been quiet there for a while.  What an event says is never believed: it only says that it is time to
 * look.  Engine process, in the loop.
 */
#ifndef ENGINE_POLICY_WATCH_H
#define ENGINE_POLICY_WATCH_H

#include "agentd/engine/policy_files.h"

struct policy_watch_times {
	int64_t quiet_ms; /* without an event, before changed() is called */
	int64_t most_ms;  /* after the first event, quiet or not */
};

struct event_base;
struct policy_watch;
typedef void policy_watch_fn(void *arg);

/* Before the filter: the descriptor is opened here.  NULL: it cannot be, and errno says why. */
struct policy_watch *policy_watch_new(struct event_base *, struct policy_watch_times, policy_watch_fn *changed,
    void *arg);
void policy_watch_free(struct policy_watch **);

/* What is watched from now on is what is named between these two. */
void policy_watch_begin(struct policy_watch *);
void policy_watch_path(struct policy_watch *, const char *path);
void policy_watch_files(struct policy_watch *, const struct policy_files *);
/*
 * A directory that was not watched before may have changed since its files were read: then changed() is called,
 * too.
 */
void policy_watch_end(struct policy_watch *);

#endif
