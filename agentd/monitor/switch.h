/*
 * switch: root's hand on the mode: what is switched is in force at once and kept beside the loop; enforce
 * on trial is taken back when its time is over, unless somebody confirms it from a login that was opened
 * after the switch, which shows that logins work.
 */
#ifndef MONITOR_SWITCH_H
#define MONITOR_SWITCH_H

#include "agentd/monitor/ctx.h"
#include "agentd/monitor/facts.h"
#include "agentd/monitor/mode.h"

struct switcher;

struct moment moment_now(void);
struct switcher *switcher_new(struct monitor *);
/* When nothing works beside the loop any more: what is not kept yet is now. */
void switcher_free(struct switcher **);

/* Once, from the loop, maybe at once: 0, or −errno when the mode is in force but not kept. */
typedef void switch_fn(int rc, void *arg);
/* trial_ms 0: for good.  fn may be NULL. */
void switch_mode(struct switcher *, enum mode, int64_t trial_ms, switch_fn *, void *arg);

enum confirm {
	CONFIRM_OK,         /* fn will be called, and only then */
	CONFIRM_NO_TRIAL,   /* nothing is to be confirmed */
	CONFIRM_NO_SESSION, /* who asks is in no SSH session that the monitor knows */
	CONFIRM_OLD,        /* its sshd is older than the switch */
};
/* who: a living process of root. */
enum confirm switch_confirm(struct switcher *, const struct facts *who, switch_fn *, void *arg);

/* To an engine that knows nothing yet. */
void switch_tell(struct switcher *);

#endif
