/*
 * finding: an activity with its session and its evidence; and the interface of the detectors.
 * Pure.  One activity a file; the table in detect.c is the list of them.
 */
#ifndef DETECT_FINDING_H
#define DETECT_FINDING_H

#include "agentd/host/host.h"

struct baseline;

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
	enum confidence confidence;
	enum grade grade;             /* ssh-proxy alone */
	struct bytes file;            /* key-read: the path, as well as it is known; empty: none */
	const char *subject;          /* what it was done to, where nothing above says it; NULL: none */
	bool reached;                 /* ssh-tamper: it worked, so that what the other process knows is out */
	bool agent;                   /* and that process is an agent */
	uint64_t bytes_in, bytes_out; /* what the session and its connections carried; 0: not known */
	const char *note; /* the end of the reason; NULL: none */
	bool again; /* told moments ago: to be stopped where the policy says so, not to be told anew */
	char reason[256];             /* words and numbers, visible text */
};

typedef void finding_fn(const struct finding *, void *arg);

struct detect;

/* All borrowed; what may be NULL says so. */
struct detect_parts {
	struct host *host;
	struct baseline *baseline; /* NULL: nothing is unusual */
	bool (*is_ssh_port)(uint16_t port, void *arg);
	/* Is that origin on a list?  *list: its name for people.  NULL: there are no lists. */
	bool (*is_listed)(struct addr, const char **list, void *arg);
	/* Is what that session does learned, and judged by what is usual?  NULL: of each. */
	bool (*is_learned)(const struct session *, void *arg);
	finding_fn *finding;
	void *arg; /* of all of them */
};

struct detect *detect_new(const struct detect_parts *);
void detect_free(struct detect **);
/* Does the policy count it among SSH's? */
bool detect_is_ssh_port(const struct detect *, uint16_t port);
/* After host_apply() of the same fact. */
void detect_fact(struct detect *, const struct fact *);
/* A session was reported: the login finding is made at once, for the verdict. */
void detect_login(struct detect *, const struct session *, struct rtime now);
/* Lists of origins were read anew: sessions that are open may come from what is on them now. */
void detect_listed_anew(struct detect *, struct rtime now);
/* PAM closed it: its connection is over.  Records of it may follow.  A second time: nothing. */
void detect_closed(struct detect *, const struct session *, struct rtime now);
/*
 * What one TCP connection has carried so far (tcp_info: bytes_acked, bytes_received); `last`: it is over.
 * ses: whose it is; the session's own connection when local and peer are the session's.
 */
struct volume {
	struct rtime time;
	uint32_t ses;
	struct endpoint local, peer;
	uint64_t sent, received; /* bytes since it was made */
	bool last;
};
void detect_volume(struct detect *, const struct volume *);
/* A private key of a user that logs in was opened, or a directory of agents listed: as the kernel told it. */
struct key_read {
	struct rtime time;
	uint32_t pid, ses, auid, uid, euid; /* who; his exec record came before, if ever it comes */
	uint32_t owner;                     /* uid */
	const char *owner_name;             /* NULL: not known */
	struct bytes path;                  /* visible text */
	bool agents;
};
void detect_key(struct detect *, const struct key_read *);
/*
 * A connection that an SSH server serves; who serves it is who has held its socket for the shortest time.  Unread:
 * nobody was found, for a user has more descriptors than are read; pid 0, and uid is who made the socket.
 */
struct served {
	struct rtime time, since; /* since: when it was first seen */
	struct endpoint local, peer;
	uint32_t pid, ppid, ses, auid, uid, euid;
	bool unread;
	uint32_t hoarder;    /* unread: who has so many */
	bool dropped;        /* its parent is root's, runs the same program, and it is not root's */
	const char *program; /* its name, for people; borrowed */
};
/* True: there is nothing more to be said of it.  pid 0: nobody asked who serves it; only whether it is accounted for. */
bool detect_served(struct detect *, const struct served *);
/*
 * Lets pending findings ripen (an SSH client that has not connected yet, an owner not known yet).
 */
void detect_tick(struct detect *, struct rtime now);
void detect_flush(struct detect *);

#endif
