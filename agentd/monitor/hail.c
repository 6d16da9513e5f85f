/* hail: see hail.h.  Runs in the monitor.  Reads nothing: asks only how much is unread. */
#include "agentd/monitor/hail.h"

#include <stdlib.h>
#include <sys/ioctl.h>

#include "agentd/monitor/trail.h"
#include "base/clock.h"

/* The first may wake auditd only to find that its reader before us has gone, the second to accept us. */
#define FIRST_MS  10
#define MOST_MS   1000
#define SILENT_MS 30000 /* between two, once it was told that there is silence */

struct hail {
	struct monitor *m; /* borrowed */
	hail_fn *fn;
	void *arg;
	struct event *on_tick;
	struct event *readable; /* NULL: nobody is hailed */
	struct mtime since;
	int64_t wait_ms;
	bool silent;
};

void
hail_end(struct hail *h)
{
	if (h->readable == NULL)
		return;
	(void)event_del(h->on_tick);
	event_free(h->readable);
	h->readable = NULL;
}

static void
say(struct hail *h)
{
	const struct timeval tv = timeval_of_ms(h->wait_ms);

	trail_listening(h->m);
	(void)evtimer_add(h->on_tick, &tv);
	h->wait_ms = h->silent ? SILENT_MS : h->wait_ms * 2 < MOST_MS ? h->wait_ms * 2 : MOST_MS;
}

static void
on_tick_cb(evutil_socket_t none, short what, void *arg)
{
	struct hail *h = arg;

	(void)none;
	(void)what;
	if (!h->silent && mtime_ms_since(mtime_now(), h->since) >= HAIL_MS) {
		h->silent = true;
		h->fn(h->arg, HAIL_SILENT);
	}
	if (h->readable != NULL)
		say(h);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct hail *h = arg;
	int unread = 0;

	(void)what;
	hail_end(h);
	h->fn(h->arg, ioctl(fd, FIONREAD, &unread) == 0 && unread > 0 ? HAIL_SPOKE : HAIL_CLOSED);
}

void
hail_begin(struct hail *h, int fd)
{
	hail_end(h);
	h->silent = false;
	h->since = mtime_now();
	h->wait_ms = FIRST_MS;
	h->readable = event_new(h->m->base, fd, EV_READ, on_readable, h);
	if (h->readable == NULL || event_add(h->readable, NULL) == -1) {
		hail_end(h);
		h->fn(h->arg, HAIL_CLOSED);
		return;
	}
	say(h);
}

struct hail *
hail_new(struct monitor *m, hail_fn *fn, void *arg)
{
	struct hail *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	*h = (struct hail){.m = m, .fn = fn, .arg = arg, .on_tick = evtimer_new(m->base, on_tick_cb, h)};
	if (h->on_tick == NULL)
		hail_free(&h);
	return h;
}

void
hail_free(struct hail **hp)
{
	struct hail *h = *hp;

	if (h == NULL)
		return;
	*hp = NULL;
	hail_end(h);
	if (h->on_tick != NULL)
		event_free(h->on_tick);
	free(h);
}
