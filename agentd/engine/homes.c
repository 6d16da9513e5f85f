/* homes: see homes.h.  Engine process; look() in the worker's thread. */
#include "agentd/engine/homes.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <unistd.h>

#include "agentd/engine/failures.h"
#include "agentd/engine/worker.h"
#include "base/buf.h"

#define AGAIN_MS  30000
#define SOON_MS   1000   /* of one that is wanted for another login */
#define PATH_MS   300000 /* then the name service is asked again */
#define ROOM      (64u << 10)
#define QUEUE     64
#define WAIT_MS   5000
#define HOME_PATH 256

struct home {
	LIST_ENTRY(home) entry;
	uint32_t uid, ses; /* the session by which it is asked for */
	char path[HOME_PATH]; /* "": not known */
	char name[ST_NAME_MAX]; /* the user's; the same */
	struct mtime found, asked;
	bool pending;
};

struct homes {
	struct link *link;
	struct worker *worker;
	LIST_HEAD(, home) all;
	unsigned n;
	struct mtime looked;
};

struct look {
	struct homes *homes;
	uint32_t uid, ses;
	char path[HOME_PATH], name[ST_NAME_MAX];
	bool asked; /* the name service */
	int fd;     /* owned; −1: there is none */
};

/* --- in the thread --- */

static void
ask_name(struct look *l)
{
	char *room = malloc(ROOM);
	struct passwd pw, *p = NULL;

	l->asked = true;
	if (room == NULL)
		return;
	if (getpwuid_r(l->uid, &pw, room, ROOM, &p) != 0)
		p = NULL;
	if (p == NULL || p->pw_dir[0] != '/' || !bytes_copy(bytes_of(p->pw_dir), l->path, sizeof(l->path)))
		l->path[0] = '\0';
	if (p == NULL || !bytes_copy(bytes_of(p->pw_name), l->name, sizeof(l->name)))
		l->name[0] = '\0';
	free(room);
}

/* To name a directory by O_PATH takes rights over the way to it, and none over itself. */
static void
look(void *arg)
{
	struct look *l = arg;

	if (l->path[0] == '\0')
		ask_name(l);
	if (l->path[0] != '\0')
		l->fd = open(l->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* --- in the loop --- */

static struct home *
find(const struct homes *hs, uint32_t uid)
{
	struct home *h;

	LIST_FOREACH (h, &hs->all, entry)
		if (h->uid == uid)
			return h;
	return NULL;
}

static void
on_answer(const struct notice *n, int fds[LINK_FDS], void *arg)
{
	(void)n;
	(void)fds;
	(void)arg;
}

static void
looked(void *arg)
{
	struct look *l = arg;
	struct home *h = find(l->homes, l->uid);
	struct request rq = {.kind = REQ_KEYS, .ses = l->ses};

	if (h != NULL) {
		h->pending = false;
		memcpy(h->path, l->path, sizeof(h->path));
		memcpy(h->name, l->name, sizeof(h->name));
		if (l->asked)
			h->found = mtime_now();
	}
	if (l->fd != -1 && !link_ask_fd(l->homes->link, &rq, l->fd, WAIT_MS, on_answer, NULL) && h != NULL)
		h->asked = (struct mtime){0}; /* the monitor is slow: at the next tick */
	if (l->fd != -1)
		close(l->fd);
	free(l);
}

static void
ask(struct homes *hs, struct home *h, struct mtime now)
{
	struct look *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return;
	*l = (struct look){.homes = hs, .uid = h->uid, .ses = h->ses, .fd = -1};
	if (mtime_ms_since(now, h->found) < PATH_MS) {
		memcpy(l->path, h->path, sizeof(l->path));
		memcpy(l->name, h->name, sizeof(l->name));
	}
	h->asked = now;
	h->pending = worker_post(hs->worker, look, looked, l);
	if (!h->pending)
		free(l);
}

static struct home *
home_new(struct homes *hs, uint32_t uid)
{
	struct home *h = hs->n < ST_KEY_HOMES ? calloc(1, sizeof(*h)) : NULL;

	if (h == NULL) {
		failure_note(FAIL_HOMES_FULL);
		return NULL;
	}
	h->uid = uid;
	LIST_INSERT_HEAD(&hs->all, h, entry);
	hs->n++;
	return h;
}

static void
want(struct homes *hs, uint32_t ses, uint32_t uid, int64_t after_ms)
{
	const struct mtime now = mtime_now();
	struct home *h = uid == AUID_UNSET ? NULL : find(hs, uid);

	if (uid == AUID_UNSET || (h == NULL && (h = home_new(hs, uid)) == NULL))
		return;
	h->ses = uid == 0 ? SES_UNSET : ses;
	if (!h->pending && (h->asked.ns == 0 || mtime_ms_since(now, h->asked) >= after_ms))
		ask(hs, h, now);
}

void
homes_want(struct homes *hs, uint32_t ses, uint32_t uid)
{
	want(hs, ses, uid, SOON_MS);
}

static bool
want_again(struct session *s, void *arg)
{
	if (s->ssh && s->state != SESSION_OVER)
		want(arg, s->ses, s->auid, AGAIN_MS);
	return true;
}

/* Of users that have left. */
static void
drop_old(struct homes *hs, struct mtime now)
{
	struct home *h, *next;

	for (h = LIST_FIRST(&hs->all); h != NULL; h = next) {
		next = LIST_NEXT(h, entry);
		if (h->pending || mtime_ms_since(now, h->asked) < PATH_MS)
			continue;
		LIST_REMOVE(h, entry);
		hs->n--;
		free(h);
	}
}

void
homes_tick(struct homes *hs, const struct host *host, struct mtime now)
{
	if (hs->looked.ns != 0 && mtime_ms_since(now, hs->looked) < AGAIN_MS / 10)
		return;
	hs->looked = now;
	want(hs, SES_UNSET, 0, AGAIN_MS);
	host_each_session(host, want_again, hs);
	drop_old(hs, now);
}

const char *
homes_path(const struct homes *hs, uint32_t uid)
{
	const struct home *h = find(hs, uid);

	return h != NULL && h->path[0] != '\0' ? h->path : NULL;
}

const char *
homes_name(const struct homes *hs, uint32_t uid)
{
	const struct home *h = find(hs, uid);

	return h != NULL && h->name[0] != '\0' ? h->name : NULL;
}

struct homes *
homes_new(struct event_base *base, struct link *link)
{
	struct homes *hs = calloc(1, sizeof(*hs));

	if (hs == NULL)
		return NULL;
	hs->link = link;
	LIST_INIT(&hs->all);
	if ((hs->worker = worker_new(base, "homes", QUEUE)) == NULL)
		homes_free(&hs);
	return hs;
}

void
homes_free(struct homes **hsp)
{
	struct homes *hs = *hsp;
	struct home *h;

	*hsp = NULL;
	if (hs == NULL || !worker_free(&hs->worker, 500))
		return; /* or the thread still has our memory */
	while ((h = LIST_FIRST(&hs->all)) != NULL) {
		LIST_REMOVE(h, entry);
		free(h);
	}
	free(hs);
}
