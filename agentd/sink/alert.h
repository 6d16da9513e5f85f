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

/* The case that the session has (agentd/case/case.h): what its alerts carry. */
struct alert_case {
	unsigned score;
	enum severity severity;
};

struct alert {
	const struct ruling *ruling; /* borrowed */
	enum done done;
	enum level level;
	uint64_t held;   /* alerts before it that the rule's `at most` held back */
	const char *why; /* for DONE_FAILED and whatever else needs a word; NULL */
	const struct alert_case *joined; /* NULL: nothing counts of its session */
	struct rtime created;
};

/* The rule's word, or its case's where that stands higher; what was not alerted is not raised. */
enum severity alert_rank(const struct alert *);
/* event.id: the same for the same evidence. */
#define ALERT_ID_LEN 33
void alert_id(const struct finding *, const struct alert_context *, char out[ALERT_ID_LEN]);

/* One line without newline.  The event.id is the same for the same evidence. */
void alert_json(const struct alert *, const struct alert_context *, struct buf *out);
/* One line for people and syslog. */
void alert_text(const struct alert *, const struct alert_context *, struct buf *out);

/* event.severity: 0 info, 21 low, 47 medium, 73 high, 99 critical. */
int alert_severity(enum severity);

/*
 * sshtether.session: what names a session for ever, "BOOT-SES": eight digits of the boot id
 * and the audit session id; where the boot is not known (replay) "SES" alone.  SES_UNSET: "".
 */
#define ALERT_SESSION_LEN 24
const char *alert_session(const char *boot_id, uint32_t ses, char out[ALERT_SESSION_LEN]);
/* The ses of such a name or of a bare number; false when it is neither, or of another boot. */
bool alert_session_parse(struct bytes, const char *boot_id, uint32_t *ses);

/* A Unix path for people and JSON: an abstract name begins with '@', as ss(8) has it. */
void alert_unix_path(struct bytes path, struct buf *out);

/* network.community_id, version 1 seed 0, TCP; "" when an end is missing. */
void community_id(struct endpoint a, struct endpoint b, char out[64]);

#endif
