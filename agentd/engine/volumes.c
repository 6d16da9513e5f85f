/* volumes: see volumes.h.  Engine process. */
#include "agentd/engine/volumes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "agentd/engine/earlier.h"
#include "agentd/engine/failures.h"
#include "agentd/engine/followed.h"
#include "agentd/engine/lately.h"
#include "agentd/engine/tcp_diag.h"
#include "base/log.h"

#define ROUND_S     10  /* each session is looked at once in so many seconds */
#define ENDS_TURN   256 /* that are read in one turn of the loop */
#define WIDE_S      60  /* between two tries to say which ports matter */
#define SSH_PORT    22
#define LATE_MS     30000 /* a finding may come so long after the session that it is of */
#define WORD_MS     5000  /* and the kernel's word of an end, which a work queue of it sends, after the end */

struct volumes {
	struct volumes_parts parts;
	int netlink, ends; /* −1: none */
	struct event *on_ends, *on_due;
	struct followed all;
	struct earlier earlier;
	uint16_t port[TCP_DIAG_PORTS];
	size_t nports;
	bool wide;                 /* there are more ports than that: every end is told of */
	unsigned wide_s;
	struct mtime awaits; /* until then a session may wait for word of an end */
	struct lately lately;
	uint64_t ends_told;
	unsigned asks, walks, told; /* in this second */
};

/* --- which ends matter ---------------------------------------------------------------------------------- */

static bool
has_port(const struct volumes *v, uint16_t port)
{
	for (size_t i = 0; i < v->nports; i++) {
		if (v->port[i] == port)
			return true;
	}
	return false;
}

/* False: there is no room. */
static bool
add_port(struct volumes *v, uint16_t port)
{
	if (has_port(v, port))
		return true;
	if (v->nports == TCP_DIAG_PORTS)
		return false;
	v->port[v->nports++] = port;
	return true;
}

/* The end of a connection that others know: its own where it was accepted, the peer's where it was made. */
static uint16_t
port_of(const struct conn *c)
{
	return c->own ? c->local.port : c->peer.port;
}

static void
set_ports(struct volumes *v)
{
	if (v->ends != -1 && tcp_diag_ends_of(v->ends, v->port, v->wide ? 0 : v->nports) != 0)
		(void)tcp_diag_ends_of(v->ends, NULL, 0);
}

/* From those that are followed now. */
static void
renew_ports(struct volumes *v)
{
	const struct group *g;
	const struct conn *c;

	v->nports = 0;
	v->wide = false;
	v->wide_s = 0;
	(void)add_port(v, SSH_PORT);
	TAILQ_FOREACH(g, &v->all.order, link) {
		TAILQ_FOREACH(c, &g->conns, link)
			v->wide = !add_port(v, port_of(c)) || v->wide;
	}
	set_ports(v);
}

static void
mind_port(struct volumes *v, uint16_t port)
{
	if (v->wide || has_port(v, port))
		return;
	if (add_port(v, port))
		set_ports(v);
	else
		renew_ports(v);
}

/* --- following ------------------------------------------------------------------------------------------ */

static struct conn *
follow(struct volumes *v, struct group *g, struct endpoint local, struct endpoint peer, bool own)
{
	struct conn *c = followed_add(&v->all, g, local, peer, own);

	if (c != NULL)
		mind_port(v, port_of(c));
	return c;
}

static void
make_due(struct volumes *v, struct group *g)
{
	followed_due(&v->all, g);
	event_active(v->on_due, 0, 0);
}

void
volumes_session(struct volumes *v, const struct session *s)
{
	struct group *g;

	if (v->netlink == -1 || s->peer.port == 0 || s->local.port == 0 || followed_group(&v->all, s->ses) != NULL ||
	    followed_conn(&v->all, s->local, s->peer) != NULL)
		return;
	if ((g = followed_group_new(&v->all, s->ses, s->auid)) == NULL)
		return;
	if (follow(v, g, s->local, s->peer, true) == NULL)
		followed_group_free(&v->all, g);
	else
		make_due(v, g);
}

/* The newest push out the oldest. */
static void
note_missed(struct group *g, const struct finding *f)
{
	if (g->nmissed == FOLLOWED_MISSED)
		memmove(g->missed, g->missed + 1, --g->nmissed * sizeof(*g->missed));
	g->missed[g->nmissed++] = (struct missed){.to = f->to, .since = f->time, .noted = mtime_now()};
}

void
volumes_finding(struct volumes *v, const struct finding *f)
{
	const bool unknown = f->from.addr.family == 0;
	struct group *g;

	if ((f->activity != ACT_OUTBOUND_SSH && f->activity != ACT_RELAY) || f->outcome == OUTCOME_FAILURE ||
	    f->to.addr.family == 0 || (g = followed_group(&v->all, f->session->ses)) == NULL)
		return;
	if (unknown)
		note_missed(g, f);
	else if (followed_conn(&v->all, f->from, f->to) == NULL)
		(void)follow(v, g, f->from, f->to, false);
	if (g->over.ns == 0)
		followed_place_note(&v->all, g, f->to, f->euid, f->time, unknown || f->activity == ACT_RELAY);
	make_due(v, g);
}

void
volumes_connect(struct volumes *v, uint32_t ses, uint32_t uid, struct endpoint to, struct rtime when)
{
	struct group *g = followed_group(&v->all, ses);

	if (g == NULL || followed_place(&v->all, g, to, uid) == NULL)
		return;
	followed_place_note(&v->all, g, to, uid, when, true);
	make_due(v, g);
}

/* --- telling -------------------------------------------------------------------------------------------- */

/* Nothing goes back: a smaller number is another socket's, made on the same ports. */
static uint64_t
grown(uint64_t *have, uint64_t now)
{
	const uint64_t more = now > *have ? now - *have : 0;

	*have += more;
	return more;
}

static void
tell(struct volumes *v, struct conn *c, uint64_t sent, uint64_t received, bool last)
{
	struct session *s = host_session(v->parts.host, c->group->ses);
	const uint64_t more = grown(&c->sent, sent) + grown(&c->received, received);
	const struct volume volume = {.time = rtime_now(), .ses = c->group->ses, .local = c->local,
	    .peer = c->peer, .sent = c->sent, .received = c->received, .last = last};

	c->gone.ns = 0;
	if (s != NULL)
		*(c->own ? &s->bytes_in : &s->bytes_out) += more;
	v->parts.volume(&volume, v->parts.arg);
}

/* It is over: told for the last time.  Without its own a session relays nothing any more. */
static void
finish(struct volumes *v, struct conn *c, uint64_t sent, uint64_t received)
{
	tell(v, c, sent, received, true);
	if (c->own)
		followed_over(&v->all, c, mtime_now());
	else
		followed_drop(&v->all, c);
}

/* The session is long over, and nothing that it made goes on. */
static bool
is_done(const struct group *g)
{
	const struct conn *own = TAILQ_FIRST(&g->conns);

	return own == NULL || (g->nconns == 1 && own->over && mtime_ms_since(mtime_now(), g->over) >= LATE_MS);
}

/* False: it did not end lately. */
static bool
take_ended(struct volumes *v, struct conn *c)
{
	struct ended *e = lately_find(&v->lately, c->local, c->peer);

	if (e == NULL)
		return false;
	e->taken = true;
	finish(v, c, e->socket.sent, e->socket.received);
	return true;
}

/* One that is gone is given time, for the kernel to say what it carried in all. */
static void
take_gone(struct volumes *v, struct conn *c)
{
	const struct mtime now = mtime_now();

	if (c->gone.ns == 0)
		c->gone = now;
	else if (mtime_ms_since(now, c->gone) >= WORD_MS)
		finish(v, c, 0, 0);
}

static void
ask(struct volumes *v, struct conn *c)
{
	struct tcp_socket s;
	int rc;

	if (c->over) {
		if (c->group->due) /* said again, to whom it concerns now */
			tell(v, c, c->sent, c->received, false);
		return;
	}
	v->asks++;
	rc = tcp_diag_one(v->netlink, c->local, c->peer, &s);
	if (rc == 0)
		tell(v, c, s.sent, s.received, false);
	else if (rc != -ENOENT)
		failure_note(FAIL_VOLUME_ASK);
	else if (!take_ended(v, c))
		take_gone(v, c);
}

/* --- looking -------------------------------------------------------------------------------------------- */

static bool
was_found(const struct group *g, const struct missed *m)
{
	const struct conn *c;

	TAILQ_FOREACH(c, &g->conns, link) {
		if (!c->own && endpoint_eq(c->peer, m->to) && c->since.ns >= m->noted.ns)
			return true;
	}
	return false;
}

/*
 * The records came late, and what they tell of was over: it is followed to its end, which is told by that.  Where the
 * kernel has not told of the end yet, later; so also where it has not told of the connection.
 */
static void
take_missed(struct volumes *v, struct group *g)
{
	const struct mtime now = mtime_now();
	const unsigned n = g->nmissed;

	g->nmissed = 0;
	for (unsigned i = 0; i < n; i++) {
		const struct missed m = g->missed[i];
		const struct ended *e;

		if (was_found(g, &m))
			continue;
		if ((e = lately_only(&v->lately, m.to, m.since)) != NULL) {
			if (followed_conn(&v->all, e->socket.local, e->socket.peer) == NULL)
				(void)follow(v, g, e->socket.local, e->socket.peer, false);
		} else if (mtime_ms_since(now, m.noted) < WORD_MS) {
			g->missed[g->nmissed++] = m;
			v->awaits = mtime_after(now, WORD_MS);
		}
	}
}

/* Those whose connection was not found are looked at again: it may be there by now, or word of its end. */
static void
wake_waiting(struct volumes *v)
{
	struct group *g, *next;
	struct place *p;

	if (mtime_now().ns >= v->awaits.ns)
		return;
	for (g = TAILQ_FIRST(&v->all.order); g != NULL; g = next) {
		next = TAILQ_NEXT(g, link);
		if (g->nmissed == 0)
			continue;
		SLIST_FOREACH(p, &g->places, link)
			p->due = true;
		make_due(v, g);
	}
}

enum claim
volumes_claim(const struct volumes *v, uint32_t ses, const struct tcp_socket *s, struct rtime when)
{
	const struct conn *c = followed_conn(&v->all, s->local, s->peer);

	if (c != NULL)
		return c->group->ses == ses ? CLAIM_OWN : CLAIM_NONE;
	return rtime_since(when, v->earlier.until) > 0 && earlier_has(&v->earlier, s) ? CLAIM_NONE : CLAIM_FREE;
}

struct walk {
	struct volumes *v;
	const struct place *place;
};

/* A connection to where the session goes, by its user: it is the session's, unless another one went there just now. */
static void
take_walked(const struct tcp_socket *s, void *arg)
{
	const struct walk *w = arg;
	const struct place *p = w->place;

	if (s->inode != 0 && s->uid == p->uid && volumes_claim(w->v, p->group->ses, s, p->since) == CLAIM_FREE &&
	    !followed_contested(&w->v->all, p))
		(void)follow(w->v, p->group, s->local, s->peer, false);
}

static void
walk(struct volumes *v, struct place *p)
{
	struct walk w = {.v = v, .place = p};
	int rc;

	v->walks++;
	rc = tcp_diag_each(v->netlink, p->to.addr.family == 4 ? AF_INET : AF_INET6, p->to, take_walked, &w);
	if (rc == 0 && p->to.addr.family == 4)
		rc = tcp_diag_each(v->netlink, AF_INET6, p->to, take_walked, &w);
	p->due = false;
	if (rc != 0)
		failure_note(FAIL_VOLUME_ASK);
}

/* In one go, its own connection first: what came in and what went out by the same moment. */
static void
look(struct volumes *v, struct group *g)
{
	struct place *p;
	struct conn *c, *next;

	SLIST_FOREACH(p, &g->places, link) {
		if (p->due && v->walks < ST_VOLUME_WALKS)
			walk(v, p);
	}
	take_missed(v, g);
	for (c = TAILQ_FIRST(&g->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		ask(v, c);
	}
	followed_looked(&v->all, g);
	if (is_done(g))
		followed_group_free(&v->all, g);
}

/* --- ends ----------------------------------------------------------------------------------------------- */

/* What the other side of the session has carried by now is told with it. */
static void
ask_others(struct volumes *v, const struct conn *than)
{
	struct conn *c, *next;

	for (c = TAILQ_FIRST(&than->group->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (c != than && (than->own || c->own))
			ask(v, c);
	}
}

static void
on_end(const struct tcp_socket *s, void *arg)
{
	struct volumes *v = arg;
	struct conn *c = followed_conn(&v->all, s->local, s->peer);

	v->told++;
	v->ends_told++;
	if (c == NULL) {
		lately_add(&v->lately, s, rtime_now());
		return;
	}
	ask_others(v, c);
	finish(v, c, s->sent, s->received);
}

/* False: nothing is read any more in this second. */
static bool
read_ends(struct volumes *v)
{
	int rc = v->ends == -1 ? 0 : 1;

	for (unsigned i = 0; i < ENDS_TURN && rc != 0 && v->told < ST_VOLUME_TOLD; i++) {
		rc = tcp_diag_ends_read(v->ends, on_end, v);
		if (rc == -ENOBUFS)
			failure_note(FAIL_VOLUME_ENDS);
		else if (rc < 0)
			break;
	}
	return v->told < ST_VOLUME_TOLD && (rc >= 0 || rc == -ENOBUFS);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct volumes *v = arg;

	(void)fd;
	(void)what;
	if (!read_ends(v))
		event_del(v->on_ends); /* until the next second */
}

/* What has come since is read first: an end that was told of is better than a socket that is not found. */
static void
on_due(evutil_socket_t fd, short what, void *arg)
{
	struct volumes *v = arg;
	struct group *g;

	(void)fd;
	(void)what;
	(void)read_ends(v);
	while ((g = TAILQ_FIRST(&v->all.due)) != NULL && v->asks < ST_VOLUME_ASKS)
		look(v, g);
}

void
volumes_tick(struct volumes *v)
{
	struct group *g;
	size_t n = (v->all.groups.n + ROUND_S - 1) / ROUND_S;

	v->asks = v->walks = v->told = 0;
	if (v->netlink == -1)
		return;
	if (v->on_ends != NULL)
		event_add(v->on_ends, NULL);
	if (v->wide && ++v->wide_s >= WIDE_S)
		renew_ports(v);
	(void)read_ends(v);
	wake_waiting(v);
	while (n-- > 0 && (g = TAILQ_FIRST(&v->all.order)) != NULL && v->asks < ST_VOLUME_ASKS)
		look(v, g);
	if (!TAILQ_EMPTY(&v->all.due))
		event_active(v->on_due, 0, 0);
}

/* --- in and out ----------------------------------------------------------------------------------------- */

void
volumes_stats_get(const struct volumes *v, struct volumes_stats *out)
{
	*out = (struct volumes_stats){.sessions = v->all.groups.n, .connections = v->all.conns.n, .ends = v->ends_told,
	    .live = v->netlink != -1, .exact = v->ends != -1};
}

static bool
listen_for_ends(struct volumes *v)
{
	v->ends = tcp_diag_ends_open();
	if (v->ends == -1) {
		log_warn("the kernel does not tell of sockets that end: %s; what short connections carried is not known",
		    strerror(errno));
		return true;
	}
	renew_ports(v);
	v->on_ends = event_new(v->parts.base, v->ends, EV_READ | EV_PERSIST, on_readable, v);
	return v->on_ends != NULL && event_add(v->on_ends, NULL) == 0;
}

struct volumes *
volumes_new(const struct volumes_parts *parts)
{
	struct volumes *v = calloc(1, sizeof(*v));
	bool has_tables;
	int rc;

	if (v == NULL)
		return NULL;
	v->parts = *parts;
	v->ends = -1;
	has_tables = followed_init(&v->all);
	v->netlink = tcp_diag_open();
	if (v->netlink != -1 && (rc = earlier_read(&v->earlier, v->netlink)) != 0)
		failure_note(rc == -ENOSPC ? FAIL_VOLUME_CAP : FAIL_VOLUME_ASK);
	v->on_due = event_new(parts->base, -1, 0, on_due, v);
	if (v->on_due == NULL || !has_tables || (v->netlink != -1 && !listen_for_ends(v)))
		volumes_free(&v);
	else if (v->netlink == -1)
		log_warn("sock_diag is not to be had: %s; what sessions carry is not known", strerror(errno));
	return v;
}

void
volumes_free(struct volumes **vp)
{
	struct volumes *v = *vp;

	if (v == NULL)
		return;
	*vp = NULL;
	followed_done(&v->all);
	earlier_done(&v->earlier);
	if (v->on_due != NULL)
		event_free(v->on_due);
	if (v->on_ends != NULL)
		event_free(v->on_ends);
	if (v->netlink != -1)
		close(v->netlink);
	if (v->ends != -1)
		close(v->ends);
	free(v);
}
