/* alert_parts: the objects that an alert is put together from; for alert*.c, and what is shaped alike (case/). */
#ifndef SINK_ALERT_PARTS_H
#define SINK_ALERT_PARTS_H

#include "agentd/sink/alert.h"

/* alert.c: an end of a connection, nothing when it is not known; the host. */
void alert_put_endpoint(struct json *, const char *key, struct endpoint);
void alert_put_host(struct json *, const struct alert_context *);

/* alert_event.c: event and threat: what it was, in ECS's words. */
void alert_put_event(struct json *, const struct alert *, const struct alert_context *);
void alert_put_threat(struct json *, enum activity);

/* alert_process.c: process with its parents; sshtether.ancestry. */
void alert_put_process(struct json *, const struct finding *, enum command_line);
void alert_put_ancestry(struct json *, const struct finding *);

/* The first nbytes of the SHA-256, in hex; nothing where OpenSSL cannot. */
void alert_put_hash(struct buf *, struct bytes, size_t nbytes);

#endif
