/*
 * policy_box: the policy in force.  Loads are all or nothing: on any error what is in force stays.
 * Keeps the hit counters, by a rule's canonical text, across reloads.
 */
#ifndef ENGINE_POLICY_BOX_H
#define ENGINE_POLICY_BOX_H

#include "agentd/engine/policy_load.h"

struct policy_box;

/* Starts with the empty policy; path is copied. */
struct policy_box *policy_box_new(const char *path);
void policy_box_free(struct policy_box **);
/*
 * Puts in force what a load has come to, and takes it out of the load.  A file that is absent is the empty policy
 * as long as none was ever loaded, and an error after that.  False: what was in force stays, the load's diag says
 * why.  The policy that was in force is handed to swap() before it is freed, with the new one, so that nobody is
 * left with the old.
 */
typedef void policy_swap_fn(const struct policy *, void *arg);
bool policy_box_take(struct policy_box *, struct policy_load *, policy_swap_fn *, void *arg);

/*
 * Rules before those of the policy in force, which stays as it was read, and before those of the ones that are
 * loaded later.  False: diag says why, and all stays as it was.
 */
bool policy_box_prelude(struct policy_box *, struct bytes text, policy_swap_fn *swap, void *arg,
    struct buf *diag);

/* Asked before a policy that was loaded is put in force.  False: it is not taken, diag says why. */
typedef bool policy_accept_fn(const struct policy_load *, struct buf *diag, void *arg);
void policy_box_accept(struct policy_box *, policy_accept_fn *, void *arg);

const struct policy *policy_box_get(const struct policy_box *);
const char *policy_box_path(const struct policy_box *);
struct rtime policy_box_loaded(const struct policy_box *);
/* Of the last load, when it failed: its first line.  NULL: it did not. */
const char *policy_box_error(const struct policy_box *);
/* No file was there at the start, nor since: the empty policy is in force. */
bool policy_box_absent(const struct policy_box *);

/* What the last good policy kept is in force, because the configured one could not be. */
bool policy_box_last_good(const struct policy_box *);
/* What it was made of; NULL: nothing was loaded. */
const struct policy_files *policy_box_files(const struct policy_box *);
/* The text of policy_box_prelude(). */
struct bytes policy_box_exceptions(const struct policy_box *);

void policy_box_hit(struct policy_box *, const struct decision *);
/* A hash of its rule's text, the same after a reload; of its place alone, where the policy is another by now. */
uint64_t policy_box_rule(const struct policy_box *, const struct decision *);
uint64_t policy_box_hits(const struct policy_box *, size_t rule);

#endif
