/*
 * case: what was found of one session, joined: its findings, a score, the severity that follows from it, and the
 * answers to an analyst's questions.  Pure: time comes with the findings; the same object code runs in the engine
 * and in replay.  What an indicator counts is one table: score.c.
 */
#ifndef CASE_CASE_H
#define CASE_CASE_H

#include "agentd/engine/pipeline.h"
#include "agentd/sink/alert.h"
#include "base/json.h"

/* Indicators of one group say the same thing once more; those of different groups confirm each other. */
enum case_group {
	GROUP_ORIGIN,
	GROUP_SIMULTANEOUS,
	GROUP_MOVEMENT,
	GROUP_AGENT,
	GROUP_ESCALATION,
	GROUP_KEYS,
	GROUP_DURATION,
	GROUP_COUNT,
};

/* One thing that was found, and how often. */
struct case_item {
	enum activity activity;
	enum grade grade;
	enum confidence confidence;
	enum owner owner;
	enum severity severity; /* as it was ruled */
	enum done done;         /* of the last one */
	bool passed;            /* a rule passes it by name */
	bool alerted;           /* it was told by itself */
	bool changed;           /* by a task that is no longer the login's user */
	bool reached;           /* ssh-tamper that worked */
	bool agent;             /* and was one with an agent */
	struct rtime first, last;
	uint64_t count;
	uint32_t owner_ses; /* SES_UNSET: none, or not known */
	char id[ALERT_ID_LEN]; /* event.id of the first */
	char as[ST_NAME_MAX];  /* who it was done as; "": not known */
	char owner_user[ST_NAME_MAX]; /* whose the agent is, or the file; "": not known */
	char *subject; /* owned; where to, or what was used or read; never NULL */
	char *reason;  /* owned; never NULL */
	unsigned points[GROUP_COUNT];
};

/* What the model showed of the session beside its findings; what was once seen stays. */
struct case_other {
	uint32_t ses;
	struct addr from;
	struct rtime opened;
};
struct case_task {
	uint32_t pid, uid;
	struct rtime seen;
	char exe[128];
};
struct case_seen {
	struct case_other others[ST_CASE_SEEN]; /* sessions of the user at the same time */
	struct case_task tasks[ST_CASE_SEEN];   /* that are no longer the login's user */
	char agents[ST_CASE_SEEN][108];         /* that sshd forwards */
	size_t nothers, ntasks, nagents;
};

struct case_file {
	uint32_t ses, auid;
	char boot[37]; /* "" in replay */
	enum session_source source;
	bool judged; /* what is usual for the user was known: its origin was held against it */
	char user[ST_NAME_MAX], tty[ST_NAME_MAX], method[ST_METHOD_MAX];
	char key_type[ST_NAME_MAX], key_fp[ST_FP_MAX], ca_fp[ST_FP_MAX], cert_id[ST_CERTID_MAX];
	struct endpoint peer, local;
	struct rtime opened, changed, over; /* over: RTIME_NONE while the session lives */
	struct case_item *items; /* owned, in the order of their first */
	size_t nitems;
	uint64_t dropped; /* what had no place among them */
	struct case_seen seen;
	unsigned score;         /* 0 to 100 */
	unsigned indicators;    /* that count */
	enum severity scored;   /* by the score alone; SEV_INFO: nothing counts */
	enum severity severity; /* what it stands at: that, or the gravest alert among what was found */
	enum severity told;     /* what was scored when the case's own alert told of it; SEV_INFO: none yet */
};

void case_free(struct case_file *); /* takes NULL */
struct alert_case case_mark(const struct case_file *);

/* report, proc, records: how a session came to be known (sshtether.known_by). */
const char *case_source_name(enum session_source);

/* --- score.c --- */

const char *case_group_name(enum case_group);
/* Did somebody else than logged in do anything in it, by what was found or by its tasks?  That needs no points. */
bool case_has_escalated(const struct case_file *);
void case_weigh(struct case_item *); /* its points */
/* Points of each item, then score, indicators and severities. */
void case_score(struct case_file *);
/*
 * Is there something to be told?  When what counts comes to medium or more, and higher than was told, and when that is
 * not what alerts of findings have said already.
 */
bool case_is_due(const struct case_file *);

/* --- cases.c: those of this boot --- */

struct cases;

/* boot_id: copied; "" in replay.  baseline: borrowed; NULL: nothing is known to be usual. */
struct cases *cases_new(const char *boot_id, const struct baseline *);
void cases_free(struct cases **);
/*
 * A finding with what became of it; id: its event.id.  NULL: it belongs to no session, or there is no memory.
 * What is returned stays until the next call.
 */
struct case_file *cases_take(struct cases *, const struct ruling *, enum done, const char *id, const struct host *);
/*
 * The next that has something to be told and waited long enough for what comes with it, so that one burst is one
 * alert; all: whichever waits.  What cannot rise does not wait.  It stays the next until cases_told().  NULL: none.
 */
struct case_file *cases_ripe(struct cases *, struct rtime now, bool all);
/* What was to be told of it is told; the case has changed. */
void cases_told(struct cases *, struct case_file *);
/* The session is over, or about to be let go of. */
void cases_over(struct cases *, uint32_t ses, const struct host *, struct rtime now);
/* Looks at the session of one of them as it is now (case_look()); its score follows. */
void cases_look(struct cases *, struct case_file *, const struct host *);
/* One that was kept, of this boot: taken over; what came of its session since joins it. */
void cases_restore(struct cases *, struct case_file *);
/* NULL: nothing counts of that session. */
struct case_file *cases_find(struct cases *, uint32_t ses);
/* Those with a score, newest change first; stops when fn returns false. */
void cases_each(struct cases *, bool (*fn)(const struct case_file *, void *arg), void *arg);
/* The same, of those that changed since the last call. */
void cases_changed(struct cases *, void (*fn)(const struct case_file *, void *arg), void *arg);
uint64_t cases_dropped(const struct cases *);

/* seen.c: what the model shows of the session now; nothing when it does not know it. */
void case_look(struct case_file *, const struct host *);

/* --- as JSON (case_json.c, sheet.c, todo.c), and as an alert (case_alert.c) --- */

/* What is known from elsewhere when a case is written. */
struct case_context {
	const struct host *host; /* for whose sessions live now; NULL: none is known to */
	bool lives;              /* its own */
};

/* The case: one object, complete: as it is kept (engine/case_read.h reads it) and listed. */
void case_json(const struct case_file *, const struct case_context *, struct buf *out);
/* The same with the questions, their answers and what to do. */
void case_sheet_json(const struct case_file *, const struct case_context *, struct buf *out);
/* Members of an open object. */
void case_put_questions(struct json *, const struct case_file *);
void case_put_actions(struct json *, const struct case_file *, const struct case_context *);
void case_put_mark(struct json *, const struct case_file *); /* "case":{…} with its indicators */

/* "alice's session 57 from 203.0.113.9: 3 indicators, score 74: …", for people. */
void case_reason(const struct case_file *, struct buf *out);
void case_alert_json(const struct case_file *, const struct alert_context *, struct rtime created, struct buf *out);
void case_alert_text(const struct case_file *, struct buf *out);

#endif
