/* afar: see afar.h.  Runs in the monitor, beside its loop. */
#include "agentd/monitor/afar.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "agentd/monitor/sockets.h"
#include "base/clock.h"

#define HOLDER_MS 50 /* to look through the descriptors of who listens */

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* 0: it is not told. */
static uint64_t
namespace_of(int fd)
{
	uint64_t cookie;
	socklen_t n = sizeof(cookie);

	return getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &n) == 0 ? cookie : 0;
}

static uint64_t
own_namespace(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint64_t cookie = fd == -1 ? 0 : namespace_of(fd);

	if (fd != -1)
		close(fd);
	return cookie;
}

void
afar_begin(struct afar *a, const struct diag_unix *listener)
{
	a->here = own_namespace();
	a->inode = listener->inode;
	a->n = 0;
	if (listener->name_n <= sizeof(a->path) && listener->name_n != 0 && listener->name[0] == '/')
		a->n = listener->name_n;
	memcpy(a->path, listener->name, a->n);
}

/* Shut down already, here or there. */
static bool
is_over(int fd)
{
	struct pollfd p = {.fd = fd};

	return poll(&p, 1, 0) == 1 && (p.revents & POLLHUP) != 0;
}

bool
afar_may_be(pid_t pid, int number)
{
	static const char unix_prefix[] = {'U', 'N', 'I', 'X'};
	char path[64], name[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, number);
	return getxattr(path, "system.sockprotoname", name, sizeof(name)) >= (ssize_t)sizeof(unix_prefix) &&
	    memcmp(name, unix_prefix, sizeof(unix_prefix)) == 0;
}

static bool
is_not_it(int number, uint64_t inode, void *arg)
{
	const uint64_t *its = arg;

	(void)number;
	return inode != *its;
}

/* Whoever began to listen there may be gone, as ssh-agent is when it has gone to the background. */
static bool
is_of_another(const struct afar *a, int fd)
{
	struct ucred who;
	socklen_t n = sizeof(who);
	uint64_t inode = a->inode;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == -1)
		return true;
	return who.pid > 0 && kill(who.pid, 0) == 0 &&
	    sockets_each_thread(who.pid, mtime_after(mtime_now(), HOLDER_MS), is_not_it, &inode);
}

/* Asked without a lock of the socket: the number may be of another one by now. */
static bool
is_unix_elsewhere(const struct afar *a, int fd)
{
	const uint64_t its = namespace_of(fd);
	int domain;
	socklen_t n = sizeof(domain);

	return its != 0 && a->here != 0 && its != a->here &&
	    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) == 0 && domain == AF_UNIX;
}

bool
afar_leads(const struct afar *a, int fd)
{
	struct sockaddr_un name;
	socklen_t n = sizeof(name);
	const size_t begin = offsetof(struct sockaddr_un, sun_path);

	if (a->n == 0 || !is_unix_elsewhere(a, fd) || getpeername(fd, (struct sockaddr *)&name, &n) == -1)
		return false;
	return name.sun_family == AF_UNIX && n == begin + a->n && memcmp(name.sun_path, a->path, a->n) == 0 &&
	    !is_over(fd) && !is_of_another(a, fd);
}
