/*
 * session-bridge: work reaches another session: a window in a tmux or screen that another session
 * started, a job for at, cron or systemd, and what goes on in a session after its logout.  Pure.
 */
#include <errno.h>
#include <stdio.h>

#include "agentd/detect/command.h"
#include "agentd/detect/socket.h"

/* --- terminal multiplexers -------------------------------------------------------------------- */

void
bridge_judge(struct detect *d, const struct socket_use *use)
{
	const char *via = use->kind == USOCK_TMUX ? "tmux" : "screen";
	char whose[SOCKET_WHOSE];
	struct finding f;

	if (use->usock == NULL || use->owner == OWNER_SELF || use->e->exit != 0)
		return;
	socket_lend(d, use);
	finding_start(d, use->e, ACT_SESSION_BRIDGE, &f);
	finding_fold(d, &f, evidence_key(use->e, ACT_SESSION_BRIDGE, use->e->life), FOLD_FOREVER);
	f.owner = use->owner;
	f.owner_session = use->owner_session;
	f.via = via;
	finding_reason(&f, "works in the %s server of another session: %s", via,
	    socket_whose(use, whose));
	finding_send(d, &f);
}

/* --- jobs ------------------------------------------------------------------------------------- */

/*
 * Programs that leave work to somebody else, and the option letters with which they only look or
 * delete.
 */
static const struct {
	const char *program, *via, *harmless;
} job_programs[] = {
	{"at", "at", "lrdcV"},
	{"batch", "at", "V"},
	{"crontab", "cron", "lrV"},
	{"systemd-run", "systemd-run", ""},
};

/* A scope runs in the caller's own session. */
static bool
is_harmless(struct bytes option)
{
	return bytes_is(option, "--scope") || bytes_is(option, "--help") ||
	    bytes_is(option, "--version");
}

static bool
only_looks(struct bytes argv, const char *harmless)
{
	struct bytes arg;

	(void)command_next(&argv, &arg);
	while (command_next(&argv, &arg)) {
		if (arg.n < 2 || arg.p[0] != '-')
			continue;
		if (arg.p[1] != '-' ? strchr(harmless, arg.p[1]) != NULL : is_harmless(arg))
			return true;
	}
	return false;
}

static void
send_job(struct detect *d, const struct fact *f, const char *via)
{
	struct evidence e = evidence_of(d, f);
	char program[64];
	struct finding out;

	finding_start(d, &e, ACT_SESSION_BRIDGE, &out);
	out.via = via;
	finding_reason(&out, "leaves work to another session with %s",
	    program_str(out.process, program));
	finding_send(d, &out);
}

static void
bridge_fact(struct detect *d, void *state, const struct fact *f)
{
	struct bytes name = bytes_basename(f->exe);
	const struct process *p = host_process(detect_host(d), f->pid);

	(void)state;
	if (f->kind != FACT_EXEC || p == NULL || f->ses == SES_UNSET)
		return;
	for (size_t i = 0; i < sizeof(job_programs) / sizeof(job_programs[0]); i++) {
		if (!bytes_is(name, job_programs[i].program))
			continue;
		if (!only_looks(f->argv, job_programs[i].harmless))
			send_job(d, f, job_programs[i].via);
		return;
	}
}

/* --- after the logout ------------------------------------------------------------------------- */

void
bridge_linger(struct detect *d, const struct finding *of)
{
	struct evidence e = {
		.time = of->time,
		.serial = of->serial,
		.pid = of->pid,
		.ses = of->session->ses,
		.auid = of->session->auid,
		.uid = of->uid,
		.euid = of->euid,
		.life = of->process != NULL ? of->process->life : of->pid,
		.count = 1,
	};
	char program[64];
	struct finding f;

	finding_start(d, &e, ACT_SESSION_BRIDGE, &f);
	finding_fold(d, &f, evidence_key(&e, ACT_SESSION_BRIDGE, e.life), FOLD_FOREVER);
	f.via = "linger";
	finding_reason(&f, "is closed, but %s works on in it", program_str(f.process, program));
	finding_send(d, &f);
}

const struct detector detector_bridge = {
	.name = "session-bridge",
	.fact = bridge_fact,
};
