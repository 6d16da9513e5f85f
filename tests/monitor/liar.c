/*
 * liar: an engine that somebody else has taken over.  Linked into sshtetherd in the engine's place, it
 * runs as the monitor runs the engine, and carries every packet between the monitor and the test,
 * descriptors and all: what the test asks for, the monitor hears from its own engine.
 */
#include "agentd/engine/engine.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/safe.h"

#define FDS 4

static int
connect_test(void)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	const char *path = getenv("LIAR_SOCKET");
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (path == NULL || fd == -1 || !bytes_copy(bytes_of(path), sun.sun_path, sizeof(sun.sun_path)) ||
	    connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		return -1;
	return fd;
}

/* False when one side is gone. */
static bool
carry(int from, int to)
{
	char packet[8192];
	int fds[FDS], nfds = 0;
	long n = packet_recv(from, packet, sizeof(packet), fds, FDS);
	bool ok;

	if (n <= 0)
		return false;
	while (nfds < FDS && fds[nfds] != -1)
		nfds++;
	ok = packet_send(to, packet, (size_t)n, fds, nfds) == 0;
	for (int i = 0; i < nfds; i++)
		close(fds[i]);
	return ok;
}

int
engine_main(const struct config *cf, int request_fd)
{
	int test = connect_test();
	struct pollfd p[2] = {{.fd = request_fd, .events = POLLIN}, {.fd = test, .events = POLLIN}};

	(void)cf;
	while (test != -1 && poll(p, 2, -1) > 0) {
		if (p[0].revents != 0 && !carry(request_fd, test))
			break;
		if (p[1].revents != 0 && !carry(test, request_fd))
			break;
	}
	return 0;
}
