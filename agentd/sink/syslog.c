/* syslog: see syslog.h.  Engine process. */
#include "agentd/sink/syslog.h"

#include <stdio.h>
#include <stdlib.h>

struct syslog_sink {
	char *path; /* owned */
	struct syslog_line line;
	struct sink_health health;
};

bool
syslog_sink_line(struct syslog_sink *s, int priority, struct rtime now, struct bytes text)
{
	int rc = syslog_line_send(&s->line, priority, now, text);

	if (rc != 0) {
		s->health.state = SINK_FAILING;
		s->health.dropped++;
		snprintf(s->health.why, sizeof(s->health.why), "%s: %s", s->path, strerror(-rc));
		return false;
	}
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

	if (s == NULL || (s->path = strdup(socket_path)) == NULL) {
		free(s);
		return NULL;
	}
	s->line = (struct syslog_line){.path = s->path, .ident = ident, .fd = -1};
	s->health.state = syslog_line_open(&s->line) == 0 ? SINK_OK : SINK_FAILING;
	return s;
}

void
syslog_sink_free(struct syslog_sink **sp)
{
	struct syslog_sink *s = *sp;

	if (s == NULL)
		return;
	*sp = NULL;
	syslog_line_close(&s->line);
	free(s->path);
	free(s);
}
