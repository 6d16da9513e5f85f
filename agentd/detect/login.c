/*
 * login: a session opens.  Reported ones at once, for the verdict; in replay, and where no module
 * reports, by sshd's own USER_START.  And that it closes, once, whoever tells first.  Pure.
 */
#include "agentd/detect/detector.h"

static void
send_login(struct detect *d, const struct evidence *e)
{
	struct finding f;

	finding_start(d, e, ACT_LOGIN, &f);
	f.via = NULL;
	f.uid = f.euid = f.session->uid; /* as whom the user logs in, not sshd's root */
	finding_reason(&f, "%s", f.outcome == OUTCOME_FAILURE ? "was refused by PAM" : "opened");
	finding_send(d, &f);
	if (f.outcome != OUTCOME_FAILURE && !f.session->turned_away)
		detect_opened(d, f.session, e->time);
}

void
detect_login(struct detect *d, const struct session *s, struct rtime now)
{
	struct evidence e = {
		.time = now,
		.pid = s->monitor_pid,
		.ses = s->ses,
		.auid = s->auid,
		.count = 1,
	};

	send_login(d, &e);
}

static void
login_fact(struct detect *d, void *state, const struct fact *f)
{
	const struct session *s = host_session(detect_host(d), f->ses);
	struct evidence e;

	(void)state;
	if (s == NULL || !s->ssh || s->monitor_pid != f->pid)
		return;
	if (f->kind == FACT_USER_END && rtime_since(s->closed, f->time) == 0) /* else the module had said so */
		detect_closed(d, s, f->time);
	if (f->kind != FACT_USER_START || s->source != SESSION_RECORDS)
		return;
	e = evidence_of(d, f);
	e.exit = f->result ? 0 : -1;
	send_login(d, &e);
}

const struct detector detector_login = {
	.name = "login",
	.fact = login_fact,
};
