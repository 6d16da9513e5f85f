/* peer: see peer.h.  Runs in the monitor. */
#include "agentd/monitor/peer.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif

/* A pidfd of the process that connected, or −errno. */
static int
peer_pidfd(int fd, pid_t pid)
{
	int pidfd;
	socklen_t len = sizeof(pidfd);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len) == 0)
		return pidfd;
	/* Older kernels: the number may have changed hands since; facts_of() sees to the rest. */
	return proc_pidfd(pid);
}

int
peer_root(int fd, struct facts *out)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	struct facts f;
	int pidfd, rc;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1)
		return -errno;
	if (cred.uid != 0)
		return -EPERM;
	if (cred.pid <= 0)
		return -ESRCH;
	pidfd = peer_pidfd(fd, cred.pid);
	if (pidfd < 0)
		return pidfd;
	rc = facts_of(pidfd, cred.pid, &f);
	close(pidfd);
	if (rc == 0 && f.euid != 0)
		rc = -EPERM;
	if (rc == 0)
		*out = f;
	return rc;
}
