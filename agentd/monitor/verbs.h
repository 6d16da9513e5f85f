/* verbs: MONITOR_SOCKET, where uid 0 alone sets the mode and ends sessions (control.h). */
#ifndef MONITOR_VERBS_H
#define MONITOR_VERBS_H

#include "agentd/monitor/ctx.h"

struct verbs;

struct verbs *verbs_new(struct monitor *);
void verbs_free(struct verbs **);

#endif
