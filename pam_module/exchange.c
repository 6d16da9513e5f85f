/*
 * exchange: see exchange.h.  The socket stays blocking and carries a time-out for each call, set to
 * what is left until the deadline: a non-blocking connect() to a Unix socket whose queue is full
 * fails with EAGAIN and leaves nothing to poll for (unix(7)), a blocking one waits its turn.
 */
#include "pam_module/exchange.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

static const char *const texts[EXCHANGE_COUNT] = {
	[EXCHANGE_OK] = "all is well",
	[EXCHANGE_ABSENT] = "sshtetherd does not listen",
	[EXCHANGE_NOT_ROOT] = "the listener is not root and is not trusted",
	[EXCHANGE_LATE] = "sshtetherd did not answer in time",
	[EXCHANGE_CLOSED] = "sshtetherd closed the connection without an answer",
	[EXCHANGE_RUBBISH] = "the answer is not a verdict of this version",
	[EXCHANGE_FAILED] = "a system call failed",
};

const char *
exchange_text(enum exchange how)
{
	return texts[how];
}

struct wait {
	struct mtime start;
	unsigned timeout_ms;
};

/* Bounds the next call in one direction by what is left; −1 with ETIMEDOUT when nothing is. */
static int
bound(int fd, int direction, const struct wait *w)
{
	int64_t left_ns = (int64_t)w->timeout_ms * 1000000 - (mtime_now().ns - w->start.ns);
	struct timeval tv;

	if (left_ns < 1000) { /* 0 would mean: for ever */
		errno = ETIMEDOUT;
		return -1;
	}
	tv = (struct timeval){.tv_sec = (time_t)(left_ns / 1000000000),
	    .tv_usec = (suseconds_t)(left_ns % 1000000000 / 1000)};
	return setsockopt(fd, SOL_SOCKET, direction, &tv, sizeof(tv));
}

static int
bounded_connect(int fd, const struct sockaddr_un *sa, const struct wait *w)
{
	int rc;

	do
		rc = bound(fd, SO_SNDTIMEO, w) == -1
		    ? -1
		    : connect(fd, (const struct sockaddr *)(const void *)sa, sizeof(*sa));
	while (rc == -1 && errno == EINTR);
	return rc;
}

static ssize_t
bounded_send(int fd, const struct report *r, const struct wait *w)
{
	ssize_t n;

	do
		n = bound(fd, SO_SNDTIMEO, w) == -1 ? -1 : send(fd, r, sizeof(*r), MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	return n;
}

/*
 * MSG_TRUNC: the true length of the packet, also when it is longer than a verdict (recv(2)).  A peer
 * that answered and closed without reading all leaves ECONNRESET in front of its answer: the error is
 * taken once, and what stands behind it counts (net/unix/af_unix.c, unix_release_sock).
 */
static ssize_t
bounded_recv(int fd, struct verdict *v, const struct wait *w)
{
	bool reset = false, again;
	ssize_t n;

	do {
		n = bound(fd, SO_RCVTIMEO, w) == -1 ? -1 : recv(fd, v, sizeof(*v), MSG_TRUNC);
		again = n == -1 && (errno == EINTR || (errno == ECONNRESET && !reset));
		reset |= n == -1 && errno == ECONNRESET;
	} while (again);
	return n;
}

static enum exchange
name_failure(int err)
{
	switch (err) {
	case ENOENT:
	case ECONNREFUSED:
		return EXCHANGE_ABSENT;
	case EAGAIN: /* a time-out of the socket's own */
	case ETIMEDOUT:
		return EXCHANGE_LATE;
	case EPIPE:
	case ECONNRESET:
		return EXCHANGE_CLOSED;
	default:
		return EXCHANGE_FAILED;
	}
}

/* Who called listen() (SO_PEERCRED, unix(7)). */
static bool
listener_is_root(int fd)
{
	struct ucred cred;
	socklen_t n = sizeof(cred);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) == 0 && cred.uid == 0;
}

static enum exchange
converse(int fd, const struct sockaddr_un *sa, const struct wait *w, const struct report *r,
    struct verdict *out)
{
	struct verdict v;
	ssize_t n;

	if (bounded_connect(fd, sa, w) == -1)
		return name_failure(errno);
	if (!listener_is_root(fd)) {
		errno = EPERM;
		return EXCHANGE_NOT_ROOT;
	}
	/* The monitor's fallback may have come before the report: EPIPE, and a verdict to be read. */
	if (bounded_send(fd, r, w) == -1 && errno != EPIPE)
		return name_failure(errno);
	n = bounded_recv(fd, &v, w);
	if (n == -1)
		return name_failure(errno);
	if (n == 0) {
		errno = ECONNRESET;
		return EXCHANGE_CLOSED;
	}
	if (!verdict_valid(&v, (size_t)n)) {
		errno = EBADMSG;
		return EXCHANGE_RUBBISH;
	}
	*out = v;
	return EXCHANGE_OK;
}

enum exchange
exchange(const char *path, unsigned timeout_ms, const struct report *r, struct verdict *out)
{
	struct wait w = {.start = mtime_now(), .timeout_ms = timeout_ms};
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	enum exchange how;
	int fd, err;

	if (!bytes_copy(bytes_of(path), sa.sun_path, sizeof(sa.sun_path))) {
		errno = ENAMETOOLONG;
		return EXCHANGE_FAILED;
	}
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return EXCHANGE_FAILED;
	how = converse(fd, &sa, &w, r, out);
	err = errno;
	close(fd);
	errno = err;
	return how;
}
