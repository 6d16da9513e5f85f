/*
 * escalated-agent: a session became somebody else (su, sudo) and then used an agent or a key: what root takes from a
 * user's agent, the user's keys open.  Seen, not learned: it is told from the first day on, and of everybody.
 *
 * sudo, su and doas themselves ask the invoker's agent who he is (pam_ssh_agent_auth): not theirs, when they run
 * from a folder where root alone writes.
 *
 * Confidence, by what was used:
 *   high    an agent of another login
 *   as sure as that it was read (key-read): a private key of another user
 *   medium  an agent of its own, or nobody knows whose; ssh that names a key (-i, IdentityFile)
 *   low     ssh that names none: it may well be root's own
 * and one less where it was told on HABIT_DAYS of the days that are remembered: some administrators do so daily.
 * Pure.
 */
#include <stdio.h>

#include "agentd/detect/command.h"
#include "agentd/detect/detector.h"

#define HABIT_DAYS 5

static const char *const authenticators[] = {"sudo", "sudoedit", "su", "doas", "pkexec", "run0", "sudo-rs"};

static bool
authenticates(const struct finding *f)
{
	struct bytes name;

	if (f->process == NULL || f->process->exe == NULL || !program_is_steady(bytes_of(f->process->exe)))
		return false;
	name = bytes_basename(bytes_of(f->process->exe));
	for (size_t i = 0; i < sizeof(authenticators) / sizeof(authenticators[0]); i++) {
		if (bytes_is(name, authenticators[i]))
			return true;
	}
	return false;
}

/* As whom it is done; the login's own uid: nothing changed.  Root needs to become nobody. */
static uint32_t
became(const struct finding *f)
{
	const uint32_t login = f->session->uid;

	if (f->euid != UINT32_MAX && f->euid != login)
		return f->euid;
	return f->uid != UINT32_MAX ? f->uid : login;
}

static bool
is_escalated(const struct finding *f)
{
	return f->session->ssh && f->session->uid != 0 && became(f) != f->session->uid && !authenticates(f);
}

static bool
names_a_key(const struct finding *f)
{
	const struct process *p = f->process;
	struct bytes argv, word;

	if (p == NULL || p->argv == NULL)
		return false;
	argv = (struct bytes){.p = p->argv, .n = p->argv_len};
	while (command_next(&argv, &word)) {
		if (bytes_starts(word, BYTES_LIT("-i")) || memmem(word.p, word.n, "IdentityFile", 12) != NULL)
			return true;
	}
	return false;
}

/* --- what it is worth ----------------------------------------------------------------------------------- */

struct use {
	const char *what;
	enum confidence confidence;
};

/* False: nothing that follows from it. */
static bool
use_of(const struct finding *f, struct use *use)
{
	switch (f->activity) {
	case ACT_AGENT_HIJACK:
		*use = (struct use){"used an agent of another login", CONFIDENCE_HIGH};
		return true;
	case ACT_KEY_READ:
		*use = (struct use){"read a private key", f->confidence != CONFIDENCE_NONE ? f->confidence : CONFIDENCE_HIGH};
		return true;
	case ACT_AGENT_USE:
		*use = (struct use){"used an agent", CONFIDENCE_MEDIUM};
		return true;
	case ACT_OUTBOUND_SSH:
		*use = names_a_key(f) ? (struct use){"went out by SSH, naming a key,", CONFIDENCE_MEDIUM} :
		                        (struct use){"went out by SSH", CONFIDENCE_LOW};
		return f->outcome != OUTCOME_FAILURE;
	default:
		return false;
	}
}

/* On how many days before. */
static unsigned
told_on(const struct detect *d, const struct finding *f, const char *subject)
{
	char value[ST_USUAL_TEXT];
	struct usual u;

	(void)snprintf(value, sizeof(value), "%s %s", activity_info(f->activity)->name, subject);
	return detect_usual(d, f->session, USUAL_TOLD, value, f->time, &u) ? u.days : 0;
}

static void
escalated_found(struct detect *d, void *state, const struct finding *of)
{
	char subject[64], program[64], habit[48] = "";
	struct finding f;
	struct use use;
	unsigned days;

	(void)state;
	if (!is_escalated(of) || !use_of(of, &use))
		return;
	finding_follow(of, ACT_ESCALATED_AGENT, &f);
	(void)snprintf(subject, sizeof(subject), "%s as %u", activity_info(of->activity)->name, became(of));
	days = told_on(d, &f, subject);
	if (days > 0)
		(void)snprintf(habit, sizeof(habit), "; told on %u day%s before", days, days == 1 ? "" : "s");
	f.confidence = confidence_step(use.confidence, days >= HABIT_DAYS ? -1 : 0);
	finding_daily(d, &f, subject);
	finding_reason(&f, "became uid %u (login uid %u) and %s with %s%s", became(of), of->session->uid, use.what,
	    program_str(of->process, program), habit);
	finding_send(d, &f);
}

const struct detector detector_escalated_agent = {
	.name = "escalated-agent",
	.found = escalated_found,
};
