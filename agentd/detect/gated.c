/* gated: see gated.h. */
#include "agentd/detect/gated.h"

#include <errno.h>
#include <stdio.h>

#include "agentd/detect/socket.h"

#define SAME_MS 60000 /* as outbound.c and relay.c fold theirs */

static struct evidence
evidence_gated(const struct detect *d, const struct gated *g)
{
	const struct process *p = host_process(detect_host(d), g->pid);
	struct evidence e = {
		.time = g->time,
		.pid = g->pid,
		.ses = g->ses,
		.auid = g->auid,
		.uid = g->uid,
		.euid = g->uid,
		.life = p != NULL ? p->life : 0,
		.to = g->to,
		.un = g->un,
		.exit = g->stopped && g->kind != GATED_EXEC ? -EPERM : 0,
		.count = g->count,
		.note = g->note,
	};

	e.un.path = BYTES_NONE;
	e.path_len = g->un.path.n < sizeof(e.path) ? g->un.path.n : sizeof(e.path);
	if (e.path_len > 0)
		memcpy(e.path, g->un.path.p, e.path_len);
	return e;
}

/* --- the activity ------------------------------------------------------------------------------ */

static const char *
relays(const struct gated *g)
{
	return g->stopped ? "could not relay" : g->before ? "has relayed since before this rule" : "relays";
}

static const char *
connects(const struct gated *g)
{
	return g->stopped ? "could not connect" : g->before ? "is connected since before this rule" : "connects";
}

static void
send_tcp(struct detect *d, const struct gated *g, const struct evidence *e)
{
	const enum activity activity = g->relay ? ACT_RELAY : ACT_OUTBOUND_SSH;
	char to[ENDPOINT_STRLEN], program[64];
	struct finding f;

	if (g->isolated && !g->relay && !detect_is_ssh_port(d, g->to.port))
		return; /* a browser, for one */
	finding_start(d, e, activity, &f);
	if (!g->before) /* else it is news, whatever was told of it when it was made */
		finding_fold(d, &f, evidence_key(e, activity, g->relay ? e->ses : e->life), SAME_MS);
	(void)endpoint_str(f.to, to);
	if (g->relay)
		finding_reason(&f, "%s through sshd to %s", relays(g), to);
	else
		finding_reason(&f, "%s to %s with %s", connects(g), to, program_str(f.process, program));
	finding_send(d, &f);
}

static void
send_exec(struct detect *d, const struct gated *g, const struct evidence *e)
{
	char program[64];
	struct finding f;

	(void)g;
	finding_start(d, e, ACT_OUTBOUND_SSH, &f);
	f.outcome = OUTCOME_UNKNOWN;
	finding_reason(&f, "runs %s", program_str(f.process, program));
	finding_send(d, &f);
}

/* Judged like any other use.  A gate watches what the model told of: without an owner there is no guessing. */
static void
send_socket(struct detect *d, const struct gated *g, const struct evidence *e)
{
	const struct usock *u = host_usock(detect_host(d), &g->un);
	struct socket_use use = {.e = e, .kind = g->mux ? USOCK_MUX : USOCK_AGENT, .usock = u};

	if (u == NULL)
		return;
	use.owner = host_owner(detect_host(d), host_session(detect_host(d), e->ses), e->uid, u,
	    &use.owner_session);
	if (g->mux)
		mux_judge(d, &use);
	else
		agent_judge(d, &use);
}

void
detect_gated(struct detect *d, const struct gated *g)
{
	static void (*const send[])(struct detect *, const struct gated *, const struct evidence *) = {
		[GATED_TCP] = send_tcp,
		[GATED_SOCKET] = send_socket,
		[GATED_EXEC] = send_exec,
	};
	const struct evidence e = evidence_gated(d, g);

	send[g->kind](d, g, &e);
}

/* --- the silence ------------------------------------------------------------------------------- */

static void
say_what(const struct gated *g, char out[160])
{
	char to[ENDPOINT_STRLEN];

	if (g->kind == GATED_TCP)
		(void)snprintf(out, 160, "connect to %s", endpoint_str(g->to, to));
	else if (g->kind == GATED_SOCKET)
		(void)snprintf(out, 160, "connect to %s (inode %llu)",
		    g->mux ? "a ControlMaster socket" : "an agent socket", (unsigned long long)g->un.inode);
	else
		(void)snprintf(out, 160, "execute an SSH client");
}

void
detect_silence(struct detect *d, const struct gated *g)
{
	struct evidence e = evidence_gated(d, g);
	char what[160], program[64], times[32] = "";
	struct finding f;

	e.note = NULL;
	finding_start(d, &e, ACT_AUDIT_EVASION, &f);
	finding_fold(d, &f, evidence_key(&e, ACT_AUDIT_EVASION, e.life), SAME_MS);
	f.outcome = OUTCOME_SUCCESS; /* whatever became of the connection, audit did not see it */
	say_what(g, what);
	if (f.count > 1)
		(void)snprintf(times, sizeof(times), ", %u times", f.count);
	finding_reason(&f, "was not seen by audit: the kernel's gate saw pid %u (%s) %s%s; audit never told",
	    f.pid, program_str(f.process, program), what, times);
	finding_send(d, &f);
}
