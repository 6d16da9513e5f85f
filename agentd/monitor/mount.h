/* mount: what kind of file system a program is on, asked of the kernel and never of the file system. */
#ifndef MONITOR_MOUNT_H
#define MONITOR_MOUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * The program that pid runs is on a file system that some user's process may serve (FUSE), or that nobody knows: to open it
 * may take as long as that user likes.  True in doubt.
 */
bool mount_program_is_served(pid_t);
/* The same of the file system that a descriptor is on, O_PATH or not; one of a network is served, too. */
bool mount_is_served(int fd);
/*
 * One line of /proc/PID/mountinfo; false when it is of another mount or cannot be read.  ours: of this
 * process's own mount namespace.
 */
bool mount_line(const char *line, uint64_t id, bool ours, bool *served);
/* All of them; false when none is of that mount. */
bool mount_search(FILE *, uint64_t id, bool ours, bool *served);

#endif
