/* hail: see hail.h.  Runs in the monitor.  Reads nothing: asks only how much is unread. */
#include "agentd/monitor/hail.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include <event2/event.h>

#include "base/clock.h"

/*
 * Before each word, HAIL_MS in all; after the last nothing was heard.  The first word may wake auditd only to find
 * that the reader before us has gone, the next to accept us, and one more is what it sends.
 */
static const int waits_ms[] = {10, 20, 40, 80, 150, 300, 600, 1000, 1300, 1500};
#define NWAITS  (sizeof(waits_ms) / sizeof(waits_ms[0]))
#define REST_MS 30000

struct hail {
	struct event_base *base; /* borrowed */
	const struct hail_calls *calls;
	void *arg;
	struct event *on_tick;
	struct event *readable; /* NULL: nobody is hailed */
	size_t step;            /* of the waits; NWAITS: at leisure */
};

void
hail_end(struct hail *h)
{
	if (h == NULL || h->readable == NULL)
		return;
	(void)event_del(h->on_tick);
	event_free(h->readable);
	h->readable = NULL;
}

static int
arm(struct hail *h)
{
	const struct timeval tv = timeval_of_ms(h->step < NWAITS ? waits_ms[h->step] : REST_MS);

	return event_add(h->on_tick, &tv);
}

static void
on_tick_cb(evutil_socket_t none, short what, void *arg)
{
	struct hail *h = arg;
	const bool waited = h->step < NWAITS && ++h->step == NWAITS;

	(void)none;
	(void)what;
	if (waited)
		h->calls->heard(h->arg, HAIL_SILENT);
	if (h->readable == NULL)
		return;
	h->calls->word(h->arg);
	(void)arm(h);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct hail *h = arg;
	int unread = 0;

	(void)what;
	hail_end(h);
	h->calls->heard(h->arg, ioctl(fd, FIONREAD, &unread) == 0 && unread > 0 ? HAIL_SPOKE : HAIL_CLOSED);
}

int
hail_begin(struct hail *h, int fd)
{
	hail_end(h);
	h->step = 0;
	h->readable = event_new(h->base, fd, EV_READ, on_readable, h);
	if (h->readable != NULL && event_add(h->readable, NULL) == 0 && arm(h) == 0)
		return 0;
	hail_end(h);
	return -ENOMEM;
}

struct hail *
hail_new(struct event_base *base, const struct hail_calls *calls, void *arg)
{
	struct hail *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	*h = (struct hail){.base = base, .calls = calls, .arg = arg, .on_tick = evtimer_new(base, on_tick_cb, h)};
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
