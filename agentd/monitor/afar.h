/*
 * afar: connections to a Unix listener of this network namespace from another one.  A path leads from any to any,
 * and both ends are then of the namespace of who connected (net/unix/af_unix.c, unix_stream_connect()), where
 * sock_diag(7) does not list them here.  What they bear is the listener's name.
 */
#ifndef MONITOR_AFAR_H
#define MONITOR_AFAR_H

#include <sys/un.h>

#include "agentd/monitor/sockdiag.h"

struct afar {
	uint64_t here; /* the cookie of this network namespace; 0: the kernel does not tell (before 5.14) */
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	size_t n;      /* bytes of it; 0: it is a relative one, or none: nothing is told by it */
};

/* Of this listener. */
void afar_begin(struct afar *, const struct diag_unix *listener);
/* That socket is of another network namespace, and leads to the listener still. */
bool afar_leads(const struct afar *, int fd);

#endif
