/*
 * policy_load: one load of a policy, from its files to a snapshot that nobody uses yet.  Touches nothing of the
 * engine, so that it can be run beside its loop.
 */
#ifndef ENGINE_POLICY_LOAD_H
#define ENGINE_POLICY_LOAD_H

#include "agentd/config.h"
#include "agentd/engine/policy_files.h"
#include "policy/policy.h"

/* Rules by their canonical text. */
struct rule_key {
	uint64_t text; /* hash */
	size_t rule;
};

struct policy_load {
	/* what is asked for */
	char *path;         /* owned */
	bool named;         /* somebody said which; else it is the one in force, or the configured one */
	struct rtime now;
	struct buf prelude; /* the exceptions before its rules */
	const struct config *conf; /* borrowed, immutable */
	/* what came of it */
	struct policy *policy;      /* owned; NULL: diag says why not */
	struct policy_files *files; /* owned */
	struct rule_key *keys;      /* owned; of its rules, sorted */
	struct buf diag;
	struct buf kept;            /* by last_good_prepare(); else empty */
	bool absent;                /* there is no such file; policy is the empty one */
	bool configured;            /* path is what the settings say */
	bool last_good;             /* from what was kept */
};

/* NULL: out of memory. */
struct policy_load *policy_load_new(const struct config *, const char *path, bool named, struct bytes prelude);
void policy_load_free(struct policy_load **);
void policy_load_run(struct policy_load *);
/* In the place of the files on the disk these, which are taken over, of the time when they were accepted. */
void policy_load_kept(struct policy_load *, struct policy_files *);
/* Once more, with other exceptions; false: out of memory. */
bool policy_load_again(struct policy_load *, struct bytes prelude);

/* NULL: none, or out of memory. */
struct rule_key *rule_keys(const struct policy *);

#endif
