/*
 * exe: is the program that a record names the file that has this name here?  A record's exe is a path in
 * the process's own mount namespace: whoever may make one (unshare -Urm) can mount any file over any name.
 * The device and inode of the file are the kernel's word.  Never waits: a path that is not in the kernel's
 * cache counts as not known, and that of a running program is.
 */
#ifndef ENGINE_EXE_H
#define ENGINE_EXE_H

#include <sys/stat.h>

#include "agentd/host/host.h"

bool exe_is_here(const struct process *);
/* Is the open file on the device that a record names? */
bool exe_same_device(int fd, const struct stat *, uint32_t dev_major, uint32_t dev_minor);

#endif
