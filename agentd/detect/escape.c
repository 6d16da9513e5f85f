/*
 * session-escape: a task that has a session takes another login uid, or none.  A service that an
 * administrator restarted by hand does the same when it lets somebody log in: then PAM says so at
 * once (USER_START of the new session, or the module's report), and it is held for that word.
 * Pure.
 */
#include <bsd/sys/queue.h>
#include <stdlib.h>

#include "agentd/detect/detector.h"
#include "agentd/detect/ripe.h"
#include "agentd/host/table.h"

#define LOGIN_WAIT_MS 2000

/* Programs whose business it is to begin sessions. */
static const char *const login_programs[] = {
	"sshd", "sshd-session", "dropbear", "cron", "crond", "atd", "anacron", "login", "su",
	"sudo", "sudo-rs", "doas", "runuser", "systemd", "(systemd)", "systemd-executor",
	"(sd-executor)",
	"systemd-logind", "polkit-agent-helper-1", "gdm-session-worker", "sddm-helper", "lightdm",
	"xrdp-sesman", "cockpit-session", "vsftpd", "machinectl", "in.rshd", "in.rlogind",
	"telnetd",
};

struct doubt {
	struct ripe ripe;
	TAILQ_ENTRY(doubt) in_order;
	struct evidence e; /* ses is the one that was left */
	uint32_t new_ses, new_auid;
};
TAILQ_HEAD(doubt_list, doubt);

struct escapes {
	struct ripe_queue queue;
	struct doubt_list doubts;
	size_t n;
};

static bool
is_login_program(struct bytes exe)
{
	struct bytes name = bytes_basename(exe);

	for (size_t i = 0; i < sizeof(login_programs) / sizeof(login_programs[0]); i++) {
		if (bytes_is(name, login_programs[i]))
			return true;
	}
	return false;
}

static void
say_escape(struct finding *f, uint32_t new_ses, uint32_t new_auid)
{
	char program[64];

	(void)program_str(f->process, program);
	if (f->outcome == OUTCOME_FAILURE)
		finding_reason(f, "tried to change its login uid to %d with %s; the kernel refused",
		    (int)new_auid, program);
	else if (new_ses == SES_UNSET)
		finding_reason(f, "dropped its login uid with %s and left every session", program);
	else
		finding_reason(f, "changed its login uid to %u with %s and is session %u now",
		    new_auid, program, new_ses);
}

static void
send_escape(struct detect *d, const struct doubt *doubt)
{
	const struct process *p = host_process(detect_host(d), doubt->e.pid);
	struct finding f;

	finding_start(d, &doubt->e, ACT_SESSION_ESCAPE, &f);
	f.process = p; /* it is of the new session already */
	f.via = NULL;
	say_escape(&f, doubt->new_ses, doubt->new_auid);
	finding_send(d, &f);
}

static void
drop(struct escapes *es, struct doubt *doubt)
{
	ripe_clear(&es->queue, &doubt->ripe);
	TAILQ_REMOVE(&es->doubts, doubt, in_order);
	es->n--;
	free(doubt);
}

static void
hold(struct detect *d, struct escapes *es, const struct doubt *what)
{
	struct doubt *doubt = es->n < ST_HOPS ? calloc(1, sizeof(*doubt)) : NULL;

	if (doubt == NULL) {
		send_escape(d, what);
		return;
	}
	*doubt = *what;
	TAILQ_INSERT_TAIL(&es->doubts, doubt, in_order);
	es->n++;
	ripe_set(&es->queue, &doubt->ripe, (struct rtime){.ms = what->e.time.ms + LOGIN_WAIT_MS});
}

static void
fact_loginuid(struct detect *d, struct escapes *es, const struct fact *f)
{
	struct doubt doubt = {.new_ses = f->new_ses, .new_auid = f->new_auid};

	if (f->old_ses == SES_UNSET)
		return; /* a login from outside any session */
	doubt.e = evidence_of(d, f);
	doubt.e.ses = f->old_ses;
	doubt.e.auid = f->old_auid;
	doubt.e.exit = f->result ? 0 : -1;
	if (!is_login_program(f->exe))
		send_escape(d, &doubt);
	else if (f->result && f->new_ses != SES_UNSET)
		hold(d, es, &doubt);
	else if (f->result)
		send_escape(d, &doubt);
	/* else: a login in a container, which may not set login uids; nothing came of it */
}

/* PAM opened the session that the pid took: it was a login. */
static void
fact_user_start(struct escapes *es, const struct fact *f)
{
	struct doubt *doubt, *next;

	TAILQ_FOREACH_SAFE(doubt, &es->doubts, in_order, next) {
		if (doubt->e.pid == f->pid && doubt->new_ses == f->ses)
			drop(es, doubt);
	}
}

static void
escape_fact(struct detect *d, void *state, const struct fact *f)
{
	if (f->kind == FACT_LOGINUID)
		fact_loginuid(d, state, f);
	else if (f->kind == FACT_USER_START)
		fact_user_start(state, f);
}

static bool
was_reported(const struct detect *d, const struct doubt *doubt)
{
	const struct session *s = host_session(detect_host(d), doubt->new_ses);

	return s != NULL && s->source == SESSION_REPORT && s->monitor_pid == doubt->e.pid;
}

static void
escape_ripen(struct detect *d, void *state, struct rtime now, bool all)
{
	struct escapes *es = state;
	struct ripe *r;

	while ((r = ripe_next(&es->queue, now, all)) != NULL) {
		struct doubt *doubt = TABLE_ENTRY(r, struct doubt, ripe);

		if (!was_reported(d, doubt))
			send_escape(d, doubt);
		drop(es, doubt);
	}
}

static void *
escape_new(void)
{
	struct escapes *es = calloc(1, sizeof(*es));

	if (es == NULL)
		return NULL;
	ripe_init(&es->queue);
	TAILQ_INIT(&es->doubts);
	return es;
}

static void
escape_free(void *state)
{
	struct escapes *es = state;
	struct doubt *doubt;

	while ((doubt = TAILQ_FIRST(&es->doubts)) != NULL)
		drop(es, doubt);
	free(es);
}

const struct detector detector_escape = {
	.name = "session-escape",
	.state_new = escape_new,
	.state_free = escape_free,
	.fact = escape_fact,
	.ripen = escape_ripen,
};
