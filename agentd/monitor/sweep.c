/* sweep: see sweep.h.  Runs in the monitor. */
#include "agentd/monitor/sweep.h"

#include <errno.h>
#include <sshtether/limits.h>
#include <stdlib.h>

#include "agentd/monitor/child.h"
#include "agentd/monitor/flow_tables.h"
#include "agentd/monitor/gate.h"
#include "agentd/monitor/table.h"
#include "base/array.h"

#define EVERY_MS    2000
#define MISSES_OVER 2  /* a task may slip past one walk by forking to a lower number */
#define SHARE_MS    4  /* of one turn of the loop */
#define SHARE       64 /* sessions told in one, at most: what is sent must have room */
#define FULL_MS     50 /* until the engine has read what was sent */
#define TURN_MS     5  /* of the others */

struct sweeper {
	struct monitor *m; /* borrowed */
	struct event *on_time, *on_tell;
	bool looking; /* a walk is under way */
	bool hello, all; /* the engine of now has come; it knows that it has been told all */
	struct flow_tables *flows; /* owned; while there is somebody to tell; NULL */
};

/* --- the end of sessions ---------------------------------------------------------------------------- */

/* A zombie does nothing any more, and its parent may never look at it. */
static bool
has_ended(pid_t pid)
{
	struct proc_stat st;

	return proc_stat(pid, &st) != 0 || st.ended;
}

static void tell_more(struct sweeper *);

/* One walk, beside the loop. */
struct look {
	struct job job;
	struct sweeper *sw; /* borrowed; the loop's */
	uint32_t *ses;      /* that have a living task, each at least once; owned */
	size_t n, cap;
	int rc;
};

static int
note_alive(pid_t pid, void *arg)
{
	struct look *l = arg;
	uint32_t ses, *wide;

	if (proc_sessionid(pid, &ses) != 0 || ses == SES_UNSET || (l->n > 0 && l->ses[l->n - 1] == ses) ||
	    has_ended(pid))
		return 0;
	if ((wide = array_grow(l->ses, l->n, &l->cap, sizeof(*wide), ST_TASKS)) == NULL)
		return -ENOMEM;
	l->ses = wide;
	l->ses[l->n++] = ses;
	return 0;
}

static void
look(struct job *job)
{
	struct look *l = (struct look *)job;

	l->rc = proc_each(note_alive, l);
}

/* One whose end the engine could not be told is not over until it can. */
static bool
count_miss(struct mon_session *s, void *arg)
{
	struct monitor *m = arg;
	struct notice n = {.kind = NOTE_OVER, .ses = s->ses, .auid = s->auid};

	if (s->alive)
		(void)registry_touch(m->registry, s);
	else if (!s->over && ++s->misses >= MISSES_OVER &&
	    (child_pid(m->child) == 0 || !s->told || monitor_send(m, &n, NULL, 0)))
		registry_over(m->registry, s);
	s->alive = false;
	return true;
}

static void
looked(struct job *job)
{
	struct look *l = (struct look *)job;
	struct registry *registry = l->sw->m->registry;

	l->sw->looking = false;
	for (size_t i = 0; i < l->n; i++) {
		struct mon_session *s = registry_get(registry, l->ses[i]);

		if (s != NULL)
			s->alive = true;
	}
	if (l->rc == 0) {
		registry_each(registry, count_miss, l->sw->m);
		tell_more(l->sw); /* what was thought over when this engine came, and is not */
	}
	free(l->ses);
	free(l);
}

static void
on_time_cb(evutil_socket_t fd, short what, void *arg)
{
	struct sweeper *sw = arg;
	struct look *l;

	(void)fd;
	(void)what;
	if (sw->looking || registry_count(sw->m->registry) == 0 || (l = calloc(1, sizeof(*l))) == NULL)
		return;
	l->job = (struct job){.run = look, .done = looked};
	l->sw = sw;
	sw->looking = aside_give(sw->m->work[WORK_FIND], &l->job);
	if (!sw->looking)
		free(l);
}

/* --- is one alive ------------------------------------------------------------------------------------- */

struct question {
	struct job job;
	struct monitor *m; /* borrowed; the loop's */
	uint32_t id, ses;
	bool alive;
};

static int
has_ses(pid_t pid, void *arg)
{
	uint32_t ses;

	return proc_sessionid(pid, &ses) == 0 && ses == *(const uint32_t *)arg && !has_ended(pid);
}

static void
look_for(struct job *job)
{
	struct question *q = (struct question *)job;

	q->alive = proc_each(has_ses, &q->ses) == 1;
}

static void
looked_for(struct job *job)
{
	struct question *q = (struct question *)job;
	struct notice n = {.result = q->alive ? RES_OK : RES_GONE, .ses = q->ses};

	table_answer_with(q->m, q->id, &n, NULL, 0);
	free(q);
}

enum result
handle_alive(struct monitor *m, const struct request *rq, struct answer *a)
{
	struct question *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return RES_DENIED;
	*q = (struct question){.job = {.run = look_for, .done = looked_for}, .m = m, .id = rq->id, .ses = rq->ses};
	a->later = aside_give(m->work[WORK_FIND], &q->job);
	if (!a->later)
		free(q);
	return a->later ? RES_OK : RES_RATE;
}

/* --- telling the engine ----------------------------------------------------------------------------- */

struct telling {
	struct sweeper *sw;
	struct mtime start;
	unsigned told;
	int64_t wait_ms; /* before it goes on; 0: there is no more */
};

_Static_assert((int)FOUNDF_ISOLATED == (int)GATEROW_ISOLATED && (int)FOUNDF_REVOKED == (int)GATEROW_REVOKED &&
    (int)FOUNDF_ISOLATED_ORDER == (int)GATEROW_ISOLATED_ORDER &&
    (int)FOUNDF_REVOKED_ORDER == (int)GATEROW_REVOKED_ORDER, "the row's flags are told as they are");

/* Its sshd and the connection that this one serves, while it lives. */
static void
add_sshd(struct sweeper *sw, const struct mon_session *s, struct notice *n)
{
	struct proc_stat st;

	if (s->monitor_pid == 0 || proc_stat(s->monitor_pid, &st) != 0 || st.start_ticks != s->start_ticks)
		return;
	n->pid = (uint32_t)s->monitor_pid;
	n->start_ticks = s->start_ticks;
	if (sw->flows == NULL)
		sw->flows = flow_tables_new();
	if (sw->flows != NULL)
		(void)flow_of_one(sw->flows, s->monitor_pid, s->start_ticks, &n->peer, &n->local);
}

/* Of one that never had an sshd, nor a row that another monitor gave it, there is nothing to tell. */
static bool
tell(struct mon_session *s, void *arg)
{
	struct telling *t = arg;
	struct notice n = {.kind = NOTE_FOUND, .ses = s->ses, .auid = s->auid, .flags = s->row_flags};

	if (s->told || s->over || (s->monitor_pid == 0 && !s->row) || t->wait_ms != 0)
		return true;
	add_sshd(t->sw, s, &n);
	s->told = monitor_send(t->sw->m, &n, NULL, 0);
	if (!s->told)
		t->wait_ms = FULL_MS;
	else if (++t->told >= SHARE || mtime_ms_since(mtime_now(), t->start) >= SHARE_MS)
		t->wait_ms = TURN_MS;
	return true;
}

static void
tell_more(struct sweeper *sw)
{
	const struct notice all = {.kind = NOTE_FOUND_ALL};
	struct telling t = {.sw = sw, .start = mtime_now()};
	struct timeval tv;

	if (!sw->hello)
		return;
	registry_each(sw->m->registry, tell, &t);
	if (t.wait_ms == 0 && !sw->all && !(sw->all = monitor_send(sw->m, &all, NULL, 0)))
		t.wait_ms = FULL_MS;
	if (t.wait_ms == 0) {
		flow_tables_free(&sw->flows);
		return;
	}
	tv = timeval_of_ms(t.wait_ms);
	(void)evtimer_add(sw->on_tell, &tv);
}

static void
on_tell_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	tell_more(arg);
}

static bool
forget(struct mon_session *s, void *arg)
{
	(void)arg;
	s->told = false;
	return true;
}

void
sweep_tell_found(struct sweeper *sw)
{
	sw->hello = true;
	sw->all = false;
	registry_each(sw->m->registry, forget, NULL);
	tell_more(sw);
}

void
sweep_engine_gone(struct sweeper *sw)
{
	sw->hello = false;
	flow_tables_free(&sw->flows);
}

/* --- life ------------------------------------------------------------------------------------------- */

struct sweeper *
sweep_new(struct monitor *m)
{
	struct sweeper *sw = calloc(1, sizeof(*sw));
	struct timeval tv = timeval_of_ms(EVERY_MS);

	if (sw == NULL)
		return NULL;
	sw->m = m;
	sw->on_time = event_new(m->base, -1, EV_PERSIST, on_time_cb, sw);
	sw->on_tell = evtimer_new(m->base, on_tell_cb, sw);
	if (sw->on_time == NULL || sw->on_tell == NULL || event_add(sw->on_time, &tv) == -1)
		sweep_free(&sw);
	return sw;
}

void
sweep_free(struct sweeper **sw)
{
	if (*sw == NULL)
		return;
	if ((*sw)->on_time != NULL)
		event_free((*sw)->on_time);
	if ((*sw)->on_tell != NULL)
		event_free((*sw)->on_tell);
	flow_tables_free(&(*sw)->flows);
	free(*sw);
	*sw = NULL;
}
