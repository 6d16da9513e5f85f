/* levels: see levels.h.  Pure. */
#include "agentd/engine/levels.h"

#include <stddef.h>

static const char after[] = "the process is killed once the record of it arrives";
static const char not_yet[] = "not detected by this version";
static const char no_action[] = "not available in this version";

static const struct {
	enum level level;
	const char *why;
} rows[ACT_COUNT] = {
	[ACT_LOGIN] = {LEVEL_PREVENT, NULL},
	[ACT_OUTBOUND_SSH] = {LEVEL_REACT, after},
	[ACT_RELAY] = {LEVEL_REACT, "the connection is destroyed once the record of it arrives"},
	[ACT_AGENT_USE] = {LEVEL_REACT, after},
	[ACT_AGENT_HIJACK] = {LEVEL_REACT, after},
	[ACT_MUX_USE] = {LEVEL_REACT, after},
	[ACT_MUX_HIJACK] = {LEVEL_REACT, after},
	[ACT_LISTEN] = {LEVEL_REACT, after},
	[ACT_SESSION_BRIDGE] = {LEVEL_REACT, after},
	[ACT_SESSION_ESCAPE] = {LEVEL_REACT, after},
};

enum level
level_of_activity(enum activity a, const char **why)
{
	*why = rows[a].level == LEVEL_OBSERVE && rows[a].why == NULL ? not_yet : rows[a].why;
	return rows[a].level;
}

enum level
level_of_action(enum activity a, enum action action, const char **why)
{
	*why = NULL;
	if (action <= DO_ALERT)
		return LEVEL_OBSERVE;
	if (action == DO_ISOLATE || action == DO_REVOKE_AGENT) {
		*why = no_action;
		return LEVEL_OBSERVE;
	}
	return level_of_activity(a, why);
}
