/*
 * alert: a ruling as one JSON object with ECS names (DESIGN: Alerts).  Used by every sink and by
 * replay.  Pure.
 */
#ifndef SINK_ALERT_H
#define SINK_ALERT_H

#include "agentd/engine/pipeline.h"
#include "base/json.h"

enum command_line { COMMAND_FULL, COMMAND_PROGRAM, COMMAND_HASH };

struct alert_context {
	const char *host_name, *boot_id;
	const char *fleet;
	uint64_t policy_serial;
	enum command_line command_line;
};

struct alert {
	const struct ruling *ruling; /* borrowed */
	enum done done;
	enum level level;
	const char *why; /* for DONE_FAILED and whatever else needs a word; NULL */
	struct rtime created;
};

/* One line without newline.  The event.id is the same for the same evidence. */
void alert_json(const struct alert *, const struct alert_context *, struct buf *out);
/* One line for people and syslog. */
void alert_text(const struct alert *, const struct alert_context *, struct buf *out);

/* network.community_id, version 1 seed 0, TCP; "" when an end is missing. */
void community_id(struct endpoint a, struct endpoint b, char out[64]);

#endif
