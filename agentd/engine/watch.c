/* watch: see watch.h.  Engine process. */
#include "agentd/engine/watch.h"

#include <stdlib.h>
#include <sys/queue.h>

#include <event2/event.h>

#include "agentd/engine/failures.h"
#include "agentd/engine/quota.h"

#define WAIT_MS 5000
/* Of one login user; the monitor takes 6000 a minute, of everybody. */
#define USER_BURST  64
#define USER_MINUTE 240

/* A listener, or a client, on its way to the monitor. */
struct telling {
	TAILQ_ENTRY(telling) link;
	struct watch *watch; /* borrowed */
	struct request rq;
	struct event *again; /* owned */
	unsigned tries;
};

struct watch {
	struct event_base *base;
	struct link *link;
	TAILQ_HEAD(, telling) tellings;
	unsigned n;
	struct quota quota; /* by auid */
};

static void
telling_free(struct telling *t)
{
	TAILQ_REMOVE(&t->watch->tellings, t, link);
	t->watch->n--;
	if (t->again != NULL)
		event_free(t->again);
	free(t);
}

static void on_told(const struct notice *, int fds[LINK_FDS], void *arg);

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct telling *t = arg;

	(void)fd;
	(void)what;
	if (!link_ask(t->watch->link, &t->rq, WAIT_MS, on_told, t))
		telling_free(t);
}

/* The record of a bind is here before listen(2) was called, now and then. */
static bool
tell_again(struct telling *t)
{
	static const int after_ms[] = {20, 200, 2000};
	struct timeval tv;

	if (t->rq.kind != REQ_SOCKET || t->tries >= sizeof(after_ms) / sizeof(after_ms[0]))
		return false;
	tv = timeval_of_ms(after_ms[t->tries++]);
	if (t->again == NULL)
		t->again = evtimer_new(t->watch->base, on_again, t);
	return t->again != NULL && event_add(t->again, &tv) == 0;
}

static void
on_told(const struct notice *n, int fds[LINK_FDS], void *arg)
{
	struct telling *t = arg;

	(void)fds;
	if (n == NULL || n->result != RES_NOT_FOUND || !tell_again(t))
		telling_free(t);
}

static bool
is_on_its_way(const struct watch *w, const struct request *rq)
{
	const struct telling *t;

	TAILQ_FOREACH (t, &w->tellings, link) {
		if (t->rq.kind == rq->kind && t->rq.inode == rq->inode && t->rq.dev_major == rq->dev_major &&
		    t->rq.dev_minor == rq->dev_minor)
			return true;
	}
	return false;
}

static void
say(struct watch *w, const struct request *rq, uint32_t auid)
{
	struct telling *t;

	if (is_on_its_way(w, rq))
		return;
	if (auid != AUID_UNSET && !quota_take(&w->quota, auid, mtime_now())) {
		failure_note(FAIL_WATCH_QUOTA);
		return;
	}
	if (w->n >= ST_WATCH_ASKS || (t = calloc(1, sizeof(*t))) == NULL) {
		failure_note(FAIL_WATCH_QUEUE);
		return;
	}
	t->watch = w;
	t->rq = *rq;
	TAILQ_INSERT_TAIL(&w->tellings, t, link);
	w->n++;
	if (!link_ask(w->link, &t->rq, WAIT_MS, on_told, t))
		telling_free(t);
}

/* An agent that nobody forwarded is its user's own in all of his sessions (host_owner()), and so of none. */
static bool
is_local(const struct usock *u)
{
	return u->kind == USOCK_AGENT && !u->forwarded;
}

void
watch_socket(struct watch *w, const struct usock *u)
{
	const struct request rq = {.kind = REQ_SOCKET, .ses = is_local(u) ? SES_UNSET : u->owner_ses, .pid = u->owner_pid,
	    .flags = u->kind == USOCK_MUX ? REQF_MUX : 0, .inode = u->inode, .dev_major = u->dev_major,
	    .dev_minor = u->dev_minor};

	if (u->inode != 0 && (u->kind == USOCK_AGENT || u->kind == USOCK_MUX))
		say(w, &rq, u->owner_auid);
}

void
watch_client(struct watch *w, const struct process *p)
{
	/* The inode: it may run something else by the time that the monitor looks. */
	const struct request rq = {.kind = REQ_CLIENT, .ses = p->ses, .pid = p->pid, .inode = p->exe_inode,
	    .dev_major = p->exe_dev_major, .dev_minor = p->exe_dev_minor, .time_ms = p->exec_time.ms};

	say(w, &rq, p->auid);
}

struct watch *
watch_new(struct event_base *base, struct link *link)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->base = base;
	w->link = link;
	TAILQ_INIT(&w->tellings);
	quota_init(&w->quota, USER_BURST, USER_MINUTE);
	return w;
}

void
watch_free(struct watch **wp)
{
	struct watch *w = *wp;
	struct telling *t;

	if (w == NULL)
		return;
	*wp = NULL;
	while ((t = TAILQ_FIRST(&w->tellings)) != NULL)
		telling_free(t);
	free(w);
}
