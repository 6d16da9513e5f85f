/* policy_file: a policy that a command names, and what was found wrong with it. */
#ifndef CLI_POLICY_FILE_H
#define CLI_POLICY_FILE_H

#include "cli/cli.h"
#include "policy/policy.h"

struct policy_file {
	const char *path;      /* borrowed */
	struct policy *policy; /* owned; NULL: it has errors */
	struct buf diag;       /* owned */
	unsigned errors;
};

/*
 * "-": standard input.  CLI_OK, CLI_FOUND for errors in it (which are in diag), CLI_UNREACHABLE (which it
 * has said); to be freed in any case.
 */
int policy_file_load(const char *path, bool skip_expect, struct policy_file *out);
int policy_file_load_with(const char *path, const struct pol_options *, struct policy_file *out);
void policy_file_free(struct policy_file *);
/* What was found, on standard error; false: that is gone. */
bool policy_file_show(const struct policy_file *);

#endif
