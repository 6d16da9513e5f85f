/*
 * fan: a fanotify(7) group of notifications: what of it is marked, and who opened it.  Never of permission
 * events: nobody waits for whoever reads them.  Objects are told by their file handles: no descriptor of what
 * was opened ever comes here.
 */
#ifndef MONITOR_FAN_H
#define MONITOR_FAN_H

#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"

/* What the kernel calls an object in its events; two of the same are equal byte for byte. */
struct fan_object {
	int32_t fsid[2], type;
	uint32_t n;
	unsigned char handle[128]; /* MAX_HANDLE_SZ */
};

enum fan_about {
	FAN_ABOUT_NAMES, /* an event names the directory, and what in it */
	FAN_ABOUT_FILES, /* the file itself */
};

struct fan_event {
	uint64_t mask; /* FAN_Q_OVERFLOW: some were lost, and nothing else is known */
	pid_t pid;     /* of a process; it may have ended */
	int pidfd;     /* of it; −1: it has ended.  Closed after the call */
	const struct fan_object *object;
	struct bytes name; /* as some user chose it; empty: none */
};
typedef void fan_fn(const struct fan_event *, void *arg);

/*
 * A descriptor that does not block, or −errno.  CAP_SYS_ADMIN, here and now: a group that was opened without
 * does not say who it was (fs/notify/fanotify/fanotify_user.c, FANOTIFY_UNPRIV).
 */
int fan_open(enum fan_about);
/* fd: O_PATH does.  0 or −errno: EOPNOTSUPP: its file system has no handles. */
int fan_object(int fd, struct fan_object *);
bool fan_same(const struct fan_object *, const struct fan_object *);
/* An inode's mark needs no capability but to read it.  0 or −errno. */
int fan_mark(int group, int fd, uint64_t mask);
int fan_unmark(int group, int fd, uint64_t mask);
/* Calls fn for what is there, one buffer full.  How many, 0: nothing, or −errno; EPROTO: of another layout. */
int fan_read(int group, fan_fn *, void *arg);

#endif
