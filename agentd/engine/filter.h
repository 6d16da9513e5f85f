/* filter: the system calls that the engine may make (seccomp(2)); see the list in filter.c. */
#ifndef ENGINE_FILTER_H
#define ENGINE_FILTER_H

#include <stdbool.h>

/* For all threads of the process.  False: not in force, errno says why; the caller must not go on. */
bool filter_enter(void);

#endif
