/* syslog: see syslog.h.  RFC 3164 as Linux's local syslogs read it: no host name.  Engine process. */
#include "agentd/sink/syslog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096 /* longer ones are cut by some receivers in the middle of a character */

struct syslog_sink {
	char *path; /* owned */
	const char *ident;
	int fd;
	struct sink_health health;
};

static bool
failed(struct syslog_sink *s, const char *what, int error)
{
	s->health.state = SINK_FAILING;
	s->health.dropped++;
	snprintf(s->health.why, sizeof(s->health.why), "%s: %s", what, strerror(error));
	return false;
}

static void
close_socket(struct syslog_sink *s)
{
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
}

static bool
open_socket(struct syslog_sink *s)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	if (s->fd != -1)
		return true;
	if (strlen(s->path) >= sizeof(sa.sun_path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(sa.sun_path, s->path, strlen(s->path));
	s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd != -1 && connect(s->fd, (const struct sockaddr *)&sa, sizeof(sa)) == 0)
		return true;
	int error = errno;

	close_socket(s);
	errno = error;
	return false;
}

static void
put_header(struct syslog_sink *s, int priority, struct rtime now, struct buf *out)
{
	time_t t = (time_t)(now.ms / 1000);
	struct tm tm = {0};
	char when[32];

	localtime_r(&t, &tm);
	strftime(when, sizeof(when), "%b %e %T", &tm); /* "C" locale: we never call setlocale() */
	buf_printf(out, "<%d>%s %s[%d]: ", LOG_AUTHPRIV | LOG_PRI(priority), when, s->ident,
	    (int)getpid());
}

static bool
send_line(struct syslog_sink *s, struct bytes line)
{
	return send(s->fd, line.p, line.n, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)line.n;
}

bool
syslog_sink_line(struct syslog_sink *s, int priority, struct rtime now, struct bytes text)
{
	struct buf line = BUF_INIT;
	bool ok;

	put_header(s, priority, now, &line);
	buf_put(&line, text.p, text.n < LINE_MAX_BYTES ? text.n : LINE_MAX_BYTES);
	if (!buf_ok(&line)) {
		buf_free(&line);
		return failed(s, "memory", ENOMEM);
	}
	ok = open_socket(s) && send_line(s, buf_bytes(&line));
	if (!ok && (errno == ECONNREFUSED || errno == ENOTCONN || errno == ECONNRESET)) {
		close_socket(s); /* syslog was started again under a new socket */
		ok = open_socket(s) && send_line(s, buf_bytes(&line));
	}
	buf_free(&line);
	if (!ok)
		return failed(s, s->path, errno);
	s->health.state = SINK_OK;
	s->health.why[0] = '\0';
	s->health.written++;
	return true;
}

const struct sink_health *
syslog_sink_health(const struct syslog_sink *s)
{
	return &s->health;
}

struct syslog_sink *
syslog_sink_new(const char *socket_path, const char *ident)
{
	struct syslog_sink *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->fd = -1;
	s->ident = ident;
	if ((s->path = strdup(socket_path)) == NULL) {
		free(s);
		return NULL;
	}
	s->health.state = open_socket(s) ? SINK_OK : SINK_FAILING;
	return s;
}

void
syslog_sink_free(struct syslog_sink **sp)
{
	struct syslog_sink *s = *sp;

	if (s == NULL)
		return;
	*sp = NULL;
	close_socket(s);
	free(s->path);
	free(s);
}
