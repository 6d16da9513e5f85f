/* case_kit: see case_kit.h. */
#include "tests/unit/case_kit.h"

#include <stdio.h>

#include "tests/unit/ruling.h"

const struct step hijack = {.activity = ACT_AGENT_HIJACK, .owner = OWNER_OTHER, .alerted = true,
    .subject = "/tmp/ssh-X/agent.1"};
const struct step hijack_as_root = {.activity = ACT_AGENT_HIJACK, .owner = OWNER_OTHER, .alerted = true,
    .as_root = true, .subject = "/tmp/ssh-X/agent.1"};
const struct step escalated = {.activity = ACT_ESCALATED_AGENT, .as_root = true, .confidence = CONFIDENCE_LOW};
const struct step travel = {.activity = ACT_UNUSUAL_ORIGIN, .confidence = CONFIDENCE_MEDIUM};
const struct step night = {.activity = ACT_UNUSUAL_HOUR, .confidence = CONFIDENCE_HIGH};
const struct step key = {.activity = ACT_KEY_READ, .subject = "/home/bob/.ssh/id_ed25519"};

int64_t kit_ms;

struct cases *
kit_cases(void)
{
	struct cases *t = cases_new(KIT_BOOT, NULL);

	assert_non_null(t);
	kit_ms = 1795309323000;
	return t;
}

struct case_file *
kit_take(struct cases *t, const struct step *s)
{
	struct made_ruling m;
	char id[ALERT_ID_LEN];

	make_ruling(&m);
	m.finding.activity = s->activity;
	m.finding.confidence = s->confidence;
	m.finding.grade = s->grade;
	m.finding.owner = s->owner;
	m.finding.owner_session = s->owner == OWNER_OTHER ? &m.other : NULL;
	m.finding.time.ms = kit_ms += 1000;
	m.finding.to.addr.family = 0;
	if (s->late) {
		m.session.state = SESSION_OVER;
		m.session.closed.ms = kit_ms;
	}
	if (s->of_root)
		m.session.auid = 0;
	m.finding.euid = s->as_root ? 0 : s->of_root ? 1001 : m.session.auid;
	m.finding.to_unix = bytes_of(s->subject);
	m.finding.reached = s->reached;
	m.finding.agent = s->agent;
	m.ruling.decision.action = s->passed ? DO_PASS : s->alerted ? DO_ALERT : DO_RECORD;
	if (s->severity != SEV_INFO)
		m.ruling.decision.severity = s->severity;
	m.ruling.as = s->as_root ? BYTES_LIT("root") : BYTES_LIT("alice");
	(void)snprintf(m.other.user, sizeof(m.other.user), "%s", s->of != NULL ? s->of : "bob");
	(void)snprintf(id, sizeof(id), "%032llx", (unsigned long long)kit_ms);
	return cases_take(t, &m.ruling, s->passed ? DONE_PASSED : s->alerted ? DONE_ALERTED : DONE_RECORDED, id, NULL);
}
