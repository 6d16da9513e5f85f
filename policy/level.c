/*
 * level: how strongly a rule's action can be carried out by this build: a login is refused before
 * it begins; processes and sockets are stopped just after; the rest is seen.  What a host lacks
 * beside this is the daemon's to say (sshtether status).
 */
#include "policy/tree.h"

#define BIT(a) (1u << (a))

/* Activities that leave a process to kill or a socket to cut. */
#define STOPPABLE                                                                              \
	(BIT(ACT_OUTBOUND_SSH) | BIT(ACT_RELAY) | BIT(ACT_AGENT_USE) | BIT(ACT_AGENT_HIJACK) | \
	    BIT(ACT_MUX_USE) | BIT(ACT_MUX_HIJACK) | BIT(ACT_LISTEN) |                         \
	    BIT(ACT_SESSION_BRIDGE) | BIT(ACT_SESSION_ESCAPE))

const uint32_t pol_detected = STOPPABLE | BIT(ACT_LOGIN);

static const struct {
	uint32_t activities;
	enum level level;
} reach[DO_COUNT] = {
    [DO_BLOCK] = {.activities = STOPPABLE, .level = LEVEL_REACT},
    [DO_DENY] = {.activities = BIT(ACT_LOGIN), .level = LEVEL_PREVENT},
    [DO_TERMINATE] = {.activities = STOPPABLE | BIT(ACT_LOGIN), .level = LEVEL_REACT},
    [DO_TERMINATE_ALL] = {.activities = STOPPABLE | BIT(ACT_LOGIN), .level = LEVEL_REACT},
};

enum level
pol_rule_level(const struct policy *pol, size_t rule)
{
	const struct rule *r = pol->rules[rule];

	return (r->activities & reach[r->action].activities) != 0 ? reach[r->action].level :
	                                                            LEVEL_OBSERVE;
}
