/*
 * errand: something small that is done to a user's files or terminals with that user's own rights, in a process of
 * its own: what it meets there (FUSE, a symbolic link to anywhere) is the user's affair and holds nobody up.
 */
#ifndef MONITOR_ERRAND_H
#define MONITOR_ERRAND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"

#define ERRAND_MS 500 /* then it is ended */
#define ERRAND_PTS 136 /* major number of what is in /dev/pts (UNIX98_PTY_SLAVE_MAJOR) */

/* A file by its path and by what it must be. */
struct errand_file {
	uid_t uid; /* whose rights; of no group */
	const char *path; /* absolute */
	uint32_t dev_major, dev_minor;
	uint64_t inode;
};

/* All of these: beside the loop; 0 or −errno; −ESTALE: the path leads to another file, or to no socket. */

/*
 * That socket is there, in a directory where nobody else but root can put another in its place.  −EACCES:
 * others can.
 */
int errand_is_there(const struct errand_file *);
/* That socket's name goes. */
int errand_unlink(const struct errand_file *);

/*
 * The text on that pseudo-terminal, as far as it takes it at once.  −ENXIO: /dev/pts/NUMBER is none of the user's.
 */
int errand_write(uid_t, uint32_t number, struct bytes text);

#endif
