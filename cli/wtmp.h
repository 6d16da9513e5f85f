/*
 * wtmp: the file in which sshd keeps who logged in (wtmp(5)), read entry by entry.  Pure: its bytes are given to it,
 * and each is hostile, because what logs in chooses names and hosts, and a disk that was full leaves half an entry.
 */
#ifndef CLI_WTMP_H
#define CLI_WTMP_H

#include <utmp.h>

#include "base/addr.h"
#include "base/clock.h"

#define WTMP_ENTRY sizeof(struct utmp)

enum wtmp_kind {
	WTMP_LOGIN,    /* somebody logged in at line */
	WTMP_LOGOUT,   /* whoever was at line is gone */
	WTMP_SHUTDOWN, /* everybody is */
	WTMP_BOOT,     /* everybody was, since when is not known */
	WTMP_OTHER,    /* of no interest: run levels, gettys, changes of the clock */
};

struct wtmp {
	enum wtmp_kind kind;
	struct rtime time;
	uint32_t pid;
	char line[33], user[33], host[257];
	struct addr from; /* family 0: it did not come over a network, or nobody wrote down from where */
};

/* p has WTMP_ENTRY bytes.  False: this is no entry. */
bool wtmp_parse(const char *p, struct wtmp *out);
/* Whether bytes that begin a file are those of a wtmp, and not of a text. */
bool wtmp_is(const char *p, size_t n);

#endif
