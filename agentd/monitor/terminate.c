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
#include <sshtether/limits.h>
#include <stdlib.h>
#include <string.h>
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
#define FREEZES      3 /* walks: a task that forks while it is stopped leaves a running child */
/* A walk can miss a task that does nothing but fork, so nothing found once means nothing. */
#define EMPTY_WALKS  4
#define EMPTY_MS     150 /* between them */

struct ending {
	TAILQ_ENTRY(ending) entry;
	struct terminator *all; /* borrowed */
	struct request rq;
	struct mon_session session; /* as it was at the start */
	deed_fn *fn;
	void *arg;
	struct mtime start;
	struct event *on_time;
	unsigned killed;
	unsigned empty; /* walks in a row that found nothing */
};

struct spared {
	uint32_t ses; /* 0: free */
	uint64_t dev, ino;
};

struct terminator {
	struct monitor *m; /* borrowed */
	TAILQ_HEAD(, ending) endings;
	unsigned n;
	struct spared spared[ST_SPARED];
};

/* --- what the policy spares --------------------------------------------------------------------------- */

static bool
is_over(const struct monitor *m, uint32_t ses)
{
	const struct mon_session *s = registry_get(m->registry, ses);

	return s == NULL || s->over;
}

/* The same again, or one that no end came for: its session is over.  NULL: no room. */
static struct spared *
spared_slot(const struct monitor *m, const struct spared *want)
{
	struct spared *slot = m->terminator->spared, *room = NULL;

	for (size_t i = 0; i < ST_SPARED; i++) {
		if (slot[i].ses == want->ses && slot[i].dev == want->dev && slot[i].ino == want->ino)
			return &slot[i];
		if (room == NULL && (slot[i].ses == 0 || is_over(m, slot[i].ses)))
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

static void
forget_spared(struct terminator *all, uint32_t ses)
{
	for (size_t i = 0; i < ST_SPARED; i++)
		if (all->spared[i].ses == ses)
			all->spared[i] = (struct spared){0};
}

/* --- one round of walks, beside the loop --------------------------------------------------------------- */

enum part { PART_REST, PART_CHILD, PART_ROOT, PART_SPARED };

struct round {
	struct job job;
	struct ending *e; /* the loop's */
	/* what the thread goes by */
	struct mon_session session;
	struct guard guard;
	struct program_id spared[ST_SPARED];
	size_t nspared;
	int64_t passed; /* ms since the start */
	int signal[PART_SPARED]; /* what each part gets; 0: nothing */
	/* what it found, in its last walk, and did */
	unsigned found[PART_SPARED + 1];
	unsigned killed;
};

static bool
is_spared(const struct round *r, pid_t pid)
{
	uint64_t dev, ino;

	if (r->nspared == 0 || facts_program(pid, &dev, &ino) != 0)
		return false;
	for (size_t i = 0; i < r->nspared; i++)
		if (r->spared[i].dev == dev && r->spared[i].ino == ino)
			return true;
	return false;
}

static enum part
part_of(const struct round *r, const struct facts *f)
{
	const struct mon_session *s = &r->session;

	if (protect_is_top(s, f))
		return PART_ROOT;
	if (protect_is_user_child(s, f))
		return PART_CHILD;
	if (guard_system(&r->guard, s, f) || protect_breakglass(r->guard.cf, s, f) || is_spared(r, f->pid))
		return PART_SPARED;
	return PART_REST;
}

static int
visit(int pidfd, const struct facts *f, void *arg)
{
	struct round *r = arg;
	enum part part = part_of(r, f);

	r->found[part]++;
	if (part != PART_SPARED && r->signal[part] != 0 && pidfd_signal(pidfd, r->signal[part]) == 0 &&
	    r->signal[part] == SIGKILL)
		r->killed++;
	return 0;
}

static void
walk(struct round *r, int rest, int child, int root)
{
	memset(r->found, 0, sizeof(r->found));
	r->signal[PART_REST] = rest;
	r->signal[PART_CHILD] = child;
	r->signal[PART_ROOT] = root;
	(void)facts_each(r->session.ses, visit, r);
}

static unsigned
what_is_left(const struct round *r)
{
	return r->found[PART_REST] + r->found[PART_CHILD] + r->found[PART_ROOT];
}

static void
begin(struct job *job)
{
	struct round *r = (struct round *)job;

	for (int i = 0; i < FREEZES; i++)
		walk(r, SIGSTOP, 0, 0);
	walk(r, 0, SIGTERM, 0);
}

static void
step(struct job *job)
{
	struct round *r = (struct round *)job;
	int root = r->passed >= ROOT_MS ? SIGKILL : 0;

	walk(r, 0, r->passed >= CHILD_MS ? SIGKILL : 0, root);
	if (r->found[PART_CHILD] == 0)
		walk(r, SIGKILL, SIGKILL, root);
}

/* NULL: no memory. */
static struct round *
round_new(struct ending *e)
{
	struct terminator *all = e->all;
	struct round *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->e = e;
	r->session = e->session;
	r->guard = guard_take(all->m);
	r->passed = mtime_ms_since(mtime_now(), e->start);
	for (size_t i = 0; i < ST_SPARED && (e->rq.flags & REQF_ALL) == 0; i++)
		if (all->spared[i].ses == e->rq.ses)
			r->spared[r->nspared++] = (struct program_id){.dev = all->spared[i].dev,
			    .ino = all->spared[i].ino};
	return r;
}

static bool
give(struct ending *e, void (*run)(struct job *), void (*done)(struct job *))
{
	struct round *r = round_new(e);

	if (r == NULL)
		return false;
	r->job = (struct job){.run = run, .done = done};
	if (aside_give(e->all->m->work[WORK_ACT], &r->job))
		return true;
	free(r);
	return false;
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
again(struct ending *e, int ms)
{
	struct timeval tv = timeval_of_ms(ms);

	(void)evtimer_add(e->on_time, &tv);
}

static void
begun(struct job *job)
{
	struct round *r = (struct round *)job;

	again(r->e, STEP_MS);
	free(r);
}

static void
stepped(struct job *job)
{
	struct round *r = (struct round *)job;
	struct ending *e = r->e;
	unsigned left = what_is_left(r);
	bool late = r->passed >= LAST_MS;

	e->killed += r->killed;
	e->empty = left == 0 ? e->empty + 1 : 0;
	free(r);
	if (e->empty >= EMPTY_WALKS || (left != 0 && late))
		finish(e, left);
	else
		again(e, left == 0 ? EMPTY_MS : STEP_MS);
}

static void
on_time_cb(evutil_socket_t fd, short what, void *arg)
{
	struct ending *e = arg;

	(void)fd;
	(void)what;
	if (!give(e, step, stepped))
		again(e, EMPTY_MS);
}

static struct ending *
ending_new(struct terminator *all, const struct request *rq, deed_fn *fn, void *arg)
{
	struct ending *e = all->n < ST_ENDINGS ? calloc(1, sizeof(*e)) : NULL;

	if (e == NULL)
		return NULL;
	e->all = all;
	e->rq = *rq;
	e->session = *registry_get(all->m->registry, rq->ses);
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
terminate_begin(struct monitor *m, const struct request *rq, deed_fn *fn, void *arg)
{
	struct ending *e = ending_new(m->terminator, rq, fn, arg);

	if (e == NULL)
		return RES_RATE;
	if (give(e, begin, begun))
		return RES_OK;
	ending_free(e);
	return RES_RATE;
}

enum result
handle_terminate(struct monitor *m, const struct request *rq, struct answer *a)
{
	enum result result = terminate_check(m, rq);

	if (result == RES_OK)
		result = table_may_act(m, rq);
	if (result == RES_OK)
		result = terminate_begin(m, rq, table_deed_done, NULL);
	if (result != RES_OK && result != RES_BUSY)
		forget_spared(m->terminator, rq->ses);
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
		struct round *r = round_new(e);
		unsigned left = 0;

		if (r != NULL) {
			walk(r, SIGKILL, SIGKILL, 0);
			left = what_is_left(r);
			e->killed += r->killed;
		}
		free(r);
		finish(e, left);
	}
	free(*all);
	*all = NULL;
}
