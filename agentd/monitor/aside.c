/* aside: see aside.h.  Runs in the monitor. */
#include "agentd/monitor/aside.h"

#include <pthread.h>
#include <signal.h>
#include <sshtether/limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct aside {
	pthread_t thread;
	pthread_mutex_t lock; /* over all that follows, down to the event */
	pthread_cond_t more;
	struct jobs given, ready;
	unsigned n; /* given and not done */
	bool stop;
	int wake; /* eventfd(2): something is ready; −1: none */
	struct event *on_ready;
	bool started;
};

/* --- in the thread ---------------------------------------------------------------------------------- */

/* The first that waits, and those that are done together with it. */
static void
take(struct aside *w, struct jobs *out)
{
	struct job *first = TAILQ_FIRST(&w->given), *j, *next;

	for (j = first; j != NULL; j = next) {
		next = TAILQ_NEXT(j, entry);
		if (j != first && (first->run_all == NULL || j->run_all != first->run_all))
			continue;
		TAILQ_REMOVE(&w->given, j, entry);
		TAILQ_INSERT_TAIL(out, j, entry);
	}
}

/* False: the end. */
static bool
next_jobs(struct aside *w, struct jobs *out)
{
	(void)pthread_mutex_lock(&w->lock);
	while (!w->stop && TAILQ_EMPTY(&w->given))
		(void)pthread_cond_wait(&w->more, &w->lock);
	if (!w->stop)
		take(w, out);
	(void)pthread_mutex_unlock(&w->lock);
	return !TAILQ_EMPTY(out);
}

static void *
work(void *arg)
{
	struct aside *w = arg;
	struct jobs now = TAILQ_HEAD_INITIALIZER(now);

	while (next_jobs(w, &now)) {
		struct job *first = TAILQ_FIRST(&now);

		if (first->run_all != NULL)
			first->run_all(&now);
		else
			first->run(first);
		(void)pthread_mutex_lock(&w->lock);
		TAILQ_CONCAT(&w->ready, &now, entry);
		(void)pthread_mutex_unlock(&w->lock);
		(void)eventfd_write(w->wake, 1);
	}
	return NULL;
}

bool
aside_ends(struct aside *w)
{
	bool ends;

	(void)pthread_mutex_lock(&w->lock);
	ends = w->stop;
	(void)pthread_mutex_unlock(&w->lock);
	return ends;
}

/* --- in the loop ------------------------------------------------------------------------------------ */

static struct job *
take_ready(struct aside *w)
{
	struct job *j;

	(void)pthread_mutex_lock(&w->lock);
	j = TAILQ_FIRST(&w->ready);
	if (j != NULL) {
		TAILQ_REMOVE(&w->ready, j, entry);
		w->n--;
	}
	(void)pthread_mutex_unlock(&w->lock);
	return j;
}

static void
on_ready_cb(evutil_socket_t fd, short what, void *arg)
{
	struct job *j;
	eventfd_t unused;

	(void)what;
	(void)eventfd_read(fd, &unused);
	while ((j = take_ready(arg)) != NULL)
		j->done(j);
}

bool
aside_give(struct aside *w, struct job *j)
{
	bool room;

	if (w == NULL)
		return false;
	j->since = mtime_now();
	(void)pthread_mutex_lock(&w->lock);
	room = w->n < ST_JOBS;
	if (room) {
		w->n++;
		TAILQ_INSERT_TAIL(&w->given, j, entry);
		(void)pthread_cond_signal(&w->more);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return room;
}

/* --- life ------------------------------------------------------------------------------------------- */

/* Signals are the loop's. */
static bool
start(struct aside *w)
{
	sigset_t all, before;

	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
		return false;
	w->started = pthread_create(&w->thread, NULL, work, w) == 0;
	return pthread_sigmask(SIG_SETMASK, &before, NULL) == 0 && w->started;
}

struct aside *
aside_new(struct event_base *base)
{
	struct aside *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_cond_init(&w->more, NULL);
	TAILQ_INIT(&w->given);
	TAILQ_INIT(&w->ready);
	w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->wake != -1)
		w->on_ready = event_new(base, w->wake, EV_READ | EV_PERSIST, on_ready_cb, w);
	if (w->on_ready == NULL || event_add(w->on_ready, NULL) == -1 || !start(w))
		aside_free(&w);
	return w;
}

static void
free_all(struct jobs *jobs)
{
	struct job *j;

	while ((j = TAILQ_FIRST(jobs)) != NULL) {
		TAILQ_REMOVE(jobs, j, entry);
		free(j);
	}
}

void
aside_free(struct aside **wp)
{
	struct aside *w = *wp;

	*wp = NULL;
	if (w == NULL)
		return;
	(void)pthread_mutex_lock(&w->lock);
	w->stop = true;
	(void)pthread_cond_signal(&w->more);
	(void)pthread_mutex_unlock(&w->lock);
	if (w->started)
		(void)pthread_join(w->thread, NULL);
	free_all(&w->given);
	free_all(&w->ready);
	if (w->on_ready != NULL)
		event_free(w->on_ready);
	if (w->wake != -1)
		close(w->wake);
	(void)pthread_cond_destroy(&w->more);
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
}
