/* log: see log.h. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/syslog_line.h"

static bool log_stderr = true, log_verbose;
static struct syslog_line log_syslog = {.path = SYSLOG_SOCKET, .ident = "sshtether", .fd = -1};

void
log_init(const char *ident, bool to_stderr, bool verbose)
{
	log_syslog.ident = ident;
	log_stderr = to_stderr;
	log_verbose = verbose;
	if (!to_stderr)
		(void)syslog_line_open(&log_syslog);
}

void
log_at(int priority, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	if (priority == LOG_DEBUG && !log_verbose)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (log_stderr)
		fprintf(stderr, "%s: %s\n", log_syslog.ident, line);
	else /* there is nowhere to say that it could not be said */
		(void)syslog_line_send(&log_syslog, priority, rtime_now(), bytes_of(line));
}

bool
log_allow(struct log_limit *l, unsigned burst, unsigned *dropped)
{
	struct timespec now;

	*dropped = 0;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (now.tv_sec / 60 != l->minute) {
		l->minute = now.tv_sec / 60;
		l->used = 0;
	}
	if (l->used >= burst) {
		l->held++;
		return false;
	}
	l->used++;
	*dropped = l->held;
	l->held = 0;
	return true;
}

const char *
log_held(unsigned dropped, char text[LOG_HELD_LEN])
{
	text[0] = '\0';
	if (dropped != 0)
		snprintf(text, LOG_HELD_LEN, " (%u like this not logged)", dropped);
	return text;
}
