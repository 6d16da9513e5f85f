/*
 * own: the addresses of this host, which a policy's `to self` means: those of its interfaces, and those at
 * which its sessions came in (a container's sshd has one that no interface here shows).  Engine process.
 */
#ifndef ENGINE_OWN_H
#define ENGINE_OWN_H

#include <sshtether/limits.h>

#include "agentd/host/host.h"

struct own {
	struct addr addr[ST_OWN_ADDRS]; /* sorted, each once */
	size_t n;
	bool cut; /* there were more */
};

/* Pure.  Loopback is every host's own and not in the list; link-local ones come and go with each container. */
bool own_has(const struct own *, struct addr);
/* The interfaces, as they are now, and where the living sessions came in.  0 or −errno: *out is not set. */
int own_read(struct own *out, const struct host *);
bool own_eq(const struct own *, const struct own *);

#endif
