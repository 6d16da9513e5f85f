/* homes: see homes.h.  Engine process; look() and look_known() in threads of their own. */
#include "agentd/engine/homes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "agentd/engine/failures.h"
#include "agentd/engine/worker.h"
#include "base/buf.h"

#define AGAIN_MS  30000
#define SOON_MS   1000   /* of one that is wanted for another login */
#define PATH_MS   300000 /* then the name service is asked again */
#define LEFT_MS   600000 /* after it was asked for last the monitor lets go of it, too */
#define ROUND_MS  240000 /* of those whom the baseline knows; a long one takes less than LEFT_MS */
#define BATCH     16     /* of them at a time, of which there are twenty a minute */
#define LINKS     8      /* of a home's path, one after another */
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
	bool known; /* to the baseline, and has no session */
};

struct homes {
	struct link *link;
	struct worker *worker, *slow; /* slow: for who has no session, so that nobody who has one waits for it */
	LIST_HEAD(, home) all;
	unsigned n;
	struct mtime looked;
	/* a round of those whom the baseline knows */
	struct mtime round;      /* when it began */
	char last[ST_USUAL_TEXT]; /* who was tried last; "": it is over */
	unsigned tried, waiting;
	bool full;               /* that has been told of this round */
};

struct look {
	struct homes *homes;
	uint32_t uid, ses;
	char path[HOME_PATH], name[ST_NAME_MAX];
	bool asked; /* the name service */
	bool known; /* by its name alone, before the name service was asked */
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
	if ((l->known ? getpwnam_r(l->name, &pw, room, ROOM, &p) : getpwuid_r(l->uid, &pw, room, ROOM, &p)) != 0)
		p = NULL;
	l->uid = p != NULL ? p->pw_uid : l->uid;
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

/* What the link leads to comes before what is left of the path.  False: too long, or no link. */
static bool
lead_on(int link, char rest[HOME_PATH], size_t done)
{
	char path[2 * HOME_PATH];
	const ssize_t n = readlinkat(link, "", path, HOME_PATH);

	if (n <= 0 || n == HOME_PATH)
		return false;
	(void)snprintf(path + n, sizeof(path) - (size_t)n, "/%s", rest + done);
	return bytes_copy(bytes_of(path), rest, HOME_PATH);
}

static bool
is_link(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISLNK(st.st_mode);
}

/* One step from `at`, and not into what is mounted when somebody comes. */
static int
step(int at, const char *name)
{
	struct statfs fs;
	int next = -1;

	if (fstatfs(at, &fs) == 0 && fs.f_type != AUTOFS_SUPER_MAGIC)
		next = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return next;
}

/*
 * Step by step, links as well: the homes of who is away stay away.  Without O_DIRECTORY the last step of a path by
 * O_PATH mounts nothing (open(2)).  −1: not there, or not to be had so.
 */
static int
open_idle(const char *path)
{
	char rest[HOME_PATH], name[HOME_PATH];
	int at = open("/", O_PATH | O_CLOEXEC), next;
	unsigned links = 0;

	if (!bytes_copy(bytes_of(path), rest, sizeof(rest)))
		rest[0] = '\0';
	for (const char *p = rest; at != -1 && *(p += strspn(p, "/")) != '\0';) {
		const size_t n = strcspn(p, "/");

		(void)bytes_copy((struct bytes){.p = p, .n = n}, name, sizeof(name));
		next = step(at, name);
		p += n;
		if (next != -1 && is_link(next)) {
			const bool leads = links++ < LINKS && lead_on(next, rest, (size_t)(p - rest));

			close(next);
			next = !leads ? -1 : rest[0] == '/' ? open("/", O_PATH | O_CLOEXEC) : fcntl(at, F_DUPFD_CLOEXEC, 0);
			p = rest;
		}
		close(at);
		at = next;
	}
	return at;
}

static void
look_known(void *arg)
{
	struct look *l = arg;

	ask_name(l);
	if (l->path[0] != '\0' && l->uid != 0)
		l->fd = open_idle(l->path);
}

/* --- in the loop --- */

/* For who has no session: once a round. */
static void
note_full(struct homes *hs)
{
	if (!hs->full)
		failure_note(FAIL_HOMES_FULL);
	hs->full = true;
}

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
	(void)fds;
	if (n != NULL && n->result == RES_DENIED && n->value == ENOSPC)
		note_full(arg);
}

/* Ends the look.  False: the monitor is slow. */
static bool
show(struct look *l)
{
	struct request rq = {.kind = REQ_KEYS, .ses = l->ses, .uid = l->uid};
	bool ok = l->fd == -1 || link_ask_fd(l->homes->link, &rq, l->fd, WAIT_MS, on_answer, l->homes);

	if (l->fd != -1)
		close(l->fd);
	free(l);
	return ok;
}

static void
looked(void *arg)
{
	struct look *l = arg;
	struct home *h = find(l->homes, l->uid);

	if (h != NULL) {
		h->pending = false;
		memcpy(h->path, l->path, sizeof(h->path));
		memcpy(h->name, l->name, sizeof(h->name));
		if (l->asked)
			h->found = mtime_now();
	}
	if (!show(l) && h != NULL)
		h->asked = (struct mtime){0}; /* at the next tick */
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

	if (h == NULL)
		return NULL;
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

	if (uid == AUID_UNSET)
		return;
	if (h == NULL && (h = home_new(hs, uid)) == NULL) {
		failure_note(FAIL_HOMES_FULL);
		return;
	}
	h->ses = uid == 0 ? SES_UNSET : ses;
	if (h->known)
		h->asked = (struct mtime){0}; /* it comes before those without a session from now on: to be told */
	h->known = false;
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

/* --- of whom the baseline knows --- */

static bool
has_session(const struct home *h, struct mtime now)
{
	return !h->known && (h->pending || mtime_ms_since(now, h->asked) < 2 * (int64_t)AGAIN_MS);
}

/* NULL: it is seen to already, or there is no room. */
static struct home *
home_known(struct homes *hs, uint32_t uid, struct mtime now)
{
	struct home *h = find(hs, uid), *i;
	unsigned known = 0;

	if (h != NULL && (h->known || has_session(h, now)))
		return h->known ? h : NULL;
	LIST_FOREACH (i, &hs->all, entry)
		known += i->known;
	if (known >= ST_KEY_KNOWN || (h == NULL && (h = home_new(hs, uid)) == NULL)) {
		note_full(hs);
		return NULL;
	}
	h->known = true;
	return h;
}

static void
looked_known(void *arg)
{
	struct look *l = arg;
	const struct mtime now = mtime_now();
	struct home *h = l->fd != -1 ? home_known(l->homes, l->uid, now) : NULL;

	l->homes->waiting--;
	if (h == NULL && l->fd != -1) {
		close(l->fd);
		l->fd = -1;
	}
	if (h != NULL) {
		memcpy(h->path, l->path, sizeof(h->path));
		memcpy(h->name, l->name, sizeof(h->name));
		h->ses = SES_UNSET;
		h->found = h->asked = now;
	}
	(void)show(l); /* or in the next round */
}

static void
try_known(struct homes *hs)
{
	struct look *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return;
	*l = (struct look){.homes = hs, .uid = AUID_UNSET, .ses = SES_UNSET, .fd = -1, .known = true};
	if (bytes_copy(bytes_of(hs->last), l->name, sizeof(l->name)) && worker_post(hs->slow, look_known, looked_known, l))
		hs->waiting++;
	else
		free(l);
}

/* In turn, a few at each tick: neither name services nor the kernel are asked for all of them at once. */
static void
want_known(struct homes *hs, const struct baseline *usual, struct mtime now)
{
	if (hs->last[0] == '\0') {
		if (hs->round.ns != 0 && mtime_ms_since(now, hs->round) < ROUND_MS)
			return;
		hs->round = now;
		hs->tried = 0;
		hs->full = false;
	}
	for (unsigned n = hs->waiting; n < BATCH; n++) {
		if (!baseline_next_user(usual, hs->last)) {
			hs->last[0] = '\0';
			return;
		}
		if (++hs->tried > ST_KEY_NAMES) {
			note_full(hs);
			hs->last[0] = '\0';
			return;
		}
		try_known(hs);
	}
}

/* Of users that have left. */
static void
drop_old(struct homes *hs, struct mtime now)
{
	struct home *h, *next;

	for (h = LIST_FIRST(&hs->all); h != NULL; h = next) {
		next = LIST_NEXT(h, entry);
		if (h->pending || mtime_ms_since(now, h->asked) < LEFT_MS)
			continue;
		LIST_REMOVE(h, entry);
		hs->n--;
		free(h);
	}
}

void
homes_tick(struct homes *hs, const struct host *host, const struct baseline *usual, struct mtime now)
{
	if (hs->looked.ns != 0 && mtime_ms_since(now, hs->looked) < AGAIN_MS / 10)
		return;
	hs->looked = now;
	want(hs, SES_UNSET, 0, AGAIN_MS);
	host_each_session(host, want_again, hs);
	if (usual != NULL)
		want_known(hs, usual, now);
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
	hs->worker = worker_new(base, "homes", QUEUE);
	hs->slow = worker_new(base, "homes-known", BATCH);
	if (hs->worker == NULL || hs->slow == NULL)
		homes_free(&hs);
	return hs;
}

void
homes_free(struct homes **hsp)
{
	struct homes *hs = *hsp;
	struct home *h;
	bool ended;

	*hsp = NULL;
	if (hs == NULL)
		return;
	ended = worker_free(&hs->worker, 500);
	ended = worker_free(&hs->slow, 500) && ended;
	if (!ended)
		return; /* a thread still has our memory */
	while ((h = LIST_FIRST(&hs->all)) != NULL) {
		LIST_REMOVE(h, entry);
		free(h);
	}
	free(hs);
}
