/*
 * afar: connections to a Unix listener of this network namespace from another one.  A path leads from any to any,
 * and both ends are then of the namespace of who connected (net/unix/af_unix.c, unix_stream_connect()), where
 * sock_diag(7) does not list them here.  What they bear is the listener's name.
 */
#ifndef MONITOR_AFAR_H
#define MONITOR_AFAR_H

#include <sys/types.h>
#include <sys/un.h>

#include "agentd/monitor/sockdiag.h"

struct afar {
	uint64_t here;  /* the cookie of this network namespace; 0: the kernel does not tell (before 5.14) */
	uint64_t inode; /* of the listening socket */
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	size_t n;       /* bytes of it with its NUL; 0: it is relative, abstract, or none: nothing is told by it */
};

/* Of this listener. */
void afar_begin(struct afar *, const struct diag_unix *listener);
/*
 * Whether that descriptor is of a Unix socket at all, by its name in the kernel (net/socket.c, sockfs_xattr_get()).
 * Others are not to be taken: their calls wait for a lock that their owner can hold, their last close for his peer.
 */
bool afar_may_be(pid_t, int number);
/*
 * That socket is of another network namespace, and leads to the listener still.  In another mount namespace a name may
 * be another's: when whoever began to listen lives, he must have this listener.
 */
bool afar_leads(const struct afar *, int fd);

#endif
