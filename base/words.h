/*
 * words: the vocabulary that policy, detection, alerts and tools share, as enums and their names.
 * One table each (words.c); a name in it is a name that scripts and policies rely on.
 */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include "base/bytes.h"

enum activity {
	ACT_LOGIN,
	ACT_OUTBOUND_SSH,
	ACT_RELAY,
	ACT_AGENT_USE,
	ACT_AGENT_HIJACK,
	ACT_MUX_USE,
	ACT_MUX_HIJACK,
	ACT_LISTEN,
	ACT_SESSION_BRIDGE,
	ACT_SESSION_ESCAPE,
	ACT_KEY_READ,
	ACT_SSH_TAMPER,
	ACT_AUDIT_EVASION,
	ACT_UNREPORTED_SESSION,
	ACT_SSH_PROXY,
	ACT_UNUSUAL_ORIGIN,
	ACT_UNUSUAL_HOUR,
	ACT_UNUSUAL_DURATION,
	ACT_UNUSUAL_DESTINATION,
	ACT_CONCURRENT_ORIGINS,
	ACT_LISTED_ORIGIN,
	ACT_ESCALATED_AGENT,
	ACT_COUNT,
};

/* In order of strength: the strongest of several rulings is taken. */
enum action {
	DO_RECORD,
	DO_PASS,
	DO_ALERT,
	DO_BLOCK,
	DO_REVOKE_AGENT,
	DO_ISOLATE,
	DO_DENY, /* login only */
	DO_TERMINATE,
	DO_TERMINATE_ALL,
	DO_COUNT,
};

enum severity { SEV_INFO, SEV_LOW, SEV_MEDIUM, SEV_HIGH, SEV_CRITICAL, SEV_COUNT };
enum mode { MODE_AUDIT, MODE_ENFORCE, MODE_COUNT };
enum level { LEVEL_OBSERVE, LEVEL_REACT, LEVEL_PREVENT, LEVEL_COUNT };
enum owner { OWNER_UNKNOWN, OWNER_SELF, OWNER_SAME_LOGIN, OWNER_SAME_USER, OWNER_OTHER, OWNER_COUNT };

/* How sure it is that a finding is what its name says; CONFIDENCE_NONE: it is seen, not inferred. */
enum confidence { CONFIDENCE_NONE, CONFIDENCE_LOW, CONFIDENCE_MEDIUM, CONFIDENCE_HIGH, CONFIDENCE_COUNT };
/* Of ssh-proxy, each stronger than the one before. */
enum grade { GRADE_NONE, GRADE_UNUSUAL, GRADE_HIGH_VOLUME, GRADE_SUSPICIOUS, GRADE_DETECTED, GRADE_COUNT };

enum done {
	DONE_RECORDED,
	DONE_PASSED,
	DONE_ALERTED,
	DONE_WOULD_HAVE,
	DONE_REFUSED,
	DONE_KILLED,
	DONE_CUT,
	DONE_ISOLATED,
	DONE_REVOKED,
	DONE_TERMINATED,
	DONE_FAILED,
	DONE_COUNT,
};

struct activity_info {
	const char *name;
	const char *technique[2];    /* MITRE ATT&CK; second may be NULL */
	enum action default_action;  /* what no rule matches: DO_RECORD or DO_ALERT */
	enum severity default_severity;
};

const struct activity_info *activity_info(enum activity);
/* A judgement of what a session does, and nothing that it does besides. */
bool activity_is_inferred(enum activity);

/* Names; the parsers return false for a word that is not in the table. */
const char *action_name(enum action); /* "terminate all" for DO_TERMINATE_ALL */
const char *severity_name(enum severity);
const char *mode_name(enum mode);
const char *level_name(enum level);
const char *owner_name(enum owner);
const char *done_name(enum done);
const char *confidence_name(enum confidence); /* "" for CONFIDENCE_NONE */
const char *grade_name(enum grade);           /* "" for GRADE_NONE */
/* Of ssh-proxy, where no rule gives another. */
enum severity grade_severity(enum grade);
bool activity_parse(struct bytes, enum activity *);
bool mode_parse(struct bytes, enum mode *);
bool owner_parse(struct bytes, enum owner *);
bool severity_parse(struct bytes, enum severity *);
bool done_parse(struct bytes, enum done *);
bool confidence_parse(struct bytes, enum confidence *);
bool grade_parse(struct bytes, enum grade *);

#endif
