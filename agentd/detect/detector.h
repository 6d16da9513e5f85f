/*
 * detector: what the detectors share: evidence that can be kept, findings made of it, and the queue
 * of what has to ripen.  Pure.  Private to detect/.
 */
#ifndef DETECT_DETECTOR_H
#define DETECT_DETECTOR_H

#include "agentd/baseline/baseline.h"
#include "agentd/detect/finding.h"
#include "agentd/detect/fold.h"

struct detect;

/* What a fact says that a finding needs; owns all of it, so that it can be held. */
struct evidence {
	struct rtime time;
	uint64_t serial;
	uint32_t pid, ses, auid, uid, euid;
	uint64_t life; /* of the process, when the fact came */
	struct endpoint to, from;
	struct fact_unix un; /* un.path points nowhere: evidence_unix() */
	char path[108];
	size_t path_len;
	int64_t exit;
	enum fact_way way;
	unsigned count;
	const char *note; /* borrowed, for the end of the reason; NULL: none */
};

struct evidence evidence_of(const struct detect *, const struct fact *);
struct fact_unix evidence_unix(const struct evidence *);
/*
 * For fold_pass(): the same activity by the same doer (a life, a session id) to the same
 * destination.  A socket counts by its inode, or by its path where that is not known.
 */
uint64_t evidence_key(const struct evidence *, enum activity, uint64_t doer);

/*
 * One user's share of a table of things that wait.  Users are thrown together in a few hundred
 * classes: no exact count, but none can take the whole table.
 */
#define QUOTA_CLASSES 256
struct quota {
	unsigned n[QUOTA_CLASSES];
};

/* False: the share is used up. */
static inline bool
quota_take(struct quota *q, uint32_t auid)
{
	unsigned *n = &q->n[auid % QUOTA_CLASSES];

	if (*n >= ST_HOPS_USER)
		return false;
	(*n)++;
	return true;
}

static inline void
quota_give(struct quota *q, uint32_t auid)
{
	q->n[auid % QUOTA_CLASSES]--;
}

/* One activity's code.  state is its own, made once; any function may be NULL. */
struct detector {
	const char *name;
	void *(*state_new)(void);
	void (*state_free)(void *state);
	void (*fact)(struct detect *, void *state, const struct fact *);
	/* A session was opened: after its login finding. */
	void (*opened)(struct detect *, void *state, const struct session *, struct rtime now);
	void (*closed)(struct detect *, void *state, const struct session *, struct rtime now);
	void (*volume)(struct detect *, void *state, const struct volume *);
	void (*key)(struct detect *, void *state, const struct key_read *);
	/*
	 * Another detector found something: what follows from it.  Not called for what is found in here, nor
	 * for what is told again.
	 */
	void (*found)(struct detect *, void *state, const struct finding *);
	/* all: the input ended, nothing more will come */
	void (*ripen)(struct detect *, void *state, struct rtime now, bool all);
};

extern const struct detector detector_login, detector_outbound, detector_relay, detector_socket,
    detector_listen, detector_bridge, detector_escape, detector_ssh_tamper, detector_key_read, detector_unreported, detector_listed_origin,
    detector_unusual_origin, detector_unusual_hour, detector_unusual_duration, detector_unusual_destination,
    detector_concurrent_origins, detector_escalated_agent, detector_proxy, detector_learn;

struct host *detect_host(const struct detect *);
/* NULL: nothing is unusual. */
struct baseline *detect_baseline(const struct detect *);
/* Is what it does learned, and judged by it?  Of an SSH login whose user is known and not left out. */
bool detect_judges(const struct detect *, const struct session *);
/* What is known of a value of its user.  False: nobody judges, or nothing is unusual yet. */
bool detect_usual(const struct detect *, const struct session *, enum usual_kind, const char *value, struct rtime,
    struct usual *out);
/* The same of anybody's; there must be a baseline.  A day counts each user once. */
struct usual detect_usual_here(const struct detect *, enum usual_kind, const char *value, struct rtime);
/* finding_daily() told that of the user on that day; there must be a baseline. */
bool detect_told(const struct detect *, const char *user, enum activity, const char *subject, int32_t day);
/* So many steps surer; never less than low, never more than high. */
enum confidence confidence_step(enum confidence, int by);
bool detect_is_listed(const struct detect *, struct addr, const char **list);
bool detect_is_learned(const struct detect *, const struct session *);
struct fold *detect_fold(struct detect *);
/* The state of one detector: for the few questions that others ask of it. */
void *detect_state(const struct detect *, const struct detector *);
/*
 * Whose the task is: of one that escaped, the session that it left.  Never NULL: for a task without a
 * session one of ses −1.
 */
const struct session *detect_session(const struct detect *, uint32_t ses);
void detect_emit(struct detect *, const struct finding *);
/* Tells the detectors; login.c, after its finding. */
void detect_opened(struct detect *, const struct session *, struct rtime now);

/* Fills all but owner, outcome and reason. */
void finding_start(struct detect *, const struct evidence *, enum activity, struct finding *);
/* Of a session as such: nobody in it does anything. */
void finding_of_session(struct detect *, const struct session *, enum activity, struct rtime, struct finding *);
/* What follows from another: the same evidence, another activity. */
void finding_follow(const struct finding *, enum activity, struct finding *);
/* Told within the window: again.  Else its count has those that were not told since. */
void finding_fold(struct detect *, struct finding *, uint64_t key, int64_t window_ms);
/*
 * One a day for the same activity, user and subject ("203.0.113.0/24"), also over a restart: told that day: again.
 * Else its count has those that were folded on the day when it was told last.  Without a baseline: fold, of a day.
 */
void finding_daily(struct detect *, struct finding *, const char *subject);
/* "alice's session 33 (from 192.0.2.1) " and then what is formatted, as visible text. */
void finding_reason(struct finding *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void finding_send(struct detect *, struct finding *);
/* "127.0.0.1:22", "[::1]:22"; returns out */
#define ENDPOINT_STRLEN (ADDR_STRLEN + 8)
const char *endpoint_str(struct endpoint, char out[ENDPOINT_STRLEN]);
/* "alice's session 33" or "root, without a session"; returns out */
#define SESSION_STRLEN 192
const char *session_str(const struct session *, char out[SESSION_STRLEN]);
/* The name of the program for people: the last part of its path. */
const char *program_str(const struct process *, char out[64]);

/*
 * Looks whether a connect is TCP, once for what folds into the same finding (finding_fold() with
 * this key and window).  True: it is; e->from is its own end when somebody looked just now.
 */
bool detect_is_tcp(struct detect *, struct evidence *, uint64_t key, int64_t window_ms);

/* outbound.c: has that client reached its SSH server already? */
bool outbound_is_connected(const struct detect *, const struct evidence *);

/*
 * relay.c: the session's sshd, at work for the user; and its connect to a Unix socket of no other
 * kind.
 */
bool relay_is_child(const struct detect *, const struct fact *);
void relay_unix(struct detect *, const struct evidence *);

/* bridge.c: work that goes on in a session that is closed. */
void bridge_linger(struct detect *, const struct finding *);

#endif
