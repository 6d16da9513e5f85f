/* worker: see worker.h.  Engine process; run() is called in the thread, all else in the loop. */
#include "agentd/engine/worker.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

struct job {
	STAILQ_ENTRY(job) link;
	worker_run_fn *run;
	worker_done_fn *done;
	void *arg;
};
STAILQ_HEAD(jobs, job);

struct worker {
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t work, idle; /* something to do; all is done */
	struct jobs todo, ready;   /* under lock */
	size_t ntodo;              /* under lock: waiting and running */
	struct mtime busy_since;   /* under lock; 0: idle */
	bool stop;                 /* under lock */
	size_t max;
	int wake; /* eventfd: ready has something */
	struct event *ev;
};

/* Takes the next job, or NULL when it is time to end.  Locked. */
static struct job *
next_job(struct worker *w)
{
	struct job *j;

	while (STAILQ_EMPTY(&w->todo)) {
		pthread_cond_signal(&w->idle);
		if (w->stop)
			return NULL;
		pthread_cond_wait(&w->work, &w->lock);
	}
	j = STAILQ_FIRST(&w->todo);
	STAILQ_REMOVE_HEAD(&w->todo, link);
	w->busy_since = mtime_now();
	return j;
}

static void *
thread_main(void *arg)
{
	struct worker *w = arg;
	const uint64_t one = 1;
	struct job *j;

	pthread_mutex_lock(&w->lock);
	while ((j = next_job(w)) != NULL) {
		pthread_mutex_unlock(&w->lock);
		j->run(j->arg);
		pthread_mutex_lock(&w->lock);
		w->busy_since = (struct mtime){0};
		w->ntodo--;
		STAILQ_INSERT_TAIL(&w->ready, j, link);
		(void)!write(w->wake, &one, sizeof(one));
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void
call_back(struct worker *w)
{
	struct jobs ready = STAILQ_HEAD_INITIALIZER(ready);
	struct job *j;

	pthread_mutex_lock(&w->lock);
	STAILQ_CONCAT(&ready, &w->ready);
	pthread_mutex_unlock(&w->lock);
	while ((j = STAILQ_FIRST(&ready)) != NULL) {
		STAILQ_REMOVE_HEAD(&ready, link);
		if (j->done != NULL)
			j->done(j->arg);
		free(j);
	}
}

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	uint64_t count;

	(void)what;
	(void)!read(fd, &count, sizeof(count));
	call_back(arg);
}

bool
worker_post(struct worker *w, worker_run_fn *run, worker_done_fn *done, void *arg)
{
	struct job *j = calloc(1, sizeof(*j));
	bool room;

	if (j == NULL)
		return false;
	*j = (struct job){.run = run, .done = done, .arg = arg};
	pthread_mutex_lock(&w->lock);
	room = w->ntodo < w->max;
	if (room) {
		STAILQ_INSERT_TAIL(&w->todo, j, link);
		w->ntodo++;
		pthread_cond_signal(&w->work);
	}
	pthread_mutex_unlock(&w->lock);
	if (!room)
		free(j);
	return room;
}

int64_t
worker_busy_ms(struct worker *w)
{
	struct mtime since;

	pthread_mutex_lock(&w->lock);
	since = w->busy_since;
	pthread_mutex_unlock(&w->lock);
	return since.ns == 0 ? 0 : mtime_ms_since(mtime_now(), since);
}

/* The thread leaves signals to the loop. */
static bool
start(struct worker *w, const char *name)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	w->started = pthread_create(&w->thread, NULL, thread_main, w) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (w->started)
		pthread_setname_np(w->thread, name);
	return w->started;
}

struct worker *
worker_new(struct event_base *base, const char *name, size_t max_queue)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	STAILQ_INIT(&w->todo);
	STAILQ_INIT(&w->ready);
	w->max = max_queue;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->work, NULL);
	pthread_cond_init(&w->idle, NULL);
	w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->wake != -1)
		w->ev = event_new(base, w->wake, EV_READ | EV_PERSIST, on_wake, w);
	if (w->ev == NULL || event_add(w->ev, NULL) == -1 || !start(w, name))
		worker_free(&w, 0);
	return w;
}

static bool
wait_idle(struct worker *w, int64_t wait_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += (time_t)(wait_ms / 1000);
	until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&w->lock);
	while (w->ntodo > 0) {
		if (pthread_cond_timedwait(&w->idle, &w->lock, &until) == ETIMEDOUT)
			break;
	}
	w->stop = w->ntodo == 0;
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->lock);
	return w->stop;
}

bool
worker_free(struct worker **wp, int64_t wait_ms)
{
	struct worker *w = *wp;

	if (w == NULL)
		return true;
	*wp = NULL;
	if (w->ev != NULL)
		event_free(w->ev);
	if (w->started) {
		if (!wait_idle(w, wait_ms))
			return false;
		pthread_join(w->thread, NULL);
		call_back(w);
	}
	if (w->wake != -1)
		close(w->wake);
	pthread_cond_destroy(&w->idle);
	pthread_cond_destroy(&w->work);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return true;
}
