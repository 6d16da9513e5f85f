/*
 * words: the tables behind words.h.  A name here is a name that policies and scripts rely on; the
 * activities carry their MITRE ATT&CK techniques.
 */
#include "base/words.h"

#include <assert.h>

static const struct activity_info activities[ACT_COUNT] = {
    [ACT_LOGIN] = {"login", {"T1021.004", NULL}, DO_RECORD, SEV_INFO},
    [ACT_OUTBOUND_SSH] = {"outbound-ssh", {"T1021.004", "T1090.001"}, DO_RECORD, SEV_LOW},
    [ACT_RELAY] = {"relay", {"T1090.001", NULL}, DO_RECORD, SEV_LOW},
    [ACT_AGENT_USE] = {"agent-use", {"T1563.001", NULL}, DO_RECORD, SEV_INFO},
    [ACT_AGENT_HIJACK] = {"agent-hijack", {"T1563.001", NULL}, DO_ALERT, SEV_CRITICAL},
    [ACT_MUX_USE] = {"mux-use", {"T1563.001", NULL}, DO_RECORD, SEV_INFO},
    [ACT_MUX_HIJACK] = {"mux-hijack", {"T1563.001", NULL}, DO_ALERT, SEV_CRITICAL},
    [ACT_LISTEN] = {"listen", {"T1572", NULL}, DO_RECORD, SEV_LOW},
    [ACT_SESSION_BRIDGE] = {"session-bridge", {"T1563.001", NULL}, DO_RECORD, SEV_LOW},
    [ACT_SESSION_ESCAPE] = {"session-escape", {"T1562", NULL}, DO_ALERT, SEV_HIGH},
    [ACT_KEY_READ] = {"key-read", {"T1552.004", NULL}, DO_RECORD, SEV_MEDIUM},
    [ACT_SSH_TAMPER] = {"ssh-tamper", {"T1055", "T1563.001"}, DO_ALERT, SEV_CRITICAL},
    [ACT_AUDIT_EVASION] = {"audit-evasion", {"T1562", NULL}, DO_ALERT, SEV_HIGH},
    [ACT_UNREPORTED_SESSION] = {"unreported-session", {"T1556", NULL}, DO_ALERT, SEV_HIGH},
    [ACT_SSH_PROXY] = {"ssh-proxy", {"T1090.001", NULL}, DO_RECORD, SEV_LOW},
    [ACT_UNUSUAL_ORIGIN] = {"unusual-origin", {"T1563.001", NULL}, DO_RECORD, SEV_LOW},
    [ACT_UNUSUAL_HOUR] = {"unusual-hour", {"T1563.001", NULL}, DO_RECORD, SEV_LOW},
    [ACT_UNUSUAL_DURATION] = {"unusual-duration", {"T1563.001", NULL}, DO_RECORD, SEV_LOW},
    [ACT_UNUSUAL_DESTINATION] = {"unusual-destination", {"T1563.001", NULL}, DO_RECORD, SEV_LOW},
    [ACT_CONCURRENT_ORIGINS] = {"concurrent-origins", {"T1563.001", NULL}, DO_RECORD, SEV_LOW},
    [ACT_LISTED_ORIGIN] = {"listed-origin", {"T1563.001", NULL}, DO_ALERT, SEV_HIGH},
    [ACT_ESCALATED_AGENT] = {"escalated-agent", {"T1548", "T1563.001"}, DO_RECORD, SEV_MEDIUM},
};

static const char *const actions[DO_COUNT] = {
    [DO_RECORD] = "record",
    [DO_PASS] = "pass",
    [DO_ALERT] = "alert",
    [DO_BLOCK] = "block",
    [DO_REVOKE_AGENT] = "revoke-agent",
    [DO_ISOLATE] = "isolate",
    [DO_DENY] = "deny",
    [DO_TERMINATE] = "terminate",
    [DO_TERMINATE_ALL] = "terminate all",
};

static const char *const severities[SEV_COUNT] = {
    [SEV_INFO] = "info",
    [SEV_LOW] = "low",
    [SEV_MEDIUM] = "medium",
    [SEV_HIGH] = "high",
    [SEV_CRITICAL] = "critical",
};

static const char *const modes[MODE_COUNT] = {
    [MODE_AUDIT] = "audit",
    [MODE_ENFORCE] = "enforce",
};

static const char *const levels[LEVEL_COUNT] = {
    [LEVEL_OBSERVE] = "observe",
    [LEVEL_REACT] = "react",
    [LEVEL_PREVENT] = "prevent",
};

static const char *const owners[OWNER_COUNT] = {
    [OWNER_UNKNOWN] = "unknown",
    [OWNER_SELF] = "self",
    [OWNER_SAME_LOGIN] = "same-login",
    [OWNER_SAME_USER] = "same-user",
    [OWNER_OTHER] = "other",
};

static const char *const confidences[CONFIDENCE_COUNT] = {
    [CONFIDENCE_NONE] = "",
    [CONFIDENCE_LOW] = "low",
    [CONFIDENCE_MEDIUM] = "medium",
    [CONFIDENCE_HIGH] = "high",
};

static const char *const grades[GRADE_COUNT] = {
    [GRADE_NONE] = "",
    [GRADE_UNUSUAL] = "unusual",
    [GRADE_HIGH_VOLUME] = "high-volume",
    [GRADE_SUSPICIOUS] = "suspicious",
    [GRADE_DETECTED] = "detected",
};

static const enum severity grade_severities[GRADE_COUNT] = {
    [GRADE_NONE] = SEV_LOW,
    [GRADE_UNUSUAL] = SEV_INFO,
    [GRADE_HIGH_VOLUME] = SEV_LOW,
    [GRADE_SUSPICIOUS] = SEV_LOW,
    [GRADE_DETECTED] = SEV_LOW,
};

static const char *const dones[DONE_COUNT] = {
    [DONE_RECORDED] = "recorded",
    [DONE_PASSED] = "passed",
    [DONE_ALERTED] = "alerted",
    [DONE_WOULD_HAVE] = "would-have",
    [DONE_REFUSED] = "refused",
    [DONE_KILLED] = "killed",
    [DONE_CUT] = "cut",
    [DONE_ISOLATED] = "isolated",
    [DONE_REVOKED] = "revoked",
    [DONE_TERMINATED] = "terminated",
    [DONE_FAILED] = "failed",
};

const struct activity_info *
activity_info(enum activity a)
{
	assert(a < ACT_COUNT);
	return &activities[a];
}

enum severity
grade_severity(enum grade g)
{
	assert(g < GRADE_COUNT);
	return grade_severities[g];
}

bool
activity_is_inferred(enum activity a)
{
	return a == ACT_SSH_PROXY || a == ACT_CONCURRENT_ORIGINS || a == ACT_LISTED_ORIGIN ||
	    a == ACT_ESCALATED_AGENT || (a >= ACT_UNUSUAL_ORIGIN && a <= ACT_UNUSUAL_DESTINATION);
}

static bool
find(struct bytes b, const char *const *names, unsigned n, unsigned *out)
{
	for (unsigned i = 0; i < n; i++)
		if (bytes_is(b, names[i])) {
			*out = i;
			return true;
		}
	return false;
}

bool
activity_parse(struct bytes b, enum activity *out)
{
	for (unsigned i = 0; i < ACT_COUNT; i++)
		if (bytes_is(b, activities[i].name)) {
			*out = (enum activity)i;
			return true;
		}
	return false;
}

#define WORDS(word, names, count)                                                              \
	const char *word##_name(enum word v)                                                   \
	{                                                                                      \
		assert(v < (count));                                                           \
		return (names)[v];                                                             \
	}

#define PARSER(word, names, count)                                                             \
	bool word##_parse(struct bytes b, enum word *out)                                      \
	{                                                                                      \
		unsigned i;                                                                    \
                                                                                               \
		if (!find(b, names, count, &i))                                                \
			return false;                                                          \
		*out = (enum word)i;                                                           \
		return true;                                                                   \
	}

WORDS(action, actions, DO_COUNT)
WORDS(severity, severities, SEV_COUNT)
WORDS(mode, modes, MODE_COUNT)
WORDS(level, levels, LEVEL_COUNT)
WORDS(owner, owners, OWNER_COUNT)
WORDS(done, dones, DONE_COUNT)
WORDS(confidence, confidences, CONFIDENCE_COUNT)
WORDS(grade, grades, GRADE_COUNT)
PARSER(mode, modes, MODE_COUNT)
PARSER(owner, owners, OWNER_COUNT)
PARSER(severity, severities, SEV_COUNT)
PARSER(done, dones, DONE_COUNT)
PARSER(confidence, confidences, CONFIDENCE_COUNT)
PARSER(grade, grades, GRADE_COUNT)
