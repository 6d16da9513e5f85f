/*
 * gate_acts: what the child of an exercise does: that which must be refused, and its neighbour that must not.
 * Sends nothing: ports are closed ones of this host, datagrams are probes that are never sent.  Runs in a
 * child of the monitor.
 */
#include "agentd/monitor/gate_acts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"

#ifndef MSG_PROBE
#define MSG_PROBE 0x10 /* include/linux/socket.h */
#endif

static int
try_connect(int family, const char *to, int type)
{
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6, .sin6_port = htons(GATE_TRY_PORT)};
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(GATE_TRY_PORT)};
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), rc;

	if (fd == -1)
		return errno;
	(void)inet_pton(family, to, family == AF_INET ? (void *)&sin.sin_addr : (void *)&sin6.sin6_addr);
	rc = family == AF_INET ? connect(fd, (struct sockaddr *)&sin, sizeof(sin)) :
				 connect(fd, (struct sockaddr *)&sin6, sizeof(sin6));
	rc = rc == 0 ? 0 : errno;
	close(fd);
	return rc;
}

int
gate_act_connect(const struct gate_tools *t)
{
	int refused = try_connect(AF_INET, "127.0.0.1", SOCK_STREAM);
	int refused6 = try_connect(AF_INET6, "::1", SOCK_STREAM);

	(void)t;
	if (refused != EPERM || (refused6 != EPERM && refused6 != EAFNOSUPPORT))
		return GATE_NOT_GATED;
	return try_connect(AF_INET, "127.0.0.2", SOCK_STREAM) == EPERM ? EEXIST : 0;
}

/* udp_sendmsg(): MSG_CONFIRM with MSG_PROBE and no bytes ends before anything is sent. */
static int
try_send(int family, const char *to)
{
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6, .sin6_port = htons(GATE_TRY_PORT)};
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(GATE_TRY_PORT)};
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;

	if (fd == -1)
		return errno;
	(void)inet_pton(family, to, family == AF_INET ? (void *)&sin.sin_addr : (void *)&sin6.sin6_addr);
	rc = (int)(family == AF_INET ?
	    sendto(fd, "", 0, MSG_CONFIRM | MSG_PROBE, (struct sockaddr *)&sin, sizeof(sin)) :
	    sendto(fd, "", 0, MSG_CONFIRM | MSG_PROBE, (struct sockaddr *)&sin6, sizeof(sin6)));
	rc = rc == 0 ? 0 : errno;
	close(fd);
	return rc;
}

int
gate_act_datagram(const struct gate_tools *t)
{
	int refused6 = try_send(AF_INET6, "2001:db8::1");

	(void)t;
	if (try_send(AF_INET, "192.0.2.1") != EPERM || (refused6 != EPERM && refused6 != EAFNOSUPPORT))
		return GATE_NOT_GATED;
	return try_send(AF_INET, "127.0.0.1") == EPERM ? EEXIST : 0;
}

static int
connect_path(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)bytes_copy(bytes_of(path), sun.sun_path, sizeof(sun.sun_path));
	return connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0 ? 0 : errno;
}

int
gate_act_path(const struct gate_tools *t)
{
	return connect_path(t->path) == EPERM ? 0 : GATE_NOT_GATED;
}

/* These two end their child. */
int
gate_act_listener(const struct gate_tools *t)
{
	int rc = connect_path(t->link);

	return rc != 0 ? rc : GATE_NOT_GATED;
}

int
gate_act_exec(const struct gate_tools *t)
{
	(void)t;
	execl(GATE_TRY_PROGRAM, GATE_TRY_PROGRAM, (char *)NULL);
	return errno;
}
