/* auditd: which process is auditd, as the kernel said a moment ago.  Never waits for it. */
#ifndef MONITOR_AUDITD_H
#define MONITOR_AUDITD_H

#include "agentd/monitor/ctx.h"

/* Asks the kernel, beside the loop, unless it was asked just now; the answer comes into m->auditd. */
void auditd_look(struct monitor *);

#endif
