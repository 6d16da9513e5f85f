/*
 * syslog: alerts as lines for people, to the local syslog socket.  An alert that is not taken at once is
 * dropped and counted.
 */
#ifndef SINK_SYSLOG_H
#define SINK_SYSLOG_H

#include "agentd/sink/sink.h"
#include "base/syslog_line.h"

struct syslog_sink;

/* socket: path of the datagram socket, copied; ident is borrowed for life.  NULL: out of memory. */
struct syslog_sink *syslog_sink_new(const char *socket, const char *ident);
void syslog_sink_free(struct syslog_sink **);
/* priority: LOG_* level; facility authpriv.  text is visible text without newline. */
bool syslog_sink_line(struct syslog_sink *, int priority, struct rtime now, struct bytes text);
const struct sink_health *syslog_sink_health(const struct syslog_sink *);

#endif
