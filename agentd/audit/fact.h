/*
 * fact: an assembled event, understood.  One pass over the raw fields of struct aev; what the model
 * and the detectors need and nothing else.  Pure.  All slices point into the event or into the
 * fact's own scratch and die with the callback.
 *
 * Sources: kernel/auditsc.c (SYSCALL, EXECVE, PATH, SOCKADDR, CWD), kernel/audit.c (LOGIN,
 * CONFIG_CHANGE), libaudit's audit_log_acct_message (USER_*).
 */
#ifndef AUDIT_FACT_H
#define AUDIT_FACT_H

#include "agentd/audit/event.h"
#include "base/addr.h"
#include "base/proc.h"

enum fact_kind {
	FACT_OTHER = 0,
	FACT_EXEC,       /* execve, execveat that succeeded */
	FACT_CONNECT,    /* see enum fact_way; without its address (none given, or lost) FACT_OTHER */
	FACT_BIND,       /* with its address */
	FACT_LISTEN,
	FACT_PTRACE,     /* a hand on another task, successful or not: see enum fact_touch */
	FACT_PIDFD_OPEN, /* exit is the descriptor */
	FACT_SETUID,     /* setuid, setresuid that succeeded: uid and euid are the new ones */
	FACT_LOGINUID,   /* LOGIN: a task's loginuid and session id were set */
	FACT_USER_START, /* PAM opened a session */
	FACT_USER_END,
	FACT_USER_LOGIN, /* sshd's own word of a login */
	FACT_USER_AUTH,  /* USER_AUTH, USER_ACCT, CRED_ACQ, CRED_REFR: sshd's grantors and key lines */
	FACT_CONFIG,     /* CONFIG_CHANGE, DAEMON_*: rules or audit state changed */
};

enum fact_way { /* how a connect was made: most who hide take one of the later ones */
	WAY_CONNECT = 0,
	WAY_SOCKETCALL, /* i386 */
	WAY_FASTOPEN,   /* sendto, sendmsg, sendmmsg with MSG_FASTOPEN */
	WAY_URING,      /* IORING_OP_CONNECT; from an SQPOLL thread without auid, ses and exe */
};

enum fact_touch {
	TOUCH_ATTACH,     /* ptrace(2); all that it does comes after one of these */
	TOUCH_READ,       /* process_vm_readv(2) */
	TOUCH_WRITE,
	TOUCH_READ_FILE,  /* /proc/PID/mem, successful: told by the monitor and not by audit */
	TOUCH_WRITE_FILE,
	TOUCH_DESCRIPTOR, /* pidfd_getfd(2): a[0] is the pidfd, the target is not in the record */
};

/* Of a PTRACE: whom; of a PIDFD_OPEN the pid alone. */
struct fact_target {
	uint32_t pid; /* 0: not in the record; without known, as the caller's pid namespace counts */
	bool known;   /* the kernel says who that is (OBJ_PID); of ptrace(2) alone */
	uint32_t auid, uid, ses;
	struct bytes comm;
};

struct fact_unix {
	struct bytes path; /* sun_path as passed; the leading NUL of an abstract name is kept */
	bool has_inode;    /* from the PATH record */
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	uint32_t ouid;
	uint32_t mode; /* st_mode of the PATH record */
};

struct fact {
	enum fact_kind kind;
	uint64_t serial;
	struct rtime time;
	struct bytes node;

	/* the task; valid when has_task.  What the records do not say is UINT32_MAX. */
	bool has_task;
	uint32_t pid, ppid, auid, ses, uid, euid, gid;
	struct bytes comm, exe, tty; /* decoded */
	bool compat;        /* i386 */
	uint32_t syscall;   /* number in its arch; for URINGOP the op */
	int64_t exit;       /* negative: −errno; −EAGAIN of WAY_URING goes on in the background */
	bool success;
	uint64_t a[4];

	/* EXEC */
	struct bytes argv;  /* decoded, a NUL between two arguments, at most ST_ARGV_BYTES */
	uint32_t argc;
	bool argv_cut;      /* too long, or a part of it was lost */
	struct bytes cwd;   /* of any event that has a CWD record */
	struct bytes path;  /* PATH item 0: the file that was executed, as named */
	uint64_t exe_inode; /* of the program that runs: of a script its interpreter */
	uint32_t exe_dev_major, exe_dev_minor;

	/* CONNECT, BIND */
	enum fact_way way;
	uint16_t family;      /* AF_*; AF_UNSPEC is meant: a datagram socket let go of its peer */
	struct endpoint peer; /* AF_INET, AF_INET6 */
	struct fact_unix un;  /* AF_UNIX */

	enum fact_touch touch; /* PTRACE */
	struct fact_target target;

	/* LOGINUID; auid and ses above are what the task has after it, granted (result) or not */
	uint32_t old_auid, old_ses;
	uint32_t new_auid, new_ses; /* what was asked for; new_ses is −1 when it was refused */

	/* USER_*: from msg='…'; "?" is empty.  op also of CONFIG_CHANGE and DAEMON_* */
	struct bytes acct, addr, hostname, terminal, op, grantors, user_exe;
	bool result; /* res=success; of LOGIN and CONFIG_CHANGE: res=1 */
};

struct fact_scratch; /* memory for decoded strings, used again for each fact */

struct fact_scratch *fact_scratch_new(void);
void fact_scratch_free(struct fact_scratch **);
/* Always fills *out; kind FACT_OTHER when nothing in the event concerns us. */
void fact_from_event(const struct aev *, struct fact_scratch *, struct fact *out);

#endif
