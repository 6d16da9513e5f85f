/* watch: see watch.h.  Engine process. */
#include "agentd/engine/watch.h"

#include <stdlib.h>
#include <sys/queue.h>

#include <event2/event.h>

#include "agentd/engine/failures.h"
#include "agentd/engine/quota.h"

#define WAIT_MS 5000
/* Of one login user, each; the monitor takes 6000 a minute, of everybody. */
#define USER_BURST  64
#define USER_MINUTE 240
#define AGAIN_MS    60000 /* who was not guarded, for want of room or time */

/* A listener, or a client, on its way to the monitor. */
struct telling {
	TAILQ_ENTRY(telling) link;
	struct watch *watch; /* borrowed */
	struct request rq;
	struct event *again; /* owned */
	unsigned tries;
};

/* A process of a session's sshd that the monitor was asked to guard. */
struct told {
	uint64_t key;       /* ses and pid; 0: none */
	struct mtime until; /* it is not asked again */
};

struct watch {
	struct event_base *base;
	struct link *link;
	TAILQ_HEAD(, telling) tellings;
	unsigned n;
	struct quota sockets, files, clients, servers; /* by auid */
	bool refused; /* a listener, in this second */
	bool again;   /* those are asked about that were refused before, and counted then */
	unsigned guarding; /* questions that are not answered */
	struct told told[ST_GUARDS_TOLD];
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

/*
 * The record of a bind is here before listen(2) was called, now and then; a monitor that is busy answers late, or
 * looks while who made the socket leaves it to a child.
 */
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

/* Who hides it is not looked through for ever: once again. */
static bool
is_final(const struct telling *t, const struct notice *n)
{
	return n != NULL && (n->result == RES_OK || n->result == RES_BAD || n->result == RES_NO_SESSION ||
	    (n->result == RES_UNREAD && t->tries > 0));
}

static void
on_told(const struct notice *n, int fds[LINK_FDS], void *arg)
{
	struct telling *t = arg;

	(void)fds;
	if (n != NULL && n->result == RES_UNREAD)
		failure_note(FAIL_UNREAD);
	if (is_final(t, n) || !tell_again(t))
		telling_free(t);
}

/* Of whom a program is told does not matter; an inode is used again, and its socket is another's. */
static bool
is_same(const struct request *a, const struct request *b)
{
	return a->kind == b->kind && a->inode == b->inode && a->dev_major == b->dev_major &&
	    a->dev_minor == b->dev_minor && (a->kind != REQ_SOCKET || (a->ses == b->ses && a->pid == b->pid));
}

static bool
is_on_its_way(const struct watch *w, const struct request *rq)
{
	const struct telling *t;

	TAILQ_FOREACH (t, &w->tellings, link)
		if (is_same(&t->rq, rq))
			return true;
	return false;
}

static bool
may_ask(const struct watch *w, struct quota *q, uint32_t auid)
{
	if (auid == AUID_UNSET || quota_take(q, auid, mtime_now()))
		return true;
	if (!w->again)
		failure_note(FAIL_WATCH_QUOTA);
	return false;
}

/* False: there is no room for it now. */
static bool
say(struct watch *w, const struct request *rq, struct quota *q, uint32_t auid)
{
	struct telling *t;

	if (is_on_its_way(w, rq))
		return true;
	if (w->n >= ST_WATCH_ASKS) {
		if (!w->again)
			failure_note(FAIL_WATCH_QUEUE);
		return false;
	}
	if (!may_ask(w, q, auid) || (t = calloc(1, sizeof(*t))) == NULL)
		return false;
	t->watch = w;
	t->rq = *rq;
	TAILQ_INSERT_TAIL(&w->tellings, t, link);
	w->n++;
	if (!link_ask(w->link, &t->rq, WAIT_MS, on_told, t))
		telling_free(t);
	return true;
}

/* An agent that nobody forwarded is its user's own in all of his sessions (host_owner()), and so of none. */
static bool
is_local(const struct usock *u)
{
	return u->kind == USOCK_AGENT && !u->forwarded;
}

/* --- memory ----------------------------------------------------------------------------------------------- */

static uint64_t
key_of(uint32_t ses, uint32_t pid)
{
	return (uint64_t)ses << 32 | pid;
}

static struct told *
told_of(struct watch *w, uint64_t key)
{
	return &w->told[hash_u64(key) % ST_GUARDS_TOLD];
}

static void
on_guarded(const struct notice *n, int fds[LINK_FDS], void *arg)
{
	struct watch *w = arg;
	struct told *t;

	(void)fds;
	w->guarding--;
	if (n != NULL && n->result == RES_RATE)
		failure_note(FAIL_WATCH_QUOTA);
	if (n == NULL || (n->result != RES_OK && n->result != RES_DENIED))
		return;
	t = told_of(w, key_of(n->ses, n->pid));
	if (t->key == key_of(n->ses, n->pid))
		t->until = (struct mtime){.ns = INT64_MAX};
}

static void
guard(struct watch *w, uint32_t ses, uint32_t pid)
{
	struct request rq = {.kind = REQ_GUARD, .ses = ses, .pid = pid};

	w->guarding += link_ask(w->link, &rq, WAIT_MS, on_guarded, w);
}

/* --- what is told of -------------------------------------------------------------------------------------- */

bool
watch_socket(struct watch *w, const struct usock *u)
{
	const struct request rq = {.kind = REQ_SOCKET, .ses = is_local(u) ? SES_UNSET : u->owner_ses, .pid = u->owner_pid,
	    .flags = u->kind == USOCK_MUX ? REQF_MUX : 0, .inode = u->inode, .dev_major = u->dev_major,
	    .dev_minor = u->dev_minor};

	if (u->inode == 0 || (u->kind != USOCK_AGENT && u->kind != USOCK_MUX) || say(w, &rq, &w->sockets, u->owner_auid))
		return true;
	w->refused = true;
	return false;
}

void
watch_client(struct watch *w, const struct process *p)
{
	/* The inode: it may run something else by the time that the monitor looks. */
	const struct request rq = {.kind = REQ_CLIENT, .ses = p->ses, .pid = p->pid, .inode = p->exe_inode,
	    .dev_major = p->exe_dev_major, .dev_minor = p->exe_dev_minor, .time_ms = p->exec_time.ms};

	(void)say(w, &rq, &w->files, p->auid);
	if (w->guarding < ST_GUARD_ASKS && may_ask(w, &w->clients, p->auid))
		guard(w, p->ses, p->pid);
}

/* Asked twice is no harm: of two in one slot the other is. */
static void
guard_sshd(struct watch *w, const struct session *s, uint32_t pid)
{
	const uint64_t key = key_of(s->ses, pid);
	struct told *t = told_of(w, key);

	if (pid == 0 || w->guarding >= ST_GUARD_ASKS || (t->key == key && mtime_ms_since(t->until, mtime_now()) > 0))
		return;
	*t = (struct told){.key = key, .until = mtime_after(mtime_now(), AGAIN_MS)};
	if (may_ask(w, &w->servers, s->auid))
		guard(w, s->ses, pid);
}

static bool
guard_session(struct session *s, void *arg)
{
	struct watch *w = arg;

	if (!s->ssh || s->state == SESSION_OVER)
		return true;
	guard_sshd(w, s, s->monitor_pid);
	guard_sshd(w, s, s->child_pid);
	return true;
}

void
watch_sessions(struct watch *w, struct host *host)
{
	host_each_session(host, guard_session, w);
	w->again = w->refused;
	w->refused = false;
	if (w->again)
		host_listens_again(host);
	w->again = false;
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
	quota_init(&w->sockets, USER_BURST, USER_MINUTE);
	quota_init(&w->files, USER_BURST, USER_MINUTE);
	quota_init(&w->clients, USER_BURST, USER_MINUTE);
	quota_init(&w->servers, USER_BURST, USER_MINUTE);
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
