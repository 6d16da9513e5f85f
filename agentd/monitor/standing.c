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

#include "agentd/monitor/flow.h"
#include "agentd/monitor/gate.h"
#include "base/report_addr.h"

#define SOCKETS_MAX 65536 /* of one process */

struct connection {
	struct diag_tcp tcp;
	bool came;   /* perhaps: its own port listens */
	bool denied; /* one of those who hold it was */
};

/* One look. */
struct looking {
	struct standing *standing;
	uint8_t listening[65536 / 8]; /* by port */
	struct connection *out;       /* owned; sorted by inode once all are there */
	size_t n, room;
	uint64_t *inode; /* owned: SOCKETS_MAX, for one process at a time */
};

/* --- the connections of all ----------------------------------------------------------------------------- */

static int
note_listener(const struct diag_tcp *t, void *arg)
{
	struct looking *l = arg;

	l->listening[t->local.port / 8] |= (uint8_t)(1u << t->local.port % 8);
	return 0;
}

static bool
is_listening(const struct looking *l, uint16_t port)
{
	return (l->listening[port / 8] & 1u << port % 8) != 0;
}

static int
note_connection(const struct diag_tcp *t, void *arg)
{
	struct looking *l = arg;

	if (t->inode == 0)
		return 0;
	if (l->n == l->room) {
		size_t room = l->room == 0 ? 256 : l->room * 2;
		struct connection *wide = reallocarray(l->out, room, sizeof(*wide));

		if (wide == NULL)
			return -ENOMEM;
		l->out = wide;
		l->room = room;
	}
	l->out[l->n++] = (struct connection){.tcp = *t, .came = is_listening(l, t->local.port)};
	return 0;
}

static int
by_inode(const void *a, const void *b)
{
	const struct connection *x = a, *y = b;

	return (x->tcp.inode > y->tcp.inode) - (x->tcp.inode < y->tcp.inode);
}

static int
find_connections(struct looking *l)
{
	int rc = diag_tcp_listeners_each(note_listener, l);

	if (rc == 0)
		rc = diag_tcp_each(note_connection, l);
	if (rc == 0 && l->n > 0)
		qsort(l->out, l->n, sizeof(*l->out), by_inode);
	return rc;
}

/* --- whose they are ------------------------------------------------------------------------------------- */

static int
by_ses(const void *a, const void *b)
{
	const struct mon_session *x = a, *y = b;

	return (x->ses > y->ses) - (x->ses < y->ses);
}

static const struct mon_session *
session_of(const struct standing *h, uint32_t ses)
{
	const struct mon_session key = {.ses = ses};

	return bsearch(&key, h->sessions, h->nsessions, sizeof(key), by_ses);
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

/* What the gate would say if it were made now: for want of an answer, nothing against it. */
static bool
is_denied(const struct standing *h, const struct facts *f, const struct connection *c, bool relay)
{
	const struct gate_question q = {.ses = f->ses, .relay = relay, .came = c->came, .to = c->tcp.peer,
	    .program = program_of(f->pid), .starter = program_of(f->ppid)};
	bool denied = gate_judge(h->gate, &q) == GRANT_DENY;

	if (q.program != -1)
		close(q.program);
	if (q.starter != -1)
		close(q.starter);
	return denied;
}

static void
add_denied(struct standing *h, const struct facts *f, const struct diag_tcp *t, bool relay)
{
	struct standing_denied *d;

	if (h->n == ST_REVIEWED) {
		h->more = true;
		return;
	}
	d = &h->denied[h->n++];
	*d = (struct standing_denied){.tcp = *t, .ses = f->ses, .auid = f->auid, .pid = (uint32_t)f->pid, .uid = f->ruid,
	    .relay = relay};
}

/* Who shares it with others may not be the one that makes it SSH: all of them are asked, until one is. */
static void
judge(const struct looking *l, const struct mon_session *s, const struct facts *f, struct connection *c)
{
	bool relay = protect_own_sshd(s, f);

	if (c->denied || !is_denied(l->standing, f, c, relay) || is_own_login(s, &c->tcp))
		return;
	c->denied = true;
	add_denied(l->standing, f, &c->tcp, relay);
}

static int
visit(int pidfd, const struct facts *f, void *arg)
{
	struct looking *l = arg;
	struct standing *st = l->standing;
	const struct mon_session *s = session_of(st, f->ses);
	size_t n;

	(void)pidfd;
	if (guard_system(&st->guard, s, f) || protect_breakglass(st->guard.cf, s, f))
		return 0;
	n = flow_sockets(f->pid, l->inode, SOCKETS_MAX);
	for (size_t i = 0; i < n; i++) {
		const struct connection key = {.tcp = {.inode = l->inode[i]}};
		struct connection *c = bsearch(&key, l->out, l->n, sizeof(key), by_inode);

		if (c != NULL)
			judge(l, s, f, c);
	}
	return 0;
}

/* --- all ------------------------------------------------------------------------------------------------ */

void
standing_look(struct standing *st)
{
	struct looking *l = calloc(1, sizeof(*l));

	st->rc = -ENOMEM;
	if (l == NULL)
		return;
	l->standing = st;
	l->inode = calloc(SOCKETS_MAX, sizeof(*l->inode));
	st->denied = calloc(ST_REVIEWED, sizeof(*st->denied));
	if (l->inode != NULL && st->denied != NULL)
		st->rc = find_connections(l);
	qsort(st->sessions, st->nsessions, sizeof(*st->sessions), by_ses);
	if (st->rc == 0 && l->n > 0)
		st->rc = facts_among(is_wanted, visit, l);
	free(l->out);
	free(l->inode);
	free(l);
}

void
standing_begin(struct standing *st, struct monitor *m)
{
	*st = (struct standing){.gate = m->gate, .guard = guard_take(m)};
}

bool
standing_add(struct standing *st, const struct mon_session *s)
{
	if (st->nsessions == st->room) {
		size_t room = st->room == 0 ? 64 : st->room * 2;
		struct mon_session *wide = reallocarray(st->sessions, room, sizeof(*wide));

		if (wide == NULL)
			return false;
		st->sessions = wide;
		st->room = room;
	}
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
