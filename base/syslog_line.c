/* syslog_line: see syslog_line.h. */
#include "base/syslog_line.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define TEXT_MAX 4096 /* longer ones are cut by some receivers in the middle of a character */

void
syslog_line_close(struct syslog_line *s)
{
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
}

int
syslog_line_open(struct syslog_line *s)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int rc;

	if (s->fd != -1)
		return 0;
	if (!bytes_copy(bytes_of(s->path), sa.sun_path, sizeof(sa.sun_path)))
		return -ENAMETOOLONG;
	s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd != -1 && connect(s->fd, (const struct sockaddr *)&sa, sizeof(sa)) == 0)
		return 0;
	rc = -errno;
	syslog_line_close(s);
	return rc;
}

static void
put_header(const struct syslog_line *s, int priority, struct rtime now, struct buf *out)
{
	time_t t = (time_t)(now.ms / 1000);
	struct tm tm = {0};
	char when[32];

	localtime_r(&t, &tm);
	strftime(when, sizeof(when), "%b %e %T", &tm); /* "C" locale: we never call setlocale() */
	buf_printf(out, "<%d>%s %s[%d]: ", LOG_AUTHPRIV | LOG_PRI(priority), when, s->ident,
	    (int)getpid());
}

static int
send_once(struct syslog_line *s, struct bytes line)
{
	int rc = syslog_line_open(s);

	if (rc != 0)
		return rc;
	return send(s->fd, line.p, line.n, MSG_DONTWAIT | MSG_NOSIGNAL) == -1 ? -errno : 0;
}

int
syslog_line_send(struct syslog_line *s, int priority, struct rtime now, struct bytes text)
{
	struct buf line = BUF_INIT;
	int rc = -ENOMEM;

	put_header(s, priority, now, &line);
	buf_put(&line, text.p, text.n < TEXT_MAX ? text.n : TEXT_MAX);
	if (buf_ok(&line))
		rc = send_once(s, buf_bytes(&line));
	if (rc == -ECONNREFUSED || rc == -ENOTCONN || rc == -ECONNRESET) {
		syslog_line_close(s); /* syslog was started again under a new socket */
		rc = send_once(s, buf_bytes(&line));
	}
	buf_free(&line);
	return rc;
}
