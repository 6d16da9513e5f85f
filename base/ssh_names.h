/* ssh_names: what programs that speak SSH themselves are called.  scp, sftp, rsync, git and autossh start one of these. */
#ifndef BASE_SSH_NAMES_H
#define BASE_SSH_NAMES_H

#include "base/bytes.h"

/* name: without folders. */
static inline bool
ssh_names_has(struct bytes name)
{
	static const char *const names[] = {
		"ssh", "slogin", "hpnssh", "dbclient", "dropbearmulti", "plink", "pscp", "psftp", "putty",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (bytes_is(name, names[i]))
			return true;
	}
	return false;
}

#endif
