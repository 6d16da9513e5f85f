/*
 * turns: in which order the tables of descriptors of all processes are read, and how long each.  No user's take the
 * time of another's: each user has a share of it, those with small tables come before those with large ones, and
 * what cannot be a user's hoard comes first.
 */
#ifndef MONITOR_TURNS_H
#define MONITOR_TURNS_H

#include "base/clock.h"
#include "base/proc.h"

#define TURNS_FEW_ROOM 1024 /* of a table of descriptors; sshd, and who works for it, has 64 or 256 */

struct turn {
	pid_t pid, ppid;
	uint32_t user; /* its login, which it takes along whatever uids it has; else its real uid */
	uid_t ruid;
	uint32_t room;
	bool first, unread; /* unread: not the whole of it was */
	uint64_t before; /* what its user's share has before it */
	size_t share;
};

struct turns {
	struct turn *turn; /* owned */
	size_t n, cap;
	int64_t *spent; /* owned; ns, of each share */
};

/* False: the time was over before all of it was read. */
typedef bool turns_fn(pid_t, struct mtime until, void *arg);
/* Gives every process its turn, which takes half a second at the most, and leaves them there to look at.  −errno. */
int turns_each(struct turns *, turns_fn *, void *arg);
void turns_done(struct turns *);

#endif
