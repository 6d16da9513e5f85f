/* stall: see stall.h.  Runs in the monitor.  Reads nothing: asks only how much is unread. */
#include "agentd/monitor/stall.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/clock.h"
#include "base/log.h"

#define TICK_MS 250
#define TICKS   8 /* without a read: the engine is stopped, or as good as that */

struct stall {
	struct event *on_tick;
	int fd; /* owned; −1: none */
	int unread;
	unsigned ticks; /* for how many it has not become less */
};

void
stall_forget(struct stall *s)
{
	if (s->fd == -1)
		return;
	(void)event_del(s->on_tick);
	close(s->fd);
	s->fd = -1;
}

static void
on_tick_cb(evutil_socket_t none, short what, void *arg)
{
	struct stall *s = arg;
	int unread = 0;

	(void)none;
	(void)what;
	if (ioctl(s->fd, FIONREAD, &unread) == -1 || unread == 0 || unread < s->unread)
		s->ticks = 0;
	else
		s->ticks++;
	s->unread = unread;
	if (s->ticks < TICKS)
		return;
	log_err("the engine does not read what auditd sends: disconnected, so that nobody waits for it");
	(void)shutdown(s->fd, SHUT_RDWR);
	stall_forget(s);
}

void
stall_watch(struct stall *s, int fd)
{
	const struct timeval tick = timeval_of_ms(TICK_MS);

	stall_forget(s);
	s->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	s->unread = 0;
	s->ticks = 0;
	if (s->fd == -1 || event_add(s->on_tick, &tick) == -1)
		log_warn("auditd's socket is not watched: it may wait for the engine");
}

struct stall *
stall_new(struct event_base *base)
{
	struct stall *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->fd = -1;
	s->on_tick = event_new(base, -1, EV_PERSIST, on_tick_cb, s);
	if (s->on_tick == NULL)
		stall_free(&s);
	return s;
}

void
stall_free(struct stall **sp)
{
	struct stall *s = *sp;

	if (s == NULL)
		return;
	stall_forget(s);
	if (s->on_tick != NULL)
		event_free(s->on_tick);
	free(s);
	*sp = NULL;
}
