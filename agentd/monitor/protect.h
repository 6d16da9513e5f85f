/* protect: what no action may ever touch, whoever asks. */
#ifndef MONITOR_PROTECT_H
#define MONITOR_PROTECT_H

#include "agentd/monitor/ctx.h"
#include "agentd/monitor/facts.h"
#include "agentd/monitor/registry.h"

/* Somebody whom an administrator has named as never to be touched. */
bool protect_breakglass(const struct config *, const struct mon_session *, const struct facts *);
/*
 * pid 1, sshtether's own two, auditd, and every sshd that lets others in: a process of root that runs
 * sshd and is not the one that serves `own` (NULL: none is excepted), and what such an sshd forked
 * before a login.
 */
bool protect_system(struct monitor *, const struct mon_session *own, const struct facts *);
/* The sshd of the session itself: its root process or the user child.  Never the target of one kill. */
bool protect_own_sshd(const struct mon_session *, const struct facts *);
/* The user child: the child of the reporting sshd that runs the same program. */
bool protect_is_user_child(const struct mon_session *, const struct facts *);

/* By the program file, or by its name. */
bool protect_runs_sshd(const struct monitor *, pid_t);

#endif
