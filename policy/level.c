/*
 * level: see level.h.  A row says what the gates make of an activity and what is left without them; each activity has
 * one.
 */
#include "policy/level.h"

#include <stddef.h>

static const char after[] = "once its record arrives";
static const char listens[] = "once its record arrives; block ends no port of sshd itself (-R)";
static const char no_connect[] = "without the connect gate: once its record arrives";
static const char inside[] = "by who listens, inside connect(2)";
static const char no_path[] = "without the path gate: by who listens, inside connect(2)";
static const char too_late[] = "it has happened already";
static const char escaped[] = "who escaped carries no session to act on; terminate ends the rest";
static const char silent[] = "no gate works: there is nothing to hold audit against";

static const char inferred[] = "it is inferred from what was done already: the session can be stopped, and not this";

/* The first step of whose gates one works is the level; a step without gates is always there. */
struct step {
	unsigned gates;
	enum level level;
	const char *why;
};
#define STEPS 3

static const struct step rows[ACT_COUNT][STEPS] = {
    [ACT_LOGIN] = {{0, LEVEL_PREVENT, NULL}},
    [ACT_OUTBOUND_SSH] = {{POLG_CONNECT, LEVEL_PREVENT, NULL}, {0, LEVEL_REACT, no_connect}},
    [ACT_RELAY] = {{POLG_CONNECT, LEVEL_PREVENT, NULL}, {0, LEVEL_REACT, no_connect}},
    [ACT_AGENT_USE] = {{POLG_PATH, LEVEL_PREVENT, NULL}, {POLG_LISTENER, LEVEL_REACT, no_path},
        {0, LEVEL_REACT, after}},
    [ACT_AGENT_HIJACK] = {{POLG_PATH, LEVEL_PREVENT, NULL}, {POLG_LISTENER, LEVEL_REACT, no_path},
        {0, LEVEL_REACT, after}},
    /* The path of a shared connection is its user's to choose, and to use again. */
    [ACT_MUX_USE] = {{POLG_LISTENER, LEVEL_REACT, inside}, {0, LEVEL_REACT, after}},
    [ACT_MUX_HIJACK] = {{POLG_PATH, LEVEL_PREVENT, NULL}, {POLG_LISTENER, LEVEL_REACT, no_path},
        {0, LEVEL_REACT, after}},
    [ACT_LISTEN] = {{0, LEVEL_REACT, listens}},
    [ACT_SESSION_BRIDGE] = {{0, LEVEL_REACT, after}},
    [ACT_SESSION_ESCAPE] = {{0, LEVEL_REACT, escaped}},
    [ACT_SSH_TAMPER] = {{0, LEVEL_REACT, after}},
    [ACT_UNREPORTED_SESSION] = {{0, LEVEL_REACT, after}},
    [ACT_KEY_READ] = {{0, LEVEL_REACT, after}},
    [ACT_SSH_PROXY] = {{0, LEVEL_REACT, inferred}},
    [ACT_UNUSUAL_ORIGIN] = {{0, LEVEL_REACT, inferred}},
    [ACT_UNUSUAL_HOUR] = {{0, LEVEL_REACT, inferred}},
    [ACT_UNUSUAL_DURATION] = {{0, LEVEL_REACT, inferred}},
    [ACT_UNUSUAL_DESTINATION] = {{0, LEVEL_REACT, inferred}},
    [ACT_CONCURRENT_ORIGINS] = {{0, LEVEL_REACT, inferred}},
    [ACT_LISTED_ORIGIN] = {{0, LEVEL_REACT, inferred}},
    [ACT_ESCALATED_AGENT] = {{0, LEVEL_REACT, inferred}},
    [ACT_AUDIT_EVASION] = {{POLG_CONNECT | POLG_PATH | POLG_LISTENER, LEVEL_REACT, too_late},
        {0, LEVEL_OBSERVE, silent}},
};

static const char *const gates_by_bit[POLG_COUNT + 1] = {
    "connect", "path", "listener", "exec", "datagram", NULL};

const char *
pol_gate_name(unsigned i)
{
	return i < POLG_COUNT ? gates_by_bit[i] : NULL;
}

bool
pol_gate_parse(struct bytes name, unsigned *bit)
{
	for (unsigned i = 0; i < POLG_COUNT; i++) {
		if (!bytes_is(name, gates_by_bit[i]))
			continue;
		*bit = 1u << i;
		return true;
	}
	return false;
}

enum level
pol_activity_level(enum activity a, unsigned gates, const char **why)
{
	const struct step *s = rows[a];

	while (s->gates != 0 && (gates & s->gates) == 0)
		s++;
	*why = s->why;
	return s->level;
}

enum level
pol_level(enum activity a, enum action action, unsigned gates, const char **why)
{
	*why = NULL;
	if (action <= DO_ALERT)
		return LEVEL_OBSERVE;
	if (a == ACT_LOGIN && action < DO_DENY) {
		*why = "a login is refused by deny";
		return LEVEL_OBSERVE;
	}
	if (action == DO_ISOLATE && (gates & POLG_CONNECT) == 0) {
		*why = "isolate needs the connect gate";
		return LEVEL_OBSERVE;
	}
	if (a == ACT_SESSION_ESCAPE && action < DO_TERMINATE) {
		*why = escaped;
		return LEVEL_OBSERVE;
	}
	if (activity_is_inferred(a) && action == DO_BLOCK) {
		*why = inferred;
		return LEVEL_OBSERVE;
	}
	return pol_activity_level(a, gates, why);
}
