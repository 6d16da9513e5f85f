/* protect: what no action may ever touch, whoever asks. */
#ifndef MONITOR_PROTECT_H
#define MONITOR_PROTECT_H

#include "agentd/monitor/ctx.h"
#include "agentd/monitor/facts.h"
#include "agentd/monitor/registry.h"

/* What protection is judged by, copied: whoever holds it may judge in any thread. */
struct guard {
	const struct config *cf; /* borrowed; never changes */
	struct program_id sshd[REGISTRY_PROGRAMS];
	size_t nsshd;
	pid_t engine, auditd;
	bool auditd_known; /* the kernel answered: 0 is that there is none */
};

struct guard guard_take(struct monitor *);
bool guard_system(const struct guard *, const struct mon_session *own, const struct facts *);

/* Somebody whom an administrator has named as never to be touched. */
bool protect_breakglass(const struct config *, const struct mon_session *, const struct facts *);
/*
 * pid 1, sshtether's own two, auditd, and every sshd that lets others in: a process of root that runs
 * sshd and is not the one that serves `own` (NULL: none is excepted), and what such an sshd forked
 * before a login.  Inside a session a name alone protects nobody: a copy of anything can be called sshd;
 * one that is sshd only by name must listen.
 */
bool protect_system(struct monitor *, const struct mon_session *own, const struct facts *);
/* The sshd of the session itself: its root process or the user child.  Never the target of one kill. */
bool protect_own_sshd(const struct mon_session *, const struct facts *);
/* The reporting sshd itself, and no process that got its number since. */
bool protect_is_top(const struct mon_session *, const struct facts *);
/* The reporting sshd, unless root logged in: what it connects is PAM's, and not the user's. */
bool protect_works_for_pam(const struct mon_session *, const struct facts *);
/* The user child: the child of the reporting sshd that runs the same program. */
bool protect_is_user_child(const struct mon_session *, const struct facts *);

/* By the program file, which a reporting sshd runs. */
bool protect_is_sshd_file(struct monitor *, pid_t);
/* By the program file, or by its name. */
bool protect_runs_sshd(struct monitor *, pid_t);

#endif
