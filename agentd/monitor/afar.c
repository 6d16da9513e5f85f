/* afar: see afar.h.  Runs in the monitor, beside its loop. */
#include "agentd/monitor/afar.h"

#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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
afar_leads(const struct afar *a, int fd)
{
	struct sockaddr_un name;
	socklen_t n = sizeof(name);
	const size_t begin = offsetof(struct sockaddr_un, sun_path);

	if (a->n == 0 || a->here == 0 || getpeername(fd, (struct sockaddr *)&name, &n) == -1)
		return false;
	return name.sun_family == AF_UNIX && n == begin + a->n && memcmp(name.sun_path, a->path, a->n) == 0 &&
	    namespace_of(fd) != a->here && !is_over(fd);
}
