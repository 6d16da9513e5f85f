/*
 * unreported-session: an SSH server let somebody in, and the PAM module never heard of it.  Three ways that
 * records show (what sockets show is served.c's):
 *
 *   a system's server that does without PAM (UsePAM no, dropbear): it becomes the user, and still has no
 *   login uid: pam_loginuid is in every stack that we know.  A container's own server does that too; it
 *   lives in another network;
 *
 *   a PAM login that is not reported though others are: the module was taken out of the stack, or its
 *   word did not get through;
 *
 *   a server that somebody runs in his session: the login has that session's id, and shows by the shell
 *   that the server starts.  Of one without a shell nothing shows but its listening port.
 *
 * Confidence: high where it is seen; medium where a report may have been lost on its way, or where the shell's
 * parent was gone and its server is known by the connection that it took a moment before alone.  Pure.
 */
#include <stdio.h>
#include <stdlib.h>

#include "agentd/detect/command.h"
#include "agentd/detect/detector.h"
#include "agentd/detect/ripe.h"
#include "agentd/detect/unreported.h"
#include "agentd/host/table.h"

#define REPORT_WAIT_MS 30000  /* an engine that was stopped reads its reports late */
#define SAME_LOGIN_MS  600000 /* its connection shows meanwhile */
#define FORKS_MAX      3      /* from the server's last exec to the shell */
#define GRACE_MS       120000 /* LoginGraceTime: what a connection may take until somebody is let in */

struct late {
	struct ripe ripe;
	struct evidence e;
};

struct unreported {
	struct ripe_queue queue;
	size_t n;
};

static uint64_t
told_key(uint32_t pid)
{
	return hash_u64(hash_u64(ACT_UNREPORTED_SESSION) ^ pid);
}

/* Of those who serve the connection. */
static void
note_told(struct detect *d, uint32_t pid, struct rtime now)
{
	(void)fold_pass(detect_fold(d), told_key(pid), now, SAME_LOGIN_MS);
}

bool
unreported_was_told(struct detect *d, uint32_t pid, struct rtime now)
{
	return fold_has(detect_fold(d), told_key(pid), now, SAME_LOGIN_MS);
}

/* The same subject of the same user is told once a day, however many come in that way. */
static void
send_unreported(struct detect *d, const char *subject, struct finding *f)
{
	f->subject = subject;
	finding_daily(d, f, subject);
	finding_send(d, f);
}

/* Of this host, and not of a container on it; in replay that cannot be told. */
static bool
is_here(const struct detect *d, uint32_t pid)
{
	const struct probe *probe = host_probe(detect_host(d));

	return probe->same_network == NULL || probe->same_network(probe->arg, pid);
}

/* --- without PAM ------------------------------------------------------------------------------ */

/* For good: servers also change their effective uid for a while, to read a user's files. */
static bool
became_somebody(const struct fact *f)
{
	if (f->uid != f->euid || f->a[0] != f->uid)
		return false;
	return f->uid == 0 || f->uid >= FIRST_USER;
}

static void
fact_setuid(struct detect *d, const struct fact *f)
{
	struct evidence e;
	struct finding out;
	char program[64], subject[ST_USUAL_TEXT];

	if (f->auid != AUID_UNSET || f->ses != SES_UNSET || !program_is_ssh_server(f->exe) ||
	    !became_somebody(f) || !is_here(d, f->pid))
		return;
	e = evidence_of(d, f);
	finding_start(d, &e, ACT_UNREPORTED_SESSION, &out);
	out.confidence = CONFIDENCE_HIGH;
	finding_reason(&out, "is a login of uid %u through %s that never passed PAM: it has no session id",
	    f->uid, program_str(out.process, program));
	(void)snprintf(subject, sizeof(subject), "without PAM, uid %u by %.*s", f->uid, (int)f->exe.n, f->exe.p);
	send_unreported(d, subject, &out);
	note_told(d, f->pid, f->time);
	note_told(d, f->ppid, f->time);
}

/* --- through PAM, and not reported ------------------------------------------------------------ */

static void
drop(struct unreported *u, struct late *l)
{
	ripe_clear(&u->queue, &l->ripe);
	u->n--;
	free(l);
}

static bool
is_unreported(const struct detect *d, uint32_t ses, uint32_t pid)
{
	const struct session *s = host_session(detect_host(d), ses);

	return s != NULL && s->ssh && s->source == SESSION_RECORDS && s->monitor_pid == pid;
}

static void
fact_user_start(struct detect *d, struct unreported *u, const struct fact *f)
{
	struct late *l;

	if (!f->result || !is_unreported(d, f->ses, f->pid) ||
	    !host_expects_report(detect_host(d), f->time) || !is_here(d, f->pid))
		return;
	l = u->n < ST_HOPS ? calloc(1, sizeof(*l)) : NULL;
	if (l == NULL)
		return;
	l->e = evidence_of(d, f);
	u->n++;
	ripe_set(&u->queue, &l->ripe, (struct rtime){.ms = f->time.ms + REPORT_WAIT_MS});
}

static void
send_late(struct detect *d, const struct late *l)
{
	char subject[ADDR_STRLEN + 32], ip[ADDR_STRLEN] = "nowhere";
	struct finding f;

	if (!is_unreported(d, l->e.ses, l->e.pid))
		return;
	finding_start(d, &l->e, ACT_UNREPORTED_SESSION, &f);
	f.confidence = CONFIDENCE_MEDIUM;
	finding_reason(&f, "passed PAM, but its stack's module did not report it as it did others");
	if (f.session->peer.addr.family != 0)
		(void)addr_str(f.session->peer.addr, ip);
	(void)snprintf(subject, sizeof(subject), "not reported, from %s", ip);
	send_unreported(d, subject, &f);
	note_told(d, l->e.pid, l->e.time);
}

/* --- of a server in a session ----------------------------------------------------------------- */

/*
 * OpenSSH session.c, do_child(), and dropbear's run_shell_command(): the shell is named without its
 * folder, "-bash" or "bash -c COMMAND".  What servers run besides is named by its path.
 */
static bool
is_login_shell(struct bytes argv)
{
	struct bytes name, option;

	if (!command_next(&argv, &name) || name.n < 2 || memchr(name.p, '/', name.n) != NULL)
		return false;
	return name.p[0] == '-' || (command_next(&argv, &option) && bytes_is(option, "-c"));
}

struct connection {
	const struct host *host;
	const struct fact *f;
	const struct process *server;
};

/* A user's sshd that executed itself for a connection a moment ago: its parent is one too. */
static bool
note_connection(struct process *p, void *arg)
{
	struct connection *c = arg;
	const struct process *listener = host_process(c->host, p->ppid);

	if (p->exec_time.ms != 0 && p->uid != 0 && program_is_ssh_server(bytes_of(p->exe)) &&
	    listener != NULL && program_is_ssh_server(bytes_of(listener->exe)) &&
	    rtime_since(c->f->time, p->exec_time) <= GRACE_MS)
		c->server = p;
	return true;
}

static uint64_t
child_of(const struct process *server, uint32_t pid)
{
	return hash_u64(hash_u64(server->life) ^ pid);
}

/* A connection has one child that starts shells: whoever is seen first. */
static bool
take_child(struct detect *d, const struct process *server, const struct fact *f)
{
	struct fold *fold = detect_fold(d);

	return fold_pass(fold, child_of(server, f->ppid), f->time, FOLD_FOREVER) == 0 ||
	    fold_pass(fold, hash_u64(server->life), f->time, FOLD_FOREVER) != 0;
}

/*
 * The shell's parent was gone before anybody could look.  In a session whose own sshd has just taken a
 * connection that was its child.
 */
static const struct process *
server_of_orphan(struct detect *d, const struct fact *f)
{
	struct connection c = {.host = detect_host(d), .f = f};

	host_each_process(c.host, f->ses, note_connection, &c);
	return c.server != NULL && take_child(d, c.server, f) ? c.server : NULL;
}

/*
 * The program that the shell was forked from, when that is a server which was started in this session.
 * The session's own sshd was started in none, or in another.
 */
static const struct process *
server_of(struct detect *d, const struct fact *f, enum confidence *sure)
{
	uint32_t pid = f->ppid;

	*sure = CONFIDENCE_HIGH;
	for (int i = 0; i < FORKS_MAX; i++) {
		const struct process *p = host_process(detect_host(d), pid);

		if (p == NULL || p->ses != f->ses || p->is_sshd)
			return NULL;
		if (p->exec_time.ms != 0) {
			if (!program_is_ssh_server(bytes_of(p->exe)))
				return NULL;
			(void)take_child(d, p, f);
			return p;
		}
		if (p->ppid == 0) {
			*sure = CONFIDENCE_MEDIUM;
			return server_of_orphan(d, f);
		}
		pid = p->ppid;
	}
	return NULL;
}

static void
fact_exec(struct detect *d, const struct fact *f)
{
	const struct process *server;
	enum confidence sure;
	struct evidence e;
	struct finding out;
	char program[64], shell[64], subject[ST_USUAL_TEXT];

	if (f->ses == SES_UNSET || !is_login_shell(f->argv) || (server = server_of(d, f, &sure)) == NULL)
		return;
	e = evidence_of(d, f);
	finding_start(d, &e, ACT_UNREPORTED_SESSION, &out);
	out.confidence = sure;
	finding_reason(&out, "let somebody in through a %s of its own (pid %u), who runs %s as uid %u",
	    program_str(server, program), server->pid, program_str(out.process, shell), f->uid);
	(void)snprintf(subject, sizeof(subject), "session %u's own server, uid %u by %s", f->ses, f->uid, server->exe);
	send_unreported(d, subject, &out);
	note_told(d, f->ppid, f->time);
}

/* --- the detector ----------------------------------------------------------------------------- */

static void
unreported_fact(struct detect *d, void *state, const struct fact *f)
{
	if (f->kind == FACT_SETUID)
		fact_setuid(d, f);
	else if (f->kind == FACT_USER_START)
		fact_user_start(d, state, f);
	else if (f->kind == FACT_EXEC)
		fact_exec(d, f);
}

static void
unreported_ripen(struct detect *d, void *state, struct rtime now, bool all)
{
	struct unreported *u = state;
	struct ripe *r;

	while ((r = ripe_next(&u->queue, now, all)) != NULL) {
		struct late *l = TABLE_ENTRY(r, struct late, ripe);

		if (r->due.ms <= now.ms) /* at the end of the input the report may still be on its way */
			send_late(d, l);
		drop(u, l);
	}
}

static void *
unreported_new(void)
{
	struct unreported *u = calloc(1, sizeof(*u));

	if (u != NULL)
		ripe_init(&u->queue);
	return u;
}

static void
unreported_free(void *state)
{
	struct unreported *u = state;
	struct ripe *r;

	while ((r = ripe_next(&u->queue, RTIME_NONE, true)) != NULL)
		drop(u, TABLE_ENTRY(r, struct late, ripe));
	free(u);
}

const struct detector detector_unreported = {
	.name = "unreported-session",
	.state_new = unreported_new,
	.state_free = unreported_free,
	.fact = unreported_fact,
	.ripen = unreported_ripen,
};
