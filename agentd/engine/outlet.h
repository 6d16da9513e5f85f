/*
 * outlet: where alerts leave the engine: the alert file, syslog, the audit trail, the store and whoever
 * follows.  One place decides what goes where: `record` and `pass` to the store alone.
 */
#ifndef ENGINE_OUTLET_H
#define ENGINE_OUTLET_H

#include "agentd/config.h"
#include "agentd/engine/acts.h"
#include "agentd/sink/alert.h"
#include "agentd/sink/sink.h"

/* The index of the alert line for those who choose: the store and the followers. */
struct outlet_row {
	struct rtime time;
	uint32_t ses, auid;
	const char *user;
	enum activity activity;
	enum action action;
	enum done done;
	enum severity severity;
	bool alert; /* false: recorded or passed */
	struct bytes json;
	struct bytes stored; /* the same with the facts (asked.h), for the store */
};

struct outlet_parts {
	const struct config *conf;
	struct link *link;                  /* for the audit trail */
	const struct alert_context *context; /* as it is when an alert leaves */
	const struct pipeline_options *options;
	void (*row)(const struct outlet_row *, void *arg);
	void *arg;
};

struct outlet;

struct outlet *outlet_new(const struct outlet_parts *);
void outlet_free(struct outlet **);
void outlet_ruling(struct outlet *, const struct outcome_of *);
/*
 * Something about sshtether itself: event.action is `what`; to the log, the alert file and followers.
 * count: a number that belongs to it, 0: none.
 */
void outlet_notice(struct outlet *, const char *what, enum severity, uint64_t count,
    const char *sentence);
/* A REQ_AUDIT: to the audit trail alone. */
void outlet_trail(struct outlet *, struct request *);
/* At the end: tells of the alerts that are held back. */
void outlet_flush(struct outlet *);
/* Log rotation: opens the alert file anew. */
void outlet_reopen(struct outlet *);
/* Once a second: has the alert file been moved away? */
void outlet_check(struct outlet *);
/* An array of name, state, written, dropped, why. */
void outlet_json(const struct outlet *, struct json *);

#endif
