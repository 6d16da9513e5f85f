/* link: see link.h.  Engine process. */
#include "agentd/engine/link.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <unistd.h>

#include <event2/event.h>

#include "agentd/engine/failures.h"
#include "base/log.h"
#include "base/safe.h"

#define LINK_BATCH   64   /* notices taken in one wakeup */

/* A packet: the request and what follows it. */
struct packet {
	struct request req;
	char body[LINK_BODY_MAX];
};

struct queued {
	TAILQ_ENTRY(queued) link;
	size_t n;
	char packet[]; /* of n bytes */
};

struct waiting {
	TAILQ_ENTRY(waiting) link;
	uint32_t id;
	struct mtime deadline;
	link_result_fn *fn;
	void *arg;
};

struct link {
	int fd;
	struct event *readable, *writable;
	struct link_events on;
	TAILQ_HEAD(, queued) queue;
	TAILQ_HEAD(, waiting) waiting; /* in the order of asking */
	unsigned nqueue, nwaiting;
	uint32_t last_id;
};

static void
close_fds(int fds[LINK_FDS])
{
	for (int i = 0; i < LINK_FDS; i++) {
		if (fds[i] != -1)
			close(fds[i]);
		fds[i] = -1;
	}
}

static struct waiting *
take_waiting(struct link *l, uint32_t id)
{
	struct waiting *w;

	TAILQ_FOREACH(w, &l->waiting, link) {
		if (w->id != id)
			continue;
		TAILQ_REMOVE(&l->waiting, w, link);
		l->nwaiting--;
		return w;
	}
	return NULL;
}

static void
dispatch(struct link *l, const struct notice *n, int fds[LINK_FDS])
{
	struct waiting *w = NULL;

	if (n->kind == NOTE_RESULT)
		w = take_waiting(l, n->id);
	if (w != NULL)
		w->fn(n, fds, w->arg);
	else
		l->on.notice(n, fds, l->on.arg);
	free(w);
	close_fds(fds);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct link *l = arg;

	(void)what;
	for (int i = 0; i < LINK_BATCH; i++) {
		struct notice n;
		int fds[LINK_FDS] = {-1, -1};
		long got = packet_recv(fd, &n, sizeof(n), fds, LINK_FDS);

		if (got == -EAGAIN || got == -EWOULDBLOCK || got == -EINTR)
			return;
		if (got <= 0) {
			if (got < 0)
				log_err("the monitor cannot be heard: %s", strerror((int)-got));
			event_del(l->readable);
			l->on.gone(l->on.arg);
			return;
		}
		if (got != (long)sizeof(n)) {
			log_err("a notice of %ld bytes, not %zu: another build?", got, sizeof(n));
			close_fds(fds);
			continue;
		}
		dispatch(l, &n, fds);
	}
}

/* 0: sent; −EAGAIN: not now; any other error is the pair's end, which on_readable() sees. */
static int
send_now(const struct link *l, const void *packet, size_t n)
{
	int rc = packet_send(l->fd, packet, n, NULL, 0);

	return rc == -EWOULDBLOCK || rc == -ENOBUFS ? -EAGAIN : rc;
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct link *l = arg;
	struct queued *q;

	(void)fd;
	(void)what;
	while ((q = TAILQ_FIRST(&l->queue)) != NULL) {
		if (send_now(l, q->packet, q->n) == -EAGAIN)
			return;
		TAILQ_REMOVE(&l->queue, q, link);
		l->nqueue--;
		free(q);
	}
	event_del(l->writable);
}

static bool
send_or_queue(struct link *l, const void *packet, size_t n)
{
	struct queued *q;

	if (l->nqueue == 0 && send_now(l, packet, n) != -EAGAIN)
		return true;
	if (l->nqueue >= ST_REQUESTS_QUEUED || (q = malloc(sizeof(*q) + n)) == NULL) {
		failure_note(FAIL_LINK_FULL);
		return false;
	}
	q->n = n;
	memcpy(q->packet, packet, n);
	TAILQ_INSERT_TAIL(&l->queue, q, link);
	if (l->nqueue++ == 0)
		event_add(l->writable, NULL);
	return true;
}

bool
link_send(struct link *l, const struct request *r)
{
	return send_or_queue(l, r, sizeof(*r));
}

static struct waiting *
waiting_new(struct link *l, int64_t timeout_ms, link_result_fn *fn, void *arg)
{
	struct waiting *w;

	if (l->nwaiting >= ST_REQUESTS_WAITING || (w = calloc(1, sizeof(*w))) == NULL) {
		failure_note(FAIL_LINK_FULL);
		return NULL;
	}
	if (++l->last_id == 0) /* 0 is nobody's */
		l->last_id = 1;
	w->id = l->last_id;
	w->deadline = mtime_after(mtime_now(), timeout_ms);
	w->fn = fn;
	w->arg = arg;
	return w;
}

/* sent: what became of its request; not waited for when that did not go. */
static bool
wait_for(struct link *l, struct waiting *w, bool sent)
{
	if (!sent) {
		free(w);
		return false;
	}
	TAILQ_INSERT_TAIL(&l->waiting, w, link);
	l->nwaiting++;
	return true;
}

bool
link_ask(struct link *l, struct request *r, int64_t timeout_ms, link_result_fn *fn, void *arg)
{
	struct waiting *w = waiting_new(l, timeout_ms, fn, arg);

	if (w == NULL)
		return false;
	r->id = w->id;
	return wait_for(l, w, link_send(l, r));
}

bool
link_ask_fd(struct link *l, struct request *r, int fd, int64_t timeout_ms, link_result_fn *fn, void *arg)
{
	struct waiting *w = l->nqueue == 0 ? waiting_new(l, timeout_ms, fn, arg) : NULL;

	if (w == NULL)
		return false;
	r->id = w->id;
	return wait_for(l, w, packet_send(l->fd, r, sizeof(*r), &fd, 1) == 0);
}

bool
link_ask_body(struct link *l, struct request *r, const void *body, size_t n, int64_t timeout_ms,
    link_result_fn *fn, void *arg)
{
	struct waiting *w = n <= LINK_BODY_MAX ? waiting_new(l, timeout_ms, fn, arg) : NULL;
	struct packet packet;

	if (w == NULL)
		return false;
	r->id = w->id;
	packet.req = *r;
	memcpy(packet.body, body, n);
	return wait_for(l, w, send_or_queue(l, &packet, offsetof(struct packet, body) + n));
}

void
link_tick(struct link *l, struct mtime now)
{
	struct waiting *w, *next;

	for (w = TAILQ_FIRST(&l->waiting); w != NULL; w = next) {
		int fds[LINK_FDS] = {-1, -1};

		next = TAILQ_NEXT(w, link);
		if (w->deadline.ns > now.ns)
			continue;
		TAILQ_REMOVE(&l->waiting, w, link);
		l->nwaiting--;
		failure_note(FAIL_REQUEST_LATE);
		w->fn(NULL, fds, w->arg);
		free(w);
	}
}

struct link *
link_new(struct event_base *base, int fd, const struct link_events *on)
{
	struct link *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->fd = fd;
	l->on = *on;
	TAILQ_INIT(&l->queue);
	TAILQ_INIT(&l->waiting);
	evutil_make_socket_nonblocking(fd);
	l->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, l);
	l->writable = event_new(base, fd, EV_WRITE | EV_PERSIST, on_writable, l);
	if (l->readable == NULL || l->writable == NULL || event_add(l->readable, NULL) == -1) {
		link_free(&l);
		return NULL;
	}
	event_priority_set(l->readable, 0);
	event_priority_set(l->writable, 0);
	return l;
}

void
link_free(struct link **lp)
{
	struct link *l = *lp;
	struct queued *q;
	struct waiting *w;

	if (l == NULL)
		return;
	*lp = NULL;
	if (l->readable != NULL)
		event_free(l->readable);
	if (l->writable != NULL)
		event_free(l->writable);
	while ((q = TAILQ_FIRST(&l->queue)) != NULL) {
		TAILQ_REMOVE(&l->queue, q, link);
		free(q);
	}
	while ((w = TAILQ_FIRST(&l->waiting)) != NULL) {
		TAILQ_REMOVE(&l->waiting, w, link);
		free(w);
	}
	free(l);
}
