/*
 * request: what passes between the monitor (root) and the engine (nobody), over one SOCK_SEQPACKET
 * pair.  Fixed-size packets of numbers: the engine names a session and a process by ses and pid, never
 * by path or text.  The monitor checks every request as if it came from an intruder, because one day it may.
 */
#ifndef MONITOR_REQUEST_H
#define MONITOR_REQUEST_H

#include <sshtether/limits.h>
#include <sshtether/report.h>

#include "agentd/monitor/gate_event.h"
#include "base/words.h"

#define REQUEST_FD 3 /* the engine's end, inherited */
/* The engine's exit status when it is strict, and the host cannot do what the policy asks: the daemon ends. */
#define ENGINE_BEYOND 7

/* engine → monitor */
enum request_kind {
	REQ_HELLO = 1,     /* ready; policy facts follow */
	REQ_POLICY,        /* serial (value), fleet (inode: serials_fleet()) and stop limit of the policy that is
	                    * now in force */
	REQ_ANSWERED,      /* the login `id` has its verdict: let go of it */
	REQ_KILL,          /* the process pid of ses; with inode: and what it connected to the Unix
	                    * listener at dev, inode is shut down for every holder */
	REQ_DESTROY,       /* the TCP sockets of ses (pid, when not 0) to addr:port, flags: REQF_MADE; with
	                    * inode, and no address: only shuts down, kills nobody (sshd at another's agent) */
	REQ_TERMINATE,     /* the session ses; flags: all */
	REQ_PROGRAM,       /* a read-only descriptor of the executable of pid of ses (and of its maps) */
	REQ_OWNER,         /* who listens on the Unix socket with dev, inode */
	REQ_AUDIT,         /* a record for the audit trail */
	REQ_SOURCE,        /* (re)open the source of records */
	REQ_ALIVE,         /* is there a task with ses? RES_OK or RES_GONE */
	REQ_SPARE,         /* the program that pid of ses runs outlives the next REQ_TERMINATE of ses */
	/* grants (grant.h); classes are made ready beside those in force, and rows name the ones they mean */
	REQ_CLASSES,       /* a new generation, empty; the result's value is its number */
	REQ_PREFIXES,      /* body: struct class_prefix[]; value: generation */
	REQ_PORTS,         /* body: struct class_ports[]; value: generation */
	REQ_GRANT,         /* body: one struct grant, for ses; SES_UNSET: the fallback grant, for logins that
	                    * the engine does not answer and rows whose generation is gone */
	REQ_CLASSES_DONE,  /* value: generation; every session has its row: the others are let go of.
	                    * flags: REQF_UNGRANTED_DENY */
	REQ_SOCKET,        /* the Unix listener at dev, inode is an agent's or a mux socket (flags: REQF_MUX) of
	                    * ses: watch it.  The monitor finds it, and who listens there, for itself */
	REQ_CLIENT,        /* the program that pid of ses runs is an SSH client; inode, when not 0: of its file */
	REQ_ISOLATE,       /* no more outbound connections for ses; those it has are destroyed */
	REQ_REVOKE,        /* the forwarded agents of ses: no new connection, those there are cut, and unlinked */
	REQ_SAY,           /* body: one struct say, for the terminals of ses */
	REQ_KEYS,          /* with a descriptor, O_PATH, of the home of ses' login uid, or of uid's (SES_UNSET), who
	                    * has no session: who opens private keys in it, or its agents' directory, is told
	                    * (NOTE_KEY) */
	REQ_GUARD,         /* who touches the memory of pid of ses is told (NOTE_MEMORY); the result names both */
	REQ_HOLDER,        /* who holds the TCP socket inode, which uid made, last of all: with a read-only descriptor
	                    * of its program */
	REQ_MAX,
};

/* Behind REQ_SAY: a line for people, closed by a zero byte. */
struct say {
	char text[ST_MESSAGE_MAX];
};

/* monitor → engine */
enum notice_kind {
	NOTE_CONFIG = 1, /* first of all but NOTE_SERIAL; fds[0]: the listening control socket; mode in force at start;
	                  * value: how many engines this daemon had before */
	NOTE_LOGIN,      /* fds[0]: the module's connection, to be read; tuple is the kernel's; result is
	                  * RES_OK: ses is registered; RES_NO_SESSION: not set yet (account stage);
	                  * RES_OTHER_SESSION: ses is that of another sshd: forged, or an sshd that was
	                  * started by hand inside a login; RES_RATE: no room to register it */
	NOTE_FOUND,      /* a session alive at start: tuple, peer, local, flags (enum found_flag); pid 0: its sshd
	                  * has gone */
	NOTE_FOUND_ALL,  /* there are no more of them */
	NOTE_RESULT,     /* of the request `id`; fds for REQ_PROGRAM, REQ_SOURCE, REQ_HOLDER */
	NOTE_MODE,       /* the mode changed */
	NOTE_FALLBACK,   /* the monitor answered login `id` itself */
	NOTE_RULES,      /* audit rules: what is missing, what was added again */
	NOTE_LOST,       /* the kernel's lost counter went up: value */
	NOTE_STOP_LIMIT, /* too many actions: the host is back in audit mode */
	NOTE_RELOAD,     /* SIGHUP */
	NOTE_GOODBYE,    /* the monitor is going */
	NOTE_OVER,       /* no task carries the registered ses any more */
	NOTE_ORDERED,    /* root's process pid (login uid auid) had ses ended, isolated or its agents revoked
	                  * (flags: enum order_flag): result, and in value how many were killed or are left */
	NOTE_GATES,      /* which gates work on this host: flags enum gate_flag; value: why[] of those that do
	                  * not, 8 bits each of errno, lowest bit's first.  After hello and at each change */
	NOTE_GATE,       /* a gate saw something: gate_event.h */
	NOTE_CONFIRM,    /* enforce falls back to audit at value (ms, realtime) unless confirmed; 0: no longer */
	NOTE_WATCHES,    /* result: RES_OK, or why keys (value: errno) or memory (inode: errno) cannot be watched; added:
	                  * directories, start_ticks: processes that are */
	NOTE_KEY,        /* pid (start_ticks, ses, auid, uid, euid; its program is the file inode, dev) opened a private
	                  * key of uid id, or their directory of agents (flags: enum watch_flag): name; value: how many
	                  * more such were not told one by one */
	NOTE_MEMORY,     /* the same, and read or wrote the memory of process id through /proc */
	NOTE_SERIAL,     /* value: the highest serial of the fleet inode.  Before NOTE_CONFIG for each that is kept, and
	                  * after a REQ_POLICY that told a lower one */
};

enum result {
	RES_OK = 0,
	RES_MODE_AUDIT,    /* not in enforce mode */
	RES_NO_SESSION,    /* ses is not registered */
	RES_GONE,          /* no such process, or it ended */
	RES_OTHER_SESSION, /* the process carries another ses */
	RES_YOUNGER,       /* the process started after the record: the pid was used again */
	RES_PROTECTED,     /* pid 1, a listening sshd, auditd, sshtether, break-glass */
	RES_RATE,          /* the cap on actions */
	RES_NOT_FOUND,     /* no such socket */
	RES_DENIED,        /* the kernel refused: value is errno */
	RES_BAD,           /* malformed request */
	RES_BUSY,          /* it is being done already */
	RES_NO_AGENT,      /* revoke: done, and there was nothing to be cut off */
	RES_UNREAD,        /* who has it was not found, and one user (uid, if told) has more descriptors than are read */
	RES_COUNT,
};
const char *result_text(enum result);

/* What was asked for holds now. */
static inline bool
result_is_done(uint32_t result)
{
	return result == RES_OK || result == RES_NO_AGENT;
}

enum source_kind { SOURCE_NONE, SOURCE_AUDITD, SOURCE_NETLINK };

enum request_flag {
	REQF_ALL = 1u << 0,  /* terminate: what the policy spares too */
	REQF_RESP = 1u << 1, /* audit record of a response (AUDIT_RESP_*), not of an anomaly */
	REQF_MUX = 1u << 2,  /* socket: a ControlMaster's, not an agent's */
	REQF_ALLOW = 1u << 4, /* audit record of an exception by hand: line is its number, limit the bits of to,
	                       * value until when, in seconds since the epoch */
	REQF_UNGRANTED_DENY = 1u << 3, /* classes done: a task without a grant may not connect to SSH ports */
	REQF_CASE = 1u << 6, /* audit record of a case: line is its score, limit its severity */
	REQF_BASELINE = 1u << 7, /* audit record of what is usual, changed by hand: value rows were added; line 1: value
	                          * values were forgotten */
	REQF_MADE = 1u << 8, /* destroy: pid made them, and may be gone; what another is known to have made stays */
	REQF_REVIEW = 1u << 5, /* classes done: the policy is another, and what is connected is held against it */
};

struct request {
	uint32_t kind, id; /* id: chosen by the engine, comes back in the result */
	uint32_t ses, pid;
	uint32_t flags;
	uint32_t activity, action, done; /* audit trail: enums of base/words.h */
	int64_t time_ms;   /* of the record that is the reason: the process must be older */
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	uint64_t value;    /* REQ_POLICY: serial */
	uint32_t limit, window_s; /* REQ_POLICY: the stop limit; 0: off */
	uint32_t line;     /* audit trail: the rule's line */
	struct report_addr to, origin;
	uint32_t auid, uid;
	uint32_t pad;
};

#define NOTICE_NAME 64

struct notice {
	uint32_t kind, id;
	uint32_t result;  /* enum result */
	uint32_t ses, auid, pid, uid, euid;
	uint64_t start_ticks;
	uint64_t value;   /* errno, count, lost … */
	uint32_t mode;    /* enum mode */
	uint32_t source;  /* enum source_kind, with the descriptor */
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	uint32_t nfds;
	uint32_t flags;   /* enum rule_flag of NOTE_RULES, kill_flag of REQ_KILL, owner_flag of REQ_OWNER */
	struct report_addr peer, local;
	uint32_t added;   /* NOTE_RULES: rules that are there because this daemon added them */
	uint32_t pad;
	char name[NOTICE_NAME]; /* NOTE_KEY: visible text, cut, closed by a zero byte */
};

/* NOTE_RULES: value counts the rules that are missing, inode (no better place) those added again just now. */
enum rule_flag {
	RULEF_MISSING = 1u << 0,    /* some of the rules are not in force */
	RULEF_READDED = 1u << 1,    /* somebody had removed rules; they are back */
	RULEF_IMMUTABLE = 1u << 2,  /* enabled 2: nothing can be added */
	RULEF_NEVER_TASK = 1u << 3, /* a never,task rule hides every task */
	RULEF_PANIC = 1u << 4,      /* failure mode 2: a flood would stop the host; nothing is added */
	RULEF_DISABLED = 1u << 5,   /* auditing is off */
	RULEF_NO_AUDIT = 1u << 6,   /* the kernel does not answer */
	RULEF_NEVER_EXIT = 1u << 7, /* a never,exit rule stands before ours and may hide something */
};

/*
 * REQ_KILL, done: what the process had connected was cut (value: how many), and it ended by that, before
 * it could be killed.
 */
enum kill_flag { KILLF_CUT = 1u << 0 };

/* NOTE_CONFIRM.  Confirmed: by pid, auid of session ses. */
enum confirm_flag { CONFIRMF_LAPSED = 1u << 0, CONFIRMF_CONFIRMED = 1u << 1 };

/* NOTE_FOUND: what was done to it before; …_ORDER: by root's own word.  As enum gate_row_flag has it. */
enum found_flag {
	FOUNDF_ISOLATED = 1u << 0,
	FOUNDF_REVOKED = 1u << 1,
	FOUNDF_ISOLATED_ORDER = 1u << 2,
	FOUNDF_REVOKED_ORDER = 1u << 3,
};

/* NOTE_ORDERED */
enum order_flag { ORDERF_ISOLATE = 1u << 0, ORDERF_REVOKE = 1u << 1 };

/* NOTE_GATES.  Set: it was loaded, attached and seen to work. */
enum gate_flag {
	GATEF_CONNECT = 1u << 0, /* TCP connections are refused */
	GATEF_PATH = 1u << 1,    /* agent and mux sockets are refused by path (connect_unix) */
	GATEF_LISTENER = 1u << 2, /* by the listener, whatever the path: killed inside connect(2) */
	GATEF_EXEC = 1u << 3,    /* SSH clients end at exec */
	GATEF_DATAGRAM = 1u << 4, /* an isolated session sends no datagrams either */
	GATEF_COUNT = 5,
};

/* NOTE_KEY, NOTE_MEMORY */
enum watch_flag {
	WATCHF_GONE = 1u << 0,     /* the task had ended: of it only the pid is known */
	WATCHF_AGENTS = 1u << 1,   /* a directory of agents: name is its path, or the end of it */
	WATCHF_WRITE = 1u << 2,    /* NOTE_MEMORY: wrote, not read */
	WATCHF_OVERFLOW = 1u << 3, /* the kernel's queue was full: some were lost, and nothing else is known */
};
/*
 * REQ_HOLDER; value: its parent.  Dropped: its parent is root's, runs the same program, and it is not root's.  With
 * RES_UNREAD, makers: it is the descriptors of who made the socket that are too many.
 */
enum holder_flag { HOLDERF_SSHD = 1u << 0, HOLDERF_DROPPED = 1u << 1, HOLDERF_MAKERS = 1u << 2 };

enum owner_flag { OWNERF_SSHD = 1u << 0, OWNERF_SSH = 1u << 1, OWNERF_AGENT = 1u << 2 };

#endif
