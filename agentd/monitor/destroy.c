/* destroy: see destroy.h.  Runs in the monitor.  TCP by SOCK_DESTROY, Unix by shutdown. */
#include "agentd/monitor/destroy.h"

#include <errno.h>
#include <stdlib.h>

#include "agentd/monitor/connections.h"
#include "agentd/monitor/cut.h"
#include "agentd/monitor/flow.h"
#include "agentd/monitor/protect.h"
#include "agentd/monitor/sockets.h"
#include "agentd/monitor/table.h"
#include "agentd/monitor/target.h"
#include "base/report_addr.h"

/* --- sockets that a session holds --------------------------------------------------------------------- */

/* A user can hold more descriptors than that allows to read. */
#define ONE_MS 500
#define ALL_MS 2000

struct held {
	struct connections all; /* those that are held are marked */
	const struct mon_session *session; /* borrowed */
	uint32_t pid; /* of this process only; 0: of all */
	struct mtime until;
	bool more; /* not all was looked at */
};

static bool
note_socket(int number, uint64_t inode, void *arg)
{
	struct held *h = arg;
	size_t n;
	struct connection *c = connections_of(&h->all, inode, &n);

	(void)number;
	for (size_t i = 0; i < n; i++)
		c[i].marked = true;
	return true;
}

static int
note_sockets(int pidfd, const struct facts *f, void *arg)
{
	struct held *h = arg;

	(void)pidfd;
	if ((h->pid == 0 || h->pid == (uint32_t)f->pid) && !protect_works_for_pam(h->session, f))
		h->more = !sockets_each_thread(f->pid, h->until, note_socket, h);
	return h->more;
}

/* Wherever its descriptor is by now. */
static void
note_made(struct held *h)
{
	for (size_t i = 0; i < h->all.n; i++) {
		const struct gate_maker *maker = &h->all.of[i].tcp.maker;

		if (maker->ses == h->session->ses && (h->pid == 0 || h->pid == maker->tgid))
			h->all.of[i].marked = true;
	}
}

static int
held_find(struct held *h, const struct mon_session *s, uint32_t pid, int makers, int64_t patience_ms)
{
	int rc;

	*h = (struct held){.session = s, .pid = pid, .until = mtime_after(mtime_now(), patience_ms)};
	rc = connections_read(&h->all, makers);
	if (rc != 0)
		return rc;
	note_made(h);
	(void)facts_each(s->ses, note_sockets, h);
	return 0;
}

static void
held_each(const struct held *h, void (*fn)(const struct diag_tcp *, void *), void *arg)
{
	for (size_t i = 0; i < h->all.n; i++)
		if (h->all.of[i].marked)
			fn(&h->all.of[i].tcp, arg);
}

/* --- one destination ---------------------------------------------------------------------------------- */

struct hunt {
	struct job job;
	struct monitor *m; /* borrowed; the loop's */
	struct request rq;
	struct mon_session session;
	struct notice note;
	struct held held;
	unsigned found, ended;
	int error;
};

/* Another connection of the session to the same place: an Ansible play's, while somebody tries his luck beside it. */
static bool
is_anothers(const struct hunt *h, const struct gate_maker *maker)
{
	return (h->rq.flags & REQF_MADE) != 0 && maker->ses == h->rq.ses && maker->tgid != h->rq.pid;
}

static void
end_one(const struct diag_tcp *t, void *arg)
{
	struct hunt *h = arg;
	int rc;

	if (!report_addr_eq(&t->peer, &h->rq.to) || is_anothers(h, &t->maker))
		return;
	h->found++;
	rc = diag_destroy(t);
	if (rc == 0)
		h->ended++;
	else if (rc != -ENOENT)
		h->error = -rc;
}

/* The connection that this session came in by is not one that it made. */
static bool
is_own_login(const struct hunt *h)
{
	struct report_addr peer, local;

	return flow_of_process(h->session.monitor_pid, h->session.start_ticks, &peer, &local) && report_addr_eq(&peer, &h->rq.to);
}

static void
destroy_tcp(struct job *job)
{
	struct hunt *h = (struct hunt *)job;
	int rc;

	if (is_own_login(h)) {
		h->note.result = RES_PROTECTED;
		return;
	}
	rc = held_find(&h->held, &h->session, (h->rq.flags & REQF_MADE) != 0 ? 0 : h->rq.pid, h->m->makers, ONE_MS);
	held_each(&h->held, end_one, h);
	if (rc == 0 && h->held.more && h->found == 0)
		rc = -ETIMEDOUT;
	connections_free(&h->held.all);
	if (rc < 0 || h->error != 0) {
		h->note.result = RES_DENIED;
		h->note.value = (uint64_t)(rc < 0 ? -rc : h->error);
	} else {
		h->note.result = h->found == 0 ? RES_NOT_FOUND : RES_OK;
		h->note.value = h->ended;
	}
}

/* --- all of them -------------------------------------------------------------------------------------- */

struct sweep {
	struct destroy_all *all;
	struct held held;
	struct report_addr peer, local; /* of the connection that the session came in by */
	bool came_in;                   /* by TCP at all */
};

static bool
is_local(const struct diag_tcp *t)
{
	static const uint8_t loopback[16] = {[15] = 1};

	if (t->peer.family == t->local.family && memcmp(t->peer.b, t->local.b, sizeof(t->peer.b)) == 0)
		return true;
	return t->peer.family == 4 ? t->peer.b[0] == 127 : memcmp(t->peer.b, loopback, sizeof(loopback)) == 0;
}

static void
end_any(const struct diag_tcp *t, void *arg)
{
	struct sweep *s = arg;
	int rc;

	if (is_local(t) || (s->came_in && report_addr_eq(&t->peer, &s->peer) && report_addr_eq(&t->local, &s->local)))
		return;
	rc = diag_destroy(t);
	s->all->ended += rc == 0;
	s->all->left += rc != 0 && rc != -ENOENT;
}

void
destroy_all(struct destroy_all *all)
{
	struct sweep s = {.all = all};

	s.came_in = flow_of_process(all->session.monitor_pid, all->session.start_ticks, &s.peer, &s.local);
	if (held_find(&s.held, &all->session, 0, all->makers, ALL_MS) != 0 || s.held.more)
		all->left++;
	held_each(&s.held, end_any, &s);
	connections_free(&s.held.all);
}

/* --- the request -------------------------------------------------------------------------------------- */

static void
destroy_unix(struct job *job)
{
	struct hunt *h = (struct hunt *)job;
	int rc = cut_connections(h->rq.ses, h->rq.dev_major, h->rq.dev_minor, h->rq.inode, true);

	h->note.value = (uint64_t)(rc < 0 ? -rc : rc);
	h->note.result = rc < 0 ? RES_DENIED : rc == 0 ? RES_NOT_FOUND : RES_OK;
}

static void
done(struct job *job)
{
	struct hunt *h = (struct hunt *)job;

	table_answer_with(h->m, h->rq.id, &h->note, NULL, 0);
	free(h);
}

static enum result
check(struct monitor *m, const struct request *rq)
{
	const struct mon_session *s = registry_get(m->registry, rq->ses);
	struct target t;
	enum result result;

	if (protect_breakglass(m->cf, s, NULL))
		return RES_PROTECTED;
	if (rq->pid != 0 && (rq->flags & REQF_MADE) == 0) {
		result = target_open(m->registry, rq->ses, rq->pid, rq->time_ms, &t);
		if (result != RES_OK)
			return result;
		if (protect_breakglass(m->cf, s, &t.facts) || protect_system(m, s, &t.facts))
			result = RES_PROTECTED;
		target_close(&t);
		if (result != RES_OK)
			return result;
	}
	return table_may_act(m, rq);
}

enum result
handle_destroy(struct monitor *m, const struct request *rq, struct answer *a)
{
	bool tcp = (rq->to.family == 4 || rq->to.family == 6) && rq->to.port != 0;
	const struct mon_session *s;
	enum result result;
	struct hunt *h;

	if (rq->time_ms == 0 || tcp == (rq->inode != 0))
		return RES_BAD; /* one of the two */
	result = check(m, rq);
	if (result != RES_OK)
		return result;
	h = calloc(1, sizeof(*h));
	if (h == NULL)
		return RES_DENIED;
	s = registry_get(m->registry, rq->ses);
	h->job = (struct job){.run = tcp ? destroy_tcp : destroy_unix, .done = done};
	h->m = m;
	h->rq = *rq;
	h->session = *s;
	a->later = aside_give(m->work[WORK_ACT], &h->job);
	if (!a->later)
		free(h);
	return a->later ? RES_OK : RES_RATE;
}
