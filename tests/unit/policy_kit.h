/* policy_kit: for tests that need a policy and not its errors, or files that are on no disk. */
#ifndef TESTS_POLICY_KIT_H
#define TESTS_POLICY_KIT_H

#include "policy/policy.h"

/* Of the file /etc/p with that text.  A test whose text is none fails. */
struct policy *kit_policy(const char *text);

struct file {
	const char *path, *text; /* path NULL: the last; text NULL: EPERM */
};
/* As a reader of policies answers (pol_options). */
int kit_read(const struct file *, const char *path, size_t max, struct buf *out, const char **why);

#endif
