/*
 * proc: facts about a task from /proc (man 5 proc, fs/proc/array.c, fs/proc/base.c).  Nothing here
 * is cached and nothing is trusted beyond the moment it was read: who must be sure opens a pidfd
 * first and reads after.
 */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/clock.h"

#define AUID_UNSET UINT32_MAX
#define SES_UNSET  UINT32_MAX

struct proc_stat {
	pid_t pid, ppid;
	char comm[16];
	char state;          /* R S D Z T …, of its first thread */
	bool ended;          /* all of its threads have: a first thread that ends alone is a Z as well */
	uint32_t tty;         /* major << 20 | minor of its terminal; 0: none */
	uint64_t start_ticks; /* since boot, in sysconf(_SC_CLK_TCK) */
};

/* All return 0 or −errno (ENOENT and ESRCH: no such task). */
int proc_stat(pid_t, struct proc_stat *);
int proc_sessionid(pid_t, uint32_t *ses);
int proc_loginuid(pid_t, uint32_t *auid);
struct proc_status {
	pid_t ppid;
	uid_t ruid, euid;
	uint32_t fd_room; /* places in its table of descriptors: no fewer than it has open */
};
int proc_status(pid_t, struct proc_status *);
int proc_uids(pid_t, uid_t *ruid, uid_t *euid);
/* The target of /proc/PID/exe; needs ptrace rights over the task.  " (deleted)" is kept. */
int proc_exe(pid_t, char *out, size_t cap);
/*
 * Is the task in our network namespace?  Told by the inode of a file below /proc/PID/net, which needs no
 * rights over the task (fs/proc/proc_net.c), as its link in /proc/PID/ns does.
 */
int proc_same_network(pid_t, bool *same);
/* Calls fn for every task group; stops when it returns non-zero and returns that. */
int proc_each(int (*fn)(pid_t, void *), void *arg);

/* When the task started on the real-time clock, ± one tick; needs proc_boot_time(). */
struct rtime proc_start_rtime(uint64_t start_ticks);
struct btime proc_start_btime(uint64_t start_ticks);
/* The kernel's boot id, 36 characters. */
int proc_boot_id(char out[37]);

/* A pidfd of the task, close-on-exec, or −errno. */
int proc_pidfd(pid_t);

#endif
