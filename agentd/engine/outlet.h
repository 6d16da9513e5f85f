/*
 * outlet: where alerts leave the engine: the alert file, syslog, the audit trail, the store and whoever
 * follows.  One place decides what goes where: `record` and `pass` to the store alone.
 */
#ifndef ENGINE_OUTLET_H
#define ENGINE_OUTLET_H

#include "agentd/case/case.h"
#include "agentd/config.h"
#include "agentd/engine/acts.h"
#include "agentd/sink/alert.h"
#include "agentd/sink/sink.h"

/* The index of the alert line for those who choose: the store and the followers. */
struct outlet_row {
	struct rtime time;
	uint32_t ses, auid;
	const char *user;
	enum activity activity; /* ACT_COUNT: none; then what says what it is, NULL: sshtether itself */
	const char *what;
	enum action action;
	enum done done;
	enum severity severity;
	bool alert; /* false: recorded or passed */
	bool held;  /* its rule's `at most` held it back: for the store alone */
	struct bytes json;
	struct bytes stored; /* the same with the facts (asked.h), for the store */
};

/* What the store and those who choose call it: its activity, or what it is. */
static inline const char *
outlet_row_name(const struct outlet_row *r)
{
	if (r->activity < ACT_COUNT)
		return activity_info(r->activity)->name;
	return r->what != NULL ? r->what : "sshtether";
}

struct outlet_parts {
	const struct config *conf;
	struct link *link;                  /* for the audit trail */
	const struct alert_context *context; /* as it is when an alert leaves */
	const struct pipeline_options *options;
	struct cases *cases;     /* that findings join */
	const struct host *host; /* for what else is to be said of their sessions */
	/* A hash of the rule's text; for a decision that a rule made. */
	uint64_t (*rule)(const struct decision *, void *arg);
	void (*row)(const struct outlet_row *, void *arg);
	void *arg;
};

struct outlet;

struct outlet *outlet_new(const struct outlet_parts *);
void outlet_free(struct outlet **);
void outlet_ruling(struct outlet *, const struct outcome_of *);
/* What was told earlier that day: for its session's case alone. */
void outlet_folded(struct outlet *, const struct ruling *);
/* Something about sshtether itself: to the log, the alert file, the store and followers. */
struct outlet_word {
	const char *what; /* event.action */
	enum severity severity;
	const char *sentence; /* event.reason */
	uint64_t count;       /* that belongs to it; 0: none */
	void (*more)(struct json *, const void *arg); /* members of "sshtether"; NULL: no more */
	const void *arg;
};
void outlet_word(struct outlet *, const struct outlet_word *);
/* The same in short. */
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
