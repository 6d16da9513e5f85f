/* listen: the daemon's own directories and sockets, made by root before anything is dropped. */
#ifndef MONITOR_LISTEN_H
#define MONITOR_LISTEN_H

#include <sys/types.h>

/* Makes the directory when it is not there, and makes it so.  A descriptor of it, or −errno. */
int listen_dir(const char *path, uid_t, gid_t, mode_t);
/*
 * Binds path, with that owner and mode, and listens; −EADDRINUSE when somebody listens there.  A
 * socket that nobody listens on any more is removed first.  Close-on-exec, not blocking.
 */
int listen_unix(const char *path, int type, uid_t, gid_t, mode_t);

#endif
