/* case_kit: things that are found of alice's session 57, one a second, for the tests of what joins them. */
#ifndef TESTS_CASE_KIT_H
#define TESTS_CASE_KIT_H

#include "agentd/case/case.h"
#include "tests/unit/unit.h"

#define KIT_BOOT "1f0a33c2-0000-4000-8000-000000000000"

/* One thing that is found of session 57. */
struct step {
	enum activity activity;
	enum confidence confidence;
	enum owner owner;
	bool as_root, of_root, alerted, passed, late; /* of_root: root logged in; late: the session was over */
	const char *subject; /* a path; NULL: none */
	enum grade grade;
	enum severity severity; /* by its rule; SEV_INFO: high */
	const char *of;         /* whose the agent is; NULL: bob's */
	bool reached, agent;    /* ssh-tamper that worked; with an agent */
};

extern const struct step hijack, hijack_as_root, escalated, travel, night, key;

extern int64_t kit_ms; /* when the last one was found */

/* None yet; the clock begins. */
struct cases *kit_cases(void);
/* The case that it is now part of; NULL: of none. */
struct case_file *kit_take(struct cases *, const struct step *);

#endif
