/*
 * finding: an activity with its session and its evidence; and the interface of the detectors.
 * Pure.  One activity a file; the table in detect.c is the list of them.
 */
#ifndef DETECT_FINDING_H
#define DETECT_FINDING_H

#include "agentd/host/host.h"

enum outcome { OUTCOME_UNKNOWN, OUTCOME_SUCCESS, OUTCOME_FAILURE };

/* Everything is borrowed and dies with the callback. */
struct finding {
	enum activity activity;
	struct rtime time;
	uint64_t serial;              /* of the event that decided it; 0: none */
	const struct session *session; /* never NULL; for tasks without one a record of ses −1 */
	const struct process *process; /* who does it; NULL: unknown */
	const struct process *ancestry[ST_ANCESTRY]; /* parent first, up to sshd */
	size_t nancestry;
	uint32_t pid, uid, euid;
	struct endpoint to;           /* family 0: none */
	struct endpoint from;         /* the outbound flow's own end, when known */
	struct bytes to_unix;
	uint64_t unix_inode;          /* 0: unknown */
	uint32_t unix_dev_major, unix_dev_minor;
	enum owner owner;
	const struct session *owner_session; /* NULL: none or unknown */
	enum outcome outcome;
	int64_t exit;                 /* of the call that decided it */
	enum fact_way way;
	const char *via;              /* "tmux", "at", "cron", "systemd-run"; NULL */
	unsigned count;               /* records that told of it */
	const char *note; /* the end of the reason; NULL: none */
	bool again; /* told moments ago: to be stopped where the policy says so, not to be told anew */
	char reason[256];             /* words and numbers, visible text */
};

typedef void finding_fn(const struct finding *, void *arg);

struct detect;

struct detect *detect_new(struct host *, bool (*is_ssh_port)(uint16_t port, void *arg), void *arg,
    finding_fn *, void *finding_arg);
void detect_free(struct detect **);
/* After host_apply() of the same fact. */
void detect_fact(struct detect *, const struct fact *);
/* A session was reported: the login finding is made at once, for the verdict. */
void detect_login(struct detect *, const struct session *, struct rtime now);
/*
 * Lets pending findings ripen (an SSH client that has not connected yet, an owner not known yet).
 */
void detect_tick(struct detect *, struct rtime now);
void detect_flush(struct detect *);

#endif
