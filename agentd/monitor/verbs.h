/* verbs: MONITOR_SOCKET, where uid 0 alone asks for the mode and sets it (control.h). */
#ifndef MONITOR_VERBS_H
#define MONITOR_VERBS_H

#include "agentd/monitor/ctx.h"
#include "base/bytes.h"

struct verbs;

struct verbs *verbs_new(struct monitor *);
void verbs_free(struct verbs **);

enum verb { VERB_BAD, VERB_MODE_GET, VERB_MODE_SET };
/* One line, without its newline. */
enum verb verb_parse(struct bytes line, enum mode *set);

#endif
