/*
 * host: the model: sessions, processes, sockets and who owns what.  Pure: facts in, state out; what
 * only a live system knows comes through struct probe, which replay leaves empty.  Every table has
 * a cap, per host and per user, so that one user cannot push the others out.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include <sshtether/limits.h>
#include <sshtether/report.h>

#include "agentd/audit/fact.h"
#include "base/addr.h"
#include "base/words.h"

enum session_source {
	SESSION_RECORDS, /* LOGIN, USER_START, USER_LOGIN alone */
	SESSION_PROC,    /* found alive when the daemon started */
	SESSION_REPORT,  /* the PAM module said so */
};

/* Who had something done to a session. */
enum by_whom { BY_POLICY = 1u << 0, BY_ORDER = 1u << 1 };

enum session_state {
	SESSION_OPEN,
	SESSION_CLOSED, /* PAM closed it; tasks of it live on */
	SESSION_OVER,   /* no task seems to carry its ses any more */
};

struct session {
	uint32_t ses, auid, uid;
	uint32_t from;   /* the session that its first task left without a login (escape); SES_UNSET: none */
	uint32_t report; /* enum report_flag of its report: what was cut is not known; 0: none */
	enum session_source source;
	enum session_state state;
	bool ssh; /* false: cron, at, console, systemd --user: kept to know who owns what */
	char user[ST_NAME_MAX];
	char service[ST_NAME_MAX];
	char tty[ST_NAME_MAX];
	struct endpoint peer, local;
	char method[ST_METHOD_MAX];
	bool key_known;
	char key_type[ST_NAME_MAX], key_fp[ST_FP_MAX];
	bool cert;
	char ca_fp[ST_FP_MAX];
	char *cert_id;       /* owned; NULL: none */
	uint64_t cert_serial;
	char *principals;    /* owned; as in struct report; NULL: none */
	uint32_t *groups;    /* owned gids */
	char **group_names;  /* owned; resolved by the engine at login, NULL where unknown */
	size_t ngroups;
	uint32_t monitor_pid;  /* sshd's root process; 0: unknown */
	uint64_t start_ticks;  /* of it; 0: unknown */
	uint32_t child_pid;    /* the user child; 0: not seen yet */
	struct rtime opened, closed, last; /* last: newest event */
	uint64_t events, findings;
	uint64_t refused;        /* connections of it, by a kernel gate */
	uint64_t bytes_in, bytes_out; /* carried, both ways: by its own connection, by those that it made */
	struct {
		uint64_t sent, received;
		struct rtime at; /* RTIME_NONE: not told yet */
	} carried; /* by its own connection, as told last */
	bool turned_away; /* its login was refused, by us */
	bool end_told;    /* to the detectors */
	bool listed;      /* its origin; it was told */
	unsigned isolated, revoked; /* its agents; as the monitor said that it did: enum by_whom, 0: not */
	unsigned nproc;
};

struct process {
	uint32_t pid, ppid, ses, auid, uid, euid;
	uint64_t life; /* of this pid with its present program; no two are alike */
	struct rtime seen;      /* first event of this pid's present life */
	struct rtime exec_time; /* RTIME_NONE: never seen to exec */
	char comm[16];
	char *exe;              /* owned, visible bytes not guaranteed; NULL unknown */
	char *argv;             /* owned, NUL-separated; NULL unknown */
	size_t argv_len;
	uint64_t exe_inode;
	uint32_t exe_dev_major, exe_dev_minor;
	enum { PROGRAM_UNKNOWN, PROGRAM_OTHER, PROGRAM_SSH } program; /* by content, else by name */
	bool is_sshd; /* its session's own: the monitor or the user child, by pid and not by name */
};

/* A Unix socket that somebody listens on. */
enum usock_kind { USOCK_OTHER, USOCK_AGENT, USOCK_MUX, USOCK_TMUX, USOCK_SCREEN };

struct usock {
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	char *path; /* owned, as bound */
	size_t path_len;
	enum usock_kind kind;
	uint32_t owner_pid, owner_ses, owner_uid, owner_auid; /* SES_UNSET: a task without session */
	bool forwarded; /* an agent that sshd listens for, not somebody's own ssh-agent */
	bool told;      /* probe.listens() took it */
	struct rtime bound;
};

/* What a live system can answer.  Any pointer may be NULL.  None may block. */
struct probe_task {
	uint32_t ppid, ses, auid, uid, euid;
	uint64_t start_ticks;
	char comm[16];
};

struct probe_ask {
	uint32_t ses, uid; /* who connected, */
	struct endpoint peer;
	struct rtime when;
};

struct probe_tcp {
	bool found;
	struct endpoint local; /* none: which of several it is is not clear */
};

struct probe {
	void *arg;
	/* /proc of a living task */
	bool (*task)(void *arg, uint32_t pid, struct probe_task *);
	/*
	 * Is there a TCP socket to that peer right now (sock_diag)?  Anybody's, for a socket is its maker's, whoever
	 * connects it; its own end is told of the only one that may have been made then, of that uid if there is one.
	 */
	bool (*tcp)(void *arg, const struct probe_ask *, struct probe_tcp *);
	/* Does the task live in the network that we live in, and not in a container's?  False when it is gone. */
	bool (*same_network)(void *arg, uint32_t pid);
	/* Please find out; the answer comes later through host_program_set(), host_owner_set(). */
	void (*want_program)(void *arg, uint32_t ses, uint32_t pid, uint64_t inode, uint32_t dev_major,
	    uint32_t dev_minor);
	void (*want_owner)(void *arg, uint32_t ses, const struct fact_unix *);
	/* Told, for whom it concerns: an agent or ControlMaster listens; a process runs an SSH client. */
	bool (*listens)(void *arg, const struct usock *); /* false: not now, host_listens_again() */
	void (*is_client)(void *arg, const struct process *);
};

struct host_stats {
	uint64_t sessions, processes, sockets;
	uint64_t sessions_dropped, processes_dropped, sockets_dropped; /* by the caps */
};

struct host;

struct host *host_new(const char *boot_id, const struct probe *);
void host_free(struct host **);

/* Takes a fact into the model, before the detectors see it. */
void host_apply(struct host *, const struct fact *);
/*
 * io_uring's own threads leave no session id in their records (kernel/auditsc.c, audit_log_uring);
 * what the model knows of the task fills the gap.  False: nothing to fill, *out is not set.
 */
bool host_complete(const struct host *, const struct fact *, struct fact *out);
/* A validated report whose ses, auid, pid and start come from the kernel.  NULL: no room. */
struct session *host_open(struct host *, const struct report *, struct rtime now);
/* An SSH session that was alive when the daemon started; pid 0: its sshd has gone; no family: no connection is known. */
struct session *host_found(struct host *, uint32_t ses, uint32_t auid, uint32_t monitor_pid,
    uint64_t start_ticks, struct endpoint peer, struct endpoint local, struct rtime now);
void host_closed(struct host *, uint32_t ses, struct rtime now);
/*
 * No task was found that carries this ses any more; what the session owns is let go of by a
 * host_tick() some seconds later, when its last records have come.  Who it was is kept as long as
 * there is room: any later fact of it, and a task found after all, make it what it was before.
 */
void host_over(struct host *, uint32_t ses, struct rtime now);
void host_tick(struct host *, struct rtime now);

/* Had the PAM module reported a login by then?  Where it never did, it may not be installed at all. */
bool host_expects_report(const struct host *, struct rtime when);

struct session *host_session(const struct host *, uint32_t ses);
/* Whether it was open then: the PAM module tells of its end before the last records of it come. */
bool session_is_open(const struct session *, struct rtime when);
struct process *host_process(const struct host *, uint32_t pid);
/* Whose tasks carry that id: the session itself, or the one that they escaped from. */
struct session *host_whose(const struct host *, uint32_t ses);
/* In order of ses.  Stops when fn returns false. */
void host_each_session(const struct host *, bool (*fn)(struct session *, void *), void *arg);
/*
 * Of one login user those that are open, however many others the host remembers: a login asks for them.  In no order
 * that means anything.
 */
void host_each_open(const struct host *, uint32_t auid, bool (*fn)(struct session *, void *), void *arg);
void host_each_process(const struct host *, uint32_t ses, bool (*fn)(struct process *, void *),
    void *arg);
/* Asks probe.listens() to take what it did not. */
void host_listens_again(struct host *);
void host_each_socket(const struct host *, uint32_t ses, bool (*fn)(struct usock *, void *),
    void *arg);
/* By inode where the fact has one, else by path.  NULL: not known. */
struct usock *host_usock(const struct host *, const struct fact_unix *);
/* pid first, then its parents up to sshd, at most max.  Borrowed. */
size_t host_ancestry(const struct host *, uint32_t pid, const struct process **out, size_t max);

void host_program_set(struct host *, uint64_t inode, uint32_t dev_major, uint32_t dev_minor,
    bool is_ssh);
/* A socket without inode is taken by its path; the strings are copied. */
void host_owner_set(struct host *, const struct usock *);
/* Grows with each answer of the two above: whoever waits for one need not look before. */
uint64_t host_lessons(const struct host *);
/* Will an answer come at all? */
const struct probe *host_probe(const struct host *);

/*
 * Who owns a socket, seen from a task that runs under `actor` (NULL: no session) as `uid`.  *owner
 * is set to the owner's session, NULL when it has none or it is not known.
 */
enum owner host_owner(const struct host *, const struct session *actor, uint32_t uid,
    const struct usock *, const struct session **owner);
/*
 * Who the owner must be by the name alone (the pid in /tmp/ssh-X/agent.PID, the home before
 * .ssh/agent) and the file's owner; for when nobody can be asked.  False: no idea.  *out borrows
 * the path.
 */
bool host_usock_guess(const struct host *, const struct fact_unix *, struct usock *out);
/* What a path says of a Unix socket; USOCK_OTHER when nothing. */
enum usock_kind usock_kind_of(struct bytes path);
/* By the name alone one that every program may open: syslog, name service, D-Bus, X11. */
bool usock_is_system(struct bytes path);
/* The same, or of some service in /run. */
bool usock_is_service(struct bytes path);
/*
 * Nobody need be asked whose it is: the name says the system's, and no inode says otherwise.  With
 * an inode that means root's own file in one of root's own folders, and not an agent's or the like
 * that is known already.
 */
bool host_usock_is_system(const struct host *, const struct fact_unix *);
/* By the name of the file alone: ssh, dbclient … */
bool program_is_ssh_name(struct bytes exe);
/* The same of servers: sshd, sshd-session, dropbear … */
bool program_is_ssh_server(struct bytes exe);
/* By its path in one of root's own folders: it does not change under our feet. */
bool program_is_steady(struct bytes exe);

const struct host_stats *host_stats_get(const struct host *);

#endif
