/*
 * standing: see standing.h.  Runs in the monitor, standing_look() beside its loop.
 *
 * The gate judges what goes out.  A connection that somebody else made to here ends at a port that listens (an
 * sshd's, a -R forwarding's), and is let be, unless an SSH port is at its other end; so is the one that the session
 * came in by.
 */
#include "agentd/monitor/standing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/monitor/connections.h"
#include "agentd/monitor/flow.h"
#include "agentd/monitor/gate.h"
#include "agentd/monitor/sockets.h"
#include "base/array.h"
#include "base/report_addr.h"

#define PATIENCE_MS 2000 /* with one session: a user can hold more descriptors than that allows to read */

/* One look. */
struct looking {
	struct standing *standing;
	struct connections all; /* held by a task that was looked at; marked: it was denied to one of them */
	int64_t *spent_ns;      /* owned; on each session */
};

/* --- whose they are ------------------------------------------------------------------------------------- */

static int
by_ses(const void *a, const void *b)
{
	const struct mon_session *x = a, *y = b;

	return (x->ses > y->ses) - (x->ses < y->ses);
}

static const struct mon_session *
session_of(const struct standing *st, uint32_t ses)
{
	const struct mon_session key = {.ses = ses};

	return bsearch(&key, st->sessions, st->nsessions, sizeof(key), by_ses);
}

static bool
is_wanted(uint32_t ses, void *arg)
{
	const struct looking *l = arg;

	return session_of(l->standing, ses) != NULL;
}

static bool
is_own_login(const struct mon_session *s, const struct diag_tcp *t)
{
	struct report_addr peer, local;

	return flow_of_process(s->monitor_pid, s->start_ticks, &peer, &local) && report_addr_eq(&peer, &t->peer) &&
	    report_addr_eq(&local, &t->local);
}

/* −1: there is none any more. */
static int
program_of(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	return open(path, O_PATH | O_CLOEXEC);
}

/*
 * What the gate would say if it were made now: for want of an answer, nothing against it.  Where nobody holds it,
 * only a port says that it is SSH.
 */
static bool
is_denied(const struct standing *st, const struct facts *f, const struct connection *c, bool relay)
{
	const struct gate_question q = {.ses = f->ses, .relay = relay, .came = c->came || (relay && c->chosen),
	    .to = c->tcp.peer, .program = c->held ? program_of(f->pid) : -1,
	    .starter = c->held ? program_of(f->ppid) : -1};
	bool denied = gate_judge(st->gate, &q) == GRANT_DENY;

	if (q.program != -1)
		close(q.program);
	if (q.starter != -1)
		close(q.starter);
	return denied;
}

static void
add_denied(struct standing *st, const struct facts *f, const struct diag_tcp *t, bool relay)
{
	struct standing_denied *d;

	if (st->n == ST_REVIEWED) {
		st->more = true;
		return;
	}
	d = &st->denied[st->n++];
	*d = (struct standing_denied){.tcp = *t, .ses = f->ses, .auid = f->auid, .pid = (uint32_t)f->pid,
	    .uid = f->ruid, .relay = relay};
}

/* Who shares it with others may not be the one that makes it SSH: all of them are asked, until one is. */
static void
judge(const struct looking *l, const struct mon_session *s, const struct facts *f, struct connection *c)
{
	bool relay = protect_own_sshd(s, f);

	if (c->marked || !is_denied(l->standing, f, c, relay) || is_own_login(s, &c->tcp))
		return;
	c->marked = true;
	add_denied(l->standing, f, &c->tcp, relay);
}

/* One process. */
struct visit {
	struct looking *looking;
	const struct mon_session *session;
	const struct facts *facts;
	bool exempt; /* what it holds is let be */
};

static bool
visit_socket(int number, uint64_t inode, void *arg)
{
	const struct visit *v = arg;
	size_t n;
	struct connection *c = connections_of(&v->looking->all, inode, &n);

	(void)number;
	for (size_t i = 0; i < n; i++) {
		c[i].held = true;
		if (!v->exempt)
			judge(v->looking, v->session, v->facts, &c[i]);
	}
	return true;
}

/* False: not all of it. */
static bool
visit_sockets(struct looking *l, const struct mon_session *s, const struct facts *f, bool exempt)
{
	int64_t *spent = &l->spent_ns[s - l->standing->sessions];
	const struct mtime start = mtime_now();
	const struct mtime until = mtime_after((struct mtime){.ns = start.ns - *spent}, PATIENCE_MS);
	struct visit v = {.looking = l, .session = s, .facts = f, .exempt = exempt};
	bool all = sockets_each_thread(f->pid, until, visit_socket, &v);

	*spent += mtime_now().ns - start.ns;
	return all;
}

static int
visit(int pidfd, const struct facts *f, void *arg)
{
	struct looking *l = arg;
	struct standing *st = l->standing;
	const struct mon_session *s = session_of(st, f->ses);
	bool exempt;

	(void)pidfd;
	if (s == NULL)
		return 0;
	exempt = guard_system(&st->guard, s, f) || protect_breakglass(st->guard.cf, s, f) || protect_works_for_pam(s, f);
	if (!visit_sockets(l, s, f, exempt))
		st->unread = s->ses;
	return aside_ends(st->aside) ? -ECANCELED : 0;
}

/* Whose descriptor is on its way between two tasks, or with an io_uring alone: they are whose made them. */
static void
judge_unheld(struct looking *l)
{
	const struct standing *st = l->standing;

	for (size_t i = 0; i < l->all.n; i++) {
		struct connection *c = &l->all.of[i];
		const struct gate_maker *maker = &c->tcp.maker;
		const struct mon_session *s = c->held ? NULL : session_of(st, maker->ses);

		if (s == NULL || protect_breakglass(st->guard.cf, s, NULL))
			continue;
		judge(l, s, &(struct facts){.ses = s->ses, .auid = s->auid, .ruid = s->auid,
		    .pid = (pid_t)maker->tgid}, c);
	}
}

/* --- all ------------------------------------------------------------------------------------------------ */

void
standing_look(struct standing *st)
{
	struct looking l = {.standing = st};

	st->denied = calloc(ST_REVIEWED, sizeof(*st->denied));
	l.spent_ns = calloc(st->nsessions, sizeof(*l.spent_ns));
	st->rc = st->denied == NULL || l.spent_ns == NULL ? -ENOMEM : connections_read(&l.all, st->makers);
	qsort(st->sessions, st->nsessions, sizeof(*st->sessions), by_ses);
	if (st->rc == 0 && l.all.n > 0)
		st->rc = facts_among(is_wanted, visit, &l);
	if (st->rc == 0 && st->unread == SES_UNSET)
		judge_unheld(&l);
	connections_free(&l.all);
	free(l.spent_ns);
}

void
standing_begin(struct standing *st, struct monitor *m)
{
	*st = (struct standing){.gate = m->gate, .makers = m->makers, .aside = m->work[WORK_LOOK], .guard = guard_take(m),
	    .unread = SES_UNSET};
}

bool
standing_add(struct standing *st, const struct mon_session *s)
{
	struct mon_session *wide = array_grow(st->sessions, st->nsessions, &st->room, sizeof(*wide), SIZE_MAX);

	if (wide == NULL)
		return false;
	st->sessions = wide;
	st->sessions[st->nsessions++] = *s;
	return true;
}

void
standing_free(struct standing *st)
{
	free(st->sessions);
	free(st->denied);
	*st = (struct standing){0};
}
