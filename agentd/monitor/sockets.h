/* sockets: which sockets a process has open, as its descriptors in /proc show. */
#ifndef MONITOR_SOCKETS_H
#define MONITOR_SOCKETS_H

#include <sys/types.h>

#include "base/clock.h"

/* number: of the descriptor.  False: enough. */
typedef bool sockets_fn(int number, uint64_t inode, void *arg);
/* Each descriptor of a socket that its first thread has; false when fn had enough, or the time was over. */
bool sockets_each(pid_t, struct mtime until, sockets_fn *, void *arg);
/* And those that other threads have by themselves: unshare(CLONE_FILES). */
bool sockets_each_thread(pid_t, struct mtime until, sockets_fn *, void *arg);
/* The inodes of all of them; at most cap; their number. */
size_t sockets_list(pid_t, uint64_t *inode, size_t cap);

#endif
