/* mount: what kind of file system a program is on, asked of the kernel and never of the file system. */
#ifndef MONITOR_MOUNT_H
#define MONITOR_MOUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The program that pid runs is on a file system that some user's process may serve (FUSE): to open it
 * may take as long as that user likes.  True in doubt.
 */
bool mount_program_is_served(pid_t);
/* One line of /proc/PID/mountinfo; false when it is of another mount or cannot be read. */
bool mount_line(const char *line, uint64_t id, bool *served);

#endif
