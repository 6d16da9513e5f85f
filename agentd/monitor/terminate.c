/*
 * terminate: see terminate.h.  Runs in the monitor.
 *
 * The order, and why: everything of the session is stopped first, so that nothing can react.  sshd's
 * user child is asked to go by TERM, running, because a stopped one would not hear it: it ends the
 * connection and lets its root process close the PAM session (a KILL of that root process would leave
 * the connection working, a KILL of the child would leave its agent socket lying about).  Then whatever
 * still carries the ses is killed, until nothing is left.  sshd's root process comes last and only when
 * it does not go by itself.
 */
#include "agentd/monitor/terminate.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "agentd/monitor/pidfd.h"
#include "agentd/monitor/protect.h"
#include "agentd/monitor/table.h"
#include "agentd/monitor/target.h"
#include "base/log.h"

#define STEP_MS      20
#define CHILD_MS     1000 /* for the user child to go by itself */
#define ROOT_MS      3000 /* for sshd's root process: PAM modules may take their time */
#define LAST_MS      5000 /* then what is left is said to be left */
#define ENDINGS_MAX  64
#define SPARED_MAX   256
#define FREEZES      3 /* walks: a task that forks while it is stopped leaves a running child */

struct ending {
	TAILQ_ENTRY(ending) entry;
	struct terminator *all; /* borrowed */
	struct request rq;
	terminate_fn *fn;
	void *arg;
	struct mtime start;
	struct event *on_time;
	unsigned killed;
};

struct spared {
	uint32_t ses; /* 0: free */
	uint64_t dev, ino;
};

struct terminator {
	struct monitor *m; /* borrowed */
	TAILQ_HEAD(, ending) endings;
	unsigned n;
	struct spared spared[SPARED_MAX];
};

/* --- what the policy spares --------------------------------------------------------------------------- */

/* The same again, or one that no end came for: its session is over.  NULL: no room. */
static struct spared *
spared_slot(const struct monitor *m, const struct spared *want)
{
	struct spared *slot = m->terminator->spared, *room = NULL;

	for (size_t i = 0; i < SPARED_MAX; i++) {
		if (slot[i].ses == want->ses && slot[i].dev == want->dev && slot[i].ino == want->ino)
			return &slot[i];
		if (room == NULL && (slot[i].ses == 0 || registry_get(m->registry, slot[i].ses) == NULL))
			room = &slot[i];
	}
	return room;
}

enum result
handle_spare(struct monitor *m, const struct request *rq, struct answer *a)
{
	struct spared *slot = NULL, want = {.ses = rq->ses};
	struct target t;
	enum result result = target_open(m->registry, rq->ses, rq->pid, rq->time_ms, &t);

	(void)a;
	if (result != RES_OK)
		return result;
	if (facts_program((pid_t)rq->pid, &want.dev, &want.ino) != 0)
		result = RES_GONE;
	target_close(&t);
	if (result == RES_OK && (slot = spared_slot(m, &want)) == NULL)
		result = RES_RATE;
	if (result == RES_OK)
		*slot = want;
	return result;
}

static bool
is_spared(const struct terminator *all, const struct request *rq, pid_t pid)
{
	uint64_t dev, ino;

	if ((rq->flags & REQF_ALL) != 0 || facts_program(pid, &dev, &ino) != 0)
		return false;
	for (size_t i = 0; i < SPARED_MAX; i++)
		if (all->spared[i].ses == rq->ses && all->spared[i].dev == dev && all->spared[i].ino == ino)
			return true;
	return false;
}

static void
forget_spared(struct terminator *all, uint32_t ses)
{
	for (size_t i = 0; i < SPARED_MAX; i++)
		if (all->spared[i].ses == ses)
			all->spared[i] = (struct spared){0};
}

/* --- one walk over the session ------------------------------------------------------------------------ */

enum part { PART_REST, PART_CHILD, PART_ROOT, PART_SPARED };

struct walk {
	struct ending *e;
	int signal[PART_SPARED]; /* what each part gets; 0: nothing */
	unsigned found[PART_SPARED + 1];
};

static enum part
part_of(struct ending *e, const struct mon_session *s, const struct facts *f)
{
	struct monitor *m = e->all->m;

	if (f->pid == s->monitor_pid)
		return PART_ROOT;
	if (protect_is_user_child(s, f))
		return PART_CHILD;
	if (protect_system(m, s, f) || protect_breakglass(m->cf, s, f) || is_spared(e->all, &e->rq, f->pid))
		return PART_SPARED;
	return PART_REST;
}

static int
visit(int pidfd, const struct facts *f, void *arg)
{
	struct walk *w = arg;
	const struct mon_session *s = registry_get(w->e->all->m->registry, w->e->rq.ses);
	enum part part;

	if (s == NULL)
		return 1;
	part = part_of(w->e, s, f);
	w->found[part]++;
	if (part != PART_SPARED && w->signal[part] != 0 && pidfd_signal(pidfd, w->signal[part]) == 0 &&
	    w->signal[part] == SIGKILL)
		w->e->killed++;
	return 0;
}

static struct walk
walk(struct ending *e, int rest, int child, int root)
{
	struct walk w = {.e = e, .signal = {[PART_REST] = rest, [PART_CHILD] = child, [PART_ROOT] = root}};

	(void)facts_each(e->rq.ses, visit, &w);
	return w;
}

/* --- the steps ---------------------------------------------------------------------------------------- */

static void
ending_free(struct ending *e)
{
	TAILQ_REMOVE(&e->all->endings, e, entry);
	e->all->n--;
	if (e->on_time != NULL)
		event_free(e->on_time);
	free(e);
}

static void
finish(struct ending *e, unsigned left)
{
	struct monitor *m = e->all->m;

	if (left == 0)
		log_warn("session %u was ended: %u processes killed", e->rq.ses, e->killed);
	else
		log_err("session %u: %u processes are left", e->rq.ses, left);
	e->fn(m, e->rq.id, left == 0 ? RES_OK : RES_DENIED, left == 0 ? e->killed : left, e->arg);
	forget_spared(e->all, e->rq.ses);
	ending_free(e);
}

static void
again(struct ending *e)
{
	struct timeval tv = {.tv_usec = STEP_MS * 1000};

	(void)evtimer_add(e->on_time, &tv);
}

static void
on_time_cb(evutil_socket_t fd, short what, void *arg)
{
	struct ending *e = arg;
	int64_t passed = mtime_ms_since(mtime_now(), e->start);
	struct walk w;
	unsigned left;

	(void)fd;
	(void)what;
	w = walk(e, 0, passed >= CHILD_MS ? SIGKILL : 0, passed >= ROOT_MS ? SIGKILL : 0);
	if (w.found[PART_CHILD] == 0)
		w = walk(e, SIGKILL, SIGKILL, passed >= ROOT_MS ? SIGKILL : 0);
	left = w.found[PART_REST] + w.found[PART_CHILD] + w.found[PART_ROOT];
	if (left == 0 || passed >= LAST_MS)
		finish(e, left);
	else
		again(e);
}

static struct ending *
ending_new(struct terminator *all, const struct request *rq, terminate_fn *fn, void *arg)
{
	struct ending *e = all->n < ENDINGS_MAX ? calloc(1, sizeof(*e)) : NULL;

	if (e == NULL)
		return NULL;
	e->all = all;
	e->rq = *rq;
	e->fn = fn;
	e->arg = arg;
	e->start = mtime_now();
	TAILQ_INSERT_TAIL(&all->endings, e, entry);
	all->n++;
	e->on_time = evtimer_new(all->m->base, on_time_cb, e);
	if (e->on_time == NULL) {
		ending_free(e);
		return NULL;
	}
	return e;
}

static bool
is_under_way(const struct terminator *all, uint32_t ses)
{
	const struct ending *e;

	TAILQ_FOREACH (e, &all->endings, entry)
		if (e->rq.ses == ses)
			return true;
	return false;
}

enum result
terminate_check(const struct monitor *m, const struct request *rq)
{
	const struct mon_session *s = registry_get(m->registry, rq->ses);

	if (s == NULL)
		return RES_NO_SESSION;
	if (protect_breakglass(m->cf, s, NULL))
		return RES_PROTECTED;
	return is_under_way(m->terminator, rq->ses) ? RES_BUSY : RES_OK;
}

enum result
terminate_begin(struct monitor *m, const struct request *rq, terminate_fn *fn, void *arg)
{
	struct ending *e = ending_new(m->terminator, rq, fn, arg);

	if (e == NULL)
		return RES_RATE;
	for (int i = 0; i < FREEZES; i++)
		(void)walk(e, SIGSTOP, 0, 0);
	(void)walk(e, 0, SIGTERM, 0);
	again(e);
	return RES_OK;
}

static void
answer_engine(struct monitor *m, uint32_t id, enum result result, uint64_t n, void *arg)
{
	(void)arg;
	table_answer(m, id, result, n);
}

enum result
handle_terminate(struct monitor *m, const struct request *rq, struct answer *a)
{
	enum result result = terminate_check(m, rq);

	if (result == RES_OK)
		result = table_may_act(m, rq);
	if (result == RES_OK)
		result = terminate_begin(m, rq, answer_engine, NULL);
	a->later = result == RES_OK;
	return result;
}

/* --- life --------------------------------------------------------------------------------------------- */

struct terminator *
terminator_new(struct monitor *m)
{
	struct terminator *all = calloc(1, sizeof(*all));

	if (all != NULL) {
		all->m = m;
		TAILQ_INIT(&all->endings);
	}
	return all;
}

void
terminator_free(struct terminator **all)
{
	struct ending *e;

	if (*all == NULL)
		return;
	/* Nothing stays stopped because we go. */
	while ((e = TAILQ_FIRST(&(*all)->endings)) != NULL) {
		struct walk w = walk(e, SIGKILL, SIGKILL, 0);

		finish(e, w.found[PART_REST] + w.found[PART_CHILD] + w.found[PART_ROOT]);
	}
	free(*all);
	*all = NULL;
}
