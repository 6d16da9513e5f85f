/* fake_timer: see fake_timer.h. */
#include "tests/unit/fake_timer.h"

#include <event2/event.h>

static event_callback_fn callback;
static void *callback_arg;

struct event *
event_new(struct event_base *base, evutil_socket_t fd, short what, event_callback_fn fn, void *arg)
{
	static int some;

	(void)base;
	(void)fd;
	(void)what;
	callback = fn;
	callback_arg = arg;
	return (struct event *)(void *)&some;
}

int
event_add(struct event *e, const struct timeval *tv)
{
	(void)e;
	(void)tv;
	return 0;
}

void
event_free(struct event *e)
{
	(void)e;
}

void
fake_timer_fire(void)
{
	callback(-1, 0, callback_arg);
}
