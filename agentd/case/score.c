/*
 * score: what an indicator counts.  One table of points, one of what confirms what, one of thresholds.
 *
 * The score goes from 0 to 100.  The numbers follow from five sentences:
 *
 *   - One thing that happens in everybody's life (a hotel's network, a night on call, a new host, two logins at a time)
 *     is told by nobody: such an indicator has at most 30 points, and what happens daily has 10.
 *   - Two of them that have nothing to do with each other are worth a look when at least one of them is sure of
 *     itself: 25 and 15 are 40, medium.  Of one group they count less: a second one is a quarter of itself, and all
 *     together add at most half of the strongest, so that ten new hosts are not ten indicators; but a sweep over hosts
 *     that the user never went to, by one who does not do that (unusual-destination, high), is one and a half: 45.
 *   - The same fact counts once, whoever tells it.  A network that is new makes two at a time of any other session, and
 *     every way out of it new to ssh-proxy: so concurrent-origins counts fully where the other one is at work just now,
 *     and ssh-proxy little beside the destination, which unusual-destination judges.
 *   - A thing that has no everyday reason is worth a look alone: somebody else's key read 40, a session id dropped or
 *     somebody let in of whom PAM told nothing 45, another one's agent used or a running sshd traced 70: high.  Who
 *     traces an agent, or reads its memory, has hijacked it: it counts as that, and not once more as escalation.
 *   - Hijack and escalation in one session are the sheet's case for an escalation: critical, whatever the sum, and
 *     also where escalation was only seen: sudo is everyday, and has no points.
 *
 * A case stands no lower than any alert among its findings: whoever was told "critical" of one of them finds no "high"
 * on the sheet.  That tells nothing anew and calls for nothing: it is what counts that does.
 *
 * What is everyday by itself (login, outbound-ssh, relay, one's own agent, listening, tmux) has no row: it is context.
 * An agent that is used after sudo is counted once, as escalated-agent.  Confidence says how sure a detector is;
 * `seen` is for what is seen and not inferred.
 */
#include "agentd/case/case.h"

struct indicator {
	enum activity activity;
	enum grade grade; /* GRADE_NONE: of whatever grade */
	enum owner owner; /* OWNER_UNKNOWN: whoever owns it */
	bool changed;     /* only when done as somebody else than logged in */
	enum { TO_ANY, TO_AGENT, TO_OTHER } to; /* whom ssh-tamper was about; an agent: one that was reached */
	enum case_group group;
	unsigned char points[CONFIDENCE_COUNT]; /* seen, low, medium, high */
};

static const struct indicator indicators[] = {
	{ACT_LISTED_ORIGIN, .group = GROUP_ORIGIN, .points = {50, 50, 50, 50}},
	{ACT_UNUSUAL_ORIGIN, .group = GROUP_ORIGIN, .points = {25, 15, 25, 30}},
	{ACT_UNUSUAL_HOUR, .group = GROUP_ORIGIN, .points = {15, 5, 15, 15}},
	{ACT_CONCURRENT_ORIGINS, .group = GROUP_SIMULTANEOUS, .points = {20, 5, 10, 25}},
	{ACT_UNREPORTED_SESSION, .group = GROUP_SIMULTANEOUS, .points = {45, 15, 40, 45}},
	{ACT_UNUSUAL_DESTINATION, .group = GROUP_MOVEMENT, .points = {25, 10, 25, 30}},
	{ACT_SSH_PROXY, .grade = GRADE_UNUSUAL, .group = GROUP_MOVEMENT, .points = {5, 5, 5, 5}},
	{ACT_SSH_PROXY, .grade = GRADE_HIGH_VOLUME, .group = GROUP_MOVEMENT, .points = {10, 5, 10, 15}},
	{ACT_SSH_PROXY, .grade = GRADE_SUSPICIOUS, .group = GROUP_MOVEMENT, .points = {10, 5, 10, 10}},
	{ACT_SSH_PROXY, .grade = GRADE_DETECTED, .group = GROUP_MOVEMENT, .points = {10, 5, 5, 10}},
	{ACT_AGENT_HIJACK, .owner = OWNER_OTHER, .group = GROUP_AGENT, .points = {70, 70, 70, 70}},
	{ACT_AGENT_HIJACK, .owner = OWNER_SAME_USER, .group = GROUP_AGENT, .points = {45, 45, 45, 45}},
	{ACT_AGENT_HIJACK, .changed = true, .group = GROUP_ESCALATION, .points = {30, 30, 30, 30}},
	{ACT_MUX_HIJACK, .owner = OWNER_OTHER, .group = GROUP_AGENT, .points = {70, 70, 70, 70}},
	{ACT_MUX_HIJACK, .owner = OWNER_SAME_USER, .group = GROUP_AGENT, .points = {45, 45, 45, 45}},
	{ACT_MUX_HIJACK, .changed = true, .group = GROUP_ESCALATION, .points = {30, 30, 30, 30}},
	{ACT_ESCALATED_AGENT, .group = GROUP_ESCALATION, .points = {30, 5, 10, 30}},
	{ACT_SSH_TAMPER, .to = TO_AGENT, .group = GROUP_AGENT, .points = {70, 70, 70, 70}},
	{ACT_SSH_TAMPER, .to = TO_AGENT, .changed = true, .group = GROUP_ESCALATION, .points = {30, 30, 30, 30}},
	{ACT_SSH_TAMPER, .to = TO_OTHER, .group = GROUP_ESCALATION, .points = {70, 70, 70, 70}},
	{ACT_SESSION_ESCAPE, .group = GROUP_ESCALATION, .points = {45, 45, 45, 45}},
	{ACT_AUDIT_EVASION, .group = GROUP_ESCALATION, .points = {45, 45, 45, 45}},
	{ACT_KEY_READ, .group = GROUP_KEYS, .points = {40, 15, 25, 40}},
	{ACT_UNUSUAL_DURATION, .group = GROUP_DURATION, .points = {30, 25, 30, 30}},
};

/* Both there: at least that score. */
static const struct {
	enum case_group one, other;
	unsigned least;
} combined[] = {
	{GROUP_AGENT, GROUP_ESCALATION, 100},
};

/* From which score on. */
static const unsigned thresholds[SEV_COUNT] = {
	[SEV_LOW] = 1,
	[SEV_MEDIUM] = 40,
	[SEV_HIGH] = 70,
	[SEV_CRITICAL] = 100,
};

#define SCORE_MAX 100

static const char *const groups[GROUP_COUNT] = {
	[GROUP_ORIGIN] = "origin",
	[GROUP_SIMULTANEOUS] = "simultaneous",
	[GROUP_MOVEMENT] = "movement",
	[GROUP_AGENT] = "agent",
	[GROUP_ESCALATION] = "escalation",
	[GROUP_KEYS] = "keys",
	[GROUP_DURATION] = "duration",
};

const char *
case_group_name(enum case_group g)
{
	return groups[g];
}

static bool
applies(const struct indicator *in, const struct case_item *it)
{
	return in->activity == it->activity && !it->passed && (in->grade == GRADE_NONE || in->grade == it->grade) &&
	    (in->owner == OWNER_UNKNOWN || in->owner == it->owner) && (!in->changed || it->changed) &&
	    (in->to == TO_ANY || (in->to == TO_AGENT) == it->agent);
}

void
case_weigh(struct case_item *it)
{
	memset(it->points, 0, sizeof(it->points));
	for (size_t i = 0; i < sizeof(indicators) / sizeof(indicators[0]); i++) {
		const struct indicator *in = &indicators[i];

		if (applies(in, it))
			it->points[in->group] = in->points[it->confidence];
	}
}

/* Of one group: the strongest, and what the others add. */
static unsigned
group_score(const struct case_file *c, enum case_group g)
{
	unsigned best = 0, sum = 0, more;

	for (size_t i = 0; i < c->nitems; i++) {
		const unsigned points = c->items[i].points[g];

		sum += points;
		best = points > best ? points : best;
	}
	more = (sum - best) / 4;
	return best + (more < best / 2 ? more : best / 2);
}

static enum severity
severity_of(unsigned score)
{
	enum severity s = SEV_INFO;

	while (s < SEV_CRITICAL && score >= thresholds[s + 1])
		s++;
	return s;
}

/* What was said of its findings, each by itself. */
static enum severity
gravest(const struct case_file *c)
{
	enum severity s = SEV_INFO;

	for (size_t i = 0; i < c->nitems; i++) {
		if (c->items[i].alerted && c->items[i].severity > s)
			s = c->items[i].severity;
	}
	return s;
}

bool
case_has_escalated(const struct case_file *c)
{
	for (size_t i = 0; i < c->nitems; i++) {
		if (c->items[i].changed && !c->items[i].passed)
			return true;
	}
	return c->seen.ntasks > 0;
}

static bool
is_there(const struct case_file *c, const unsigned by_group[GROUP_COUNT], enum case_group g)
{
	return by_group[g] > 0 || (g == GROUP_ESCALATION && case_has_escalated(c));
}

void
case_score(struct case_file *c)
{
	unsigned by_group[GROUP_COUNT], score = 0;

	c->indicators = 0;
	for (size_t i = 0; i < c->nitems; i++) {
		case_weigh(&c->items[i]);
		for (unsigned g = 0; g < GROUP_COUNT; g++)
			c->indicators += c->items[i].points[g] > 0;
	}
	for (unsigned g = 0; g < GROUP_COUNT; g++) {
		by_group[g] = group_score(c, (enum case_group)g);
		score += by_group[g];
	}
	for (size_t i = 0; i < sizeof(combined) / sizeof(combined[0]); i++) {
		if (score < combined[i].least && is_there(c, by_group, combined[i].one) &&
		    is_there(c, by_group, combined[i].other))
			score = combined[i].least;
	}
	c->score = score < SCORE_MAX ? score : SCORE_MAX;
	c->scored = severity_of(c->score);
	c->severity = gravest(c) > c->scored ? gravest(c) : c->scored;
}

/* What counts is of one group, and all of it was told as alerts of its own: joining it says nothing new. */
static bool
is_told_by_itself(const struct case_file *c)
{
	unsigned of = 0;

	for (size_t i = 0; i < c->nitems; i++) {
		for (unsigned g = 0; g < GROUP_COUNT; g++) {
			if (c->items[i].points[g] == 0)
				continue;
			if (!c->items[i].alerted)
				return false;
			of |= 1u << g;
		}
	}
	return (of & (of - 1)) == 0 && !((of & 1u << GROUP_AGENT) != 0 && case_has_escalated(c));
}

bool
case_is_due(const struct case_file *c)
{
	return c->scored >= SEV_MEDIUM && c->scored > c->told && !is_told_by_itself(c);
}
