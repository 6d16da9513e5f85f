/* watches: see watches.h.  Runs in the monitor. */
#include "agentd/monitor/watches.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/monitor/fan.h"
#include "agentd/monitor/guards.h"
#include "agentd/monitor/keys.h"
#include "agentd/monitor/reader.h"
#include "agentd/monitor/running.h"
#include "base/log.h"

#define CHANGE_MS 200
#define AT_ONCE   4 /* buffers of one group, then the loop looks at logins again */

struct group {
	struct watches *w; /* borrowed */
	int fd;            /* −errno: there is none */
	fan_fn *on_event;
	void *arg;         /* of it */
	struct event *on_read;
};

struct watches {
	struct monitor *m; /* borrowed */
	struct group names, files;
	struct readers *readers;
	struct keys *keys;
	struct guards *guards;
	struct running *running; /* NULL: nothing is watched, by the settings */
	struct event *on_change;
};

static void
open_group(struct group *g, enum fan_about about, const char *what)
{
	g->fd = fan_open(about);
	if (g->fd < 0)
		log_warn("%s cannot be watched: fanotify: %s", what, strerror(-g->fd));
}

struct watches *
watches_open(struct monitor *m)
{
	struct watches *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->m = m;
	w->names = w->files = (struct group){.w = w, .fd = -ECANCELED}; /* by the settings */
	if (!m->cf->watch_keys)
		return w;
	open_group(&w->names, FAN_ABOUT_NAMES, "private keys");
	open_group(&w->files, FAN_ABOUT_FILES, "the memory of sshd, agents and clients");
	return w;
}

/* A group that cannot be read is one that is not there. */
static void
close_group(struct group *g, int error)
{
	if (g->on_read != NULL)
		event_free(g->on_read);
	g->on_read = NULL;
	if (g->fd >= 0)
		close(g->fd);
	g->fd = error;
}

static void
on_read_cb(evutil_socket_t fd, short what, void *arg)
{
	struct group *g = arg;
	int n = 1;

	(void)what;
	for (int i = 0; i < AT_ONCE && n > 0; i++)
		n = fan_read(fd, g->on_event, g->arg);
	if (n >= 0)
		return;
	log_err("what is watched is not heard: %s", strerror(-n));
	close_group(g, n);
	watches_tell(g->w->m);
}

static bool
start_group(struct group *g, fan_fn *fn, void *arg)
{
	g->on_event = fn;
	g->arg = arg;
	if (g->fd < 0)
		return true;
	g->on_read = event_new(g->w->m->base, g->fd, EV_READ | EV_PERSIST, on_read_cb, g);
	return g->on_read != NULL && event_add(g->on_read, NULL) == 0;
}

static void
on_change_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	watches_tell(arg);
}

bool
watches_start(struct watches *w)
{
	w->on_change = evtimer_new(w->m->base, on_change_cb, w->m);
	w->readers = readers_new(w->m);
	if (w->m->cf->watch_keys)
		w->running = running_new(w->m);
	if (w->readers == NULL || w->on_change == NULL || (w->m->cf->watch_keys && w->running == NULL))
		return false;
	w->keys = keys_new(w->m, &w->names.fd, w->readers);
	w->guards = guards_new(w->m, &w->files.fd, w->readers);
	return w->keys != NULL && w->guards != NULL && start_group(&w->names, keys_event, w->keys) &&
	    start_group(&w->files, guards_event, w->guards);
}

void
watches_free(struct watches **wp)
{
	struct watches *w = *wp;

	*wp = NULL;
	if (w == NULL)
		return;
	running_free(&w->running);
	keys_free(&w->keys);
	guards_free(&w->guards);
	close_group(&w->names, -ECANCELED);
	close_group(&w->files, -ECANCELED);
	readers_free(&w->readers);
	if (w->on_change != NULL)
		event_free(w->on_change);
	free(w);
}

void
watches_tell(struct monitor *m)
{
	const struct watches *w = m->watches;
	const struct notice n = {.kind = NOTE_WATCHES,
	    .result = w->names.fd >= 0 && w->files.fd >= 0 ? RES_OK : RES_DENIED,
	    .value = w->names.fd >= 0 ? 0 : (uint64_t)-w->names.fd,
	    .inode = w->files.fd >= 0 ? 0 : (uint64_t)-w->files.fd,
	    .added = w->keys != NULL ? keys_count(w->keys) : 0,
	    .start_ticks = w->guards != NULL ? guards_count(w->guards) : 0};

	(void)monitor_send(m, &n, NULL, 0);
}

void
watches_changed(struct monitor *m)
{
	const struct timeval tv = timeval_of_ms(CHANGE_MS);

	if (m->watches != NULL && evtimer_pending(m->watches->on_change, NULL) == 0)
		(void)evtimer_add(m->watches->on_change, &tv);
}

struct keys *
watches_keys(const struct watches *w)
{
	return w->keys;
}

struct guards *
watches_guards(const struct watches *w)
{
	return w->guards;
}
