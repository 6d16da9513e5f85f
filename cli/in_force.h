/*
 * in_force: the policy that the daemon has in force, for commands that ask it here.  Its text comes printed, all of
 * it in one; its rules keep the places of the files that they came from.
 */
#ifndef CLI_IN_FORCE_H
#define CLI_IN_FORCE_H

#include "cli/policy_file.h"

struct in_force {
	char *path;               /* owned: of the policy's file */
	struct buf text;          /* owned */
	struct pol_place *places; /* owned, their files too; one a rule */
	size_t nplaces, room;
};

/* Returns enum cli_exit, after it has said what went wrong.  To be freed in any case. */
int in_force_fetch(const struct cli *, struct in_force *out);
void in_force_free(struct in_force *);
/* NULL, and diag says why: the daemon is of another version.  in_force must live longer. */
struct policy *in_force_parse(const struct in_force *, struct pol_options, struct buf *diag);
/* Both, as policy_file_load_with() does of a file; what does not parse is said, and is CLI_UNREACHABLE. */
int in_force_load(const struct cli *, const struct pol_options *, struct in_force *, struct policy_file *out);

#endif
