/*
 * exempt: who may log in when sshtetherd gave no verdict and fail=closed would refuse everybody.  The
 * file is read at that moment only, and only if root alone can write it (base/safe.h).
 *
 *   # people who mend the machine
 *   user  root
 *   group breakglass
 *   key   SHA256:uNiVztksCsDhcc0u9e8BrBc0i0qU0x6dVmGk0u5bWV0
 */
#ifndef PAM_MODULE_EXEMPT_H
#define PAM_MODULE_EXEMPT_H

#include "base/bytes.h"

#define EXEMPT_FILE_MAX (64u << 10)

struct exempt_who {
	const char *user;
	const char *key_fp; /* "" when it is not known */
	bool (*in_group)(const char *group, void *arg);
	void *arg;
};

struct exempt_found {
	unsigned line;     /* the first that names them; 0: none */
	unsigned bad_line; /* the first that is not understood and was passed over; 0: none */
	bool names_keys;   /* some line names a key */
};

void exempt_search(struct bytes text, const struct exempt_who *, struct exempt_found *out);

#endif
