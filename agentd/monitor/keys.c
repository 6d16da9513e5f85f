/*
 * keys: see keys.h.  Runs in the monitor.  The engine opens homes, because it asks name services and this
 * process does not; what it passes counts only for what the kernel says of it: whose it is.
 */
#include "agentd/monitor/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/queue.h>
#include <unistd.h>

#include "agentd/monitor/home.h"
#include "agentd/monitor/reader.h"
#include "agentd/monitor/registry.h"
#include "agentd/monitor/table.h"
#include "agentd/monitor/watches.h"
#include "base/buf.h"
#include "base/glob.h"
#include "base/log.h"
#include "base/proc.h"

#define KEEP_MS   (10 * 60 * 1000) /* after the engine asked for it last: nobody logs in there any more */
#define EVERY_S   60
#define LOGS      10 /* a minute */

#define MASK_KEYS   (FAN_OPEN | FAN_EVENT_ON_CHILD)
#define MASK_AGENTS (FAN_OPEN | FAN_ONDIR)

struct watched {
	LIST_ENTRY(watched) entry;
	struct key_dir dir; /* its fd is −1: an open one would keep its file system from being unmounted */
	struct mtime asked;
	bool known; /* asked for without a session, and not root's: has less room */
	bool leaving;
};

struct keys {
	struct monitor *m; /* borrowed */
	const int *group;  /* borrowed; negative: −errno, there is none */
	struct readers *readers;
	LIST_HEAD(, watched) all;
	unsigned n;
	struct event *on_time;
	struct log_limit log_limit;
};

/* --- what counts ---------------------------------------------------------------------------------------- */

/*
 * Of no use to who wants the private ones: what everybody may read, and what ssh and sshd themselves are told.
 * Everything else counts, whatever its mode and whatever it is called: who would take a key could make it readable, or
 * move it, first.
 */
static const char *const public_names[] = {"authorized_*", "known_hosts*", "config", "config.*", ".config.*", "config~",
    "*.pub", "rc", "environment", "allowed_signers*", "revoked_keys*"};

static bool
is_public(struct bytes name)
{
	for (size_t i = 0; i < sizeof(public_names) / sizeof(*public_names); i++)
		if (glob_match(bytes_of(public_names[i]), name))
			return true;
	return false;
}

/* --- what is watched ------------------------------------------------------------------------------------ */

static uint64_t
mask_of(const struct key_dir *d)
{
	return d->agents ? MASK_AGENTS : MASK_KEYS;
}

static struct watched *
find(const struct keys *k, const struct fan_object *object)
{
	struct watched *w;

	LIST_FOREACH (w, &k->all, entry)
		if (fan_same(&w->dir.object, object))
			return w;
	return NULL;
}

/* What is left is of those with a session. */
static bool
has_room_known(const struct keys *k)
{
	const struct watched *w;
	unsigned known = 0;

	LIST_FOREACH (w, &k->all, entry)
		known += w->known;
	return known < ST_KEY_DIRS_KNOWN;
}

static bool
has_room(const struct keys *k, uint32_t uid, bool known)
{
	const struct watched *w;
	unsigned same = 0;

	LIST_FOREACH (w, &k->all, entry)
		same += w->dir.uid == uid;
	return same < ST_KEY_DIRS_USER && k->n < ST_KEY_DIRS && (!known || has_room_known(k));
}

static void
forget(struct keys *k, struct watched *w)
{
	LIST_REMOVE(w, entry);
	k->n--;
	key_dir_close(&w->dir);
	free(w);
}

/* Takes d's path. */
static int
watch_new(struct keys *k, struct key_dir *d, bool known)
{
	struct watched *w = has_room(k, d->uid, known) ? calloc(1, sizeof(*w)) : NULL;
	int rc = w == NULL ? -ENOSPC : fan_mark(*k->group, d->fd, mask_of(d));

	if (rc != 0) {
		free(w);
		return rc;
	}
	w->dir = *d;
	w->dir.fd = -1;
	w->asked = mtime_now();
	w->known = known;
	d->path = NULL;
	LIST_INSERT_HEAD(&k->all, w, entry);
	k->n++;
	watches_changed(k->m);
	return 0;
}

static int
watch(struct keys *k, struct key_dir *d, bool known)
{
	struct watched *w = find(k, &d->object);

	if (w == NULL)
		return watch_new(k, d, known);
	if (known && !w->known && !has_room_known(k))
		return -ENOSPC;
	w->known = known;
	w->asked = mtime_now();
	return 0;
}

/* --- a home --------------------------------------------------------------------------------------------- */

struct asking {
	struct job job;
	struct keys *k; /* borrowed; the loop's */
	uint32_t id, uid;
	bool known;     /* no session asks */
	int home;       /* owned; −1: it is about an agent's directory */
	char *socket;   /* owned */
	struct key_dir dir[HOME_DIRS]; /* owned */
	int rc;         /* how many, or −errno */
};

static void
asking_free(struct asking *a)
{
	for (int i = 0; i < HOME_DIRS; i++)
		key_dir_close(&a->dir[i]);
	if (a->home != -1)
		close(a->home);
	free(a->socket);
	free(a);
}

static struct asking *
asking_new(struct keys *k, uint32_t uid)
{
	struct asking *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->k = k;
	a->uid = uid;
	a->home = a->dir[0].fd = a->dir[1].fd = -1;
	return a;
}

static void
look(struct job *job)
{
	struct asking *a = (struct asking *)job;

	if (a->home != -1) {
		a->rc = home_dirs(a->home, a->uid, a->dir);
		return;
	}
	a->rc = home_agents(a->socket, a->uid, &a->dir[0]);
	a->rc = a->rc == 0 ? 1 : a->rc;
}

static int
watch_all(struct asking *a)
{
	int rc = a->rc < 0 ? a->rc : 0;

	for (int i = 0; i < a->rc && rc == 0; i++)
		rc = watch(a->k, &a->dir[i], a->known);
	return rc;
}

static void
looked(struct job *job)
{
	struct asking *a = (struct asking *)job;
	char more[LOG_HELD_LEN];
	unsigned held;
	int rc = watch_all(a);

	/* Of whoever is away the engine has it counted, where there is no room; the rest is as it was each round. */
	if (rc != 0 && rc != -ENOENT && !a->known && log_allow(&a->k->log_limit, LOGS, &held))
		log_info("keys of uid %u are not watched: %s%s", a->uid, strerror(-rc), log_held(held, more));
	if (a->home != -1)
		table_answer(a->k->m, a->id, rc == 0 ? RES_OK : rc == -ENOENT ? RES_NOT_FOUND : RES_DENIED,
		    rc == 0 || rc == -ENOENT ? 0 : (uint64_t)-rc);
	asking_free(a);
}

static bool
give(struct asking *a)
{
	a->job = (struct job){.run = look, .done = looked};
	if (aside_give(a->k->m->work[WORK_HOME], &a->job))
		return true;
	asking_free(a);
	return false;
}

/* Whose home it must be: the login uid of a session that is registered; without one, of whom the engine says. */
static enum result
owner_of(const struct monitor *m, const struct request *rq, uint32_t *uid)
{
	const struct mon_session *s = rq->ses == SES_UNSET ? NULL : registry_get(m->registry, rq->ses);

	if (rq->ses != SES_UNSET && s == NULL)
		return RES_NO_SESSION;
	*uid = s == NULL ? rq->uid : s->auid;
	return *uid == AUID_UNSET ? RES_NO_SESSION : RES_OK;
}

enum result
handle_keys(struct monitor *m, const struct asked *q, struct answer *answer)
{
	struct keys *k = watches_keys(m->watches);
	struct asking *a;
	uint32_t uid;
	enum result result = owner_of(m, q->rq, &uid);

	if (result != RES_OK)
		return result;
	if (*k->group < 0) {
		answer->note.value = (uint64_t)-*k->group;
		return RES_DENIED;
	}
	if ((a = asking_new(k, uid)) == NULL)
		return RES_RATE;
	a->id = q->rq->id;
	a->known = q->rq->ses == SES_UNSET && uid != 0;
	a->home = *q->fd;
	*q->fd = -1;
	answer->later = give(a);
	return answer->later ? RES_OK : RES_RATE;
}

void
keys_agent(struct keys *k, const char *socket, uint32_t uid)
{
	struct asking *a = *k->group < 0 ? NULL : asking_new(k, uid);

	if (a == NULL)
		return;
	if ((a->socket = strdup(socket)) == NULL)
		asking_free(a);
	else
		(void)give(a);
}

/* --- who opened it -------------------------------------------------------------------------------------- */

/* The end of it, which says more, where it does not fit. */
static void
put_name(struct bytes name, char out[NOTICE_NAME])
{
	struct buf text = BUF_INIT;
	struct bytes all;

	buf_put_visible(&text, name);
	all = buf_bytes(&text);
	if (all.n >= NOTICE_NAME) {
		all.p += all.n - (NOTICE_NAME - 1);
		all.n = NOTICE_NAME - 1;
	}
	if (buf_ok(&text))
		(void)bytes_copy(all, out, NOTICE_NAME);
	buf_free(&text);
}

void
keys_event(const struct fan_event *ev, void *arg)
{
	struct keys *k = arg;
	struct notice n = {.kind = NOTE_KEY};
	const struct watched *w;
	struct bytes name = ev->name;

	if ((ev->mask & FAN_Q_OVERFLOW) != 0) {
		reader_overflow(k->readers, NOTE_KEY);
		return;
	}
	w = ev->object != NULL ? find(k, ev->object) : NULL;
	if (w == NULL || w->leaving || (!w->dir.agents && (name.n == 0 || is_public(name))))
		return;
	if (w->dir.agents) {
		n.flags |= WATCHF_AGENTS;
		name = bytes_of(w->dir.path);
	}
	if (!reader_note(k->readers, ev, w->dir.uid, bytes_hash(name) ^ hash_u64(w->dir.uid), &n))
		return;
	n.id = w->dir.uid;
	put_name(name, n.name);
	(void)monitor_send(k->m, &n, NULL, 0);
}

/* --- those that nobody asks for any more ---------------------------------------------------------------- */

struct leaving {
	struct job job;
	struct keys *k;    /* borrowed; the loop's */
	int group;
	struct watched *w; /* ours until it is done: it is marked as leaving */
	bool stays;
};

/* Where it is no more at its place the mark goes with its inode, or with the group. */
static void
leave(struct job *job)
{
	struct leaving *l = (struct leaving *)job;
	int fd = home_again(&l->w->dir);

	if (fd < 0)
		return;
	l->stays = l->w->dir.agents && bytes_starts(bytes_of(l->w->dir.path), BYTES_LIT("/tmp/"));
	if (!l->stays)
		(void)fan_unmark(l->group, fd, mask_of(&l->w->dir));
	close(fd);
}

static void
left(struct job *job)
{
	struct leaving *l = (struct leaving *)job;

	l->w->leaving = false;
	if (l->stays)
		l->w->asked = mtime_now();
	else
		forget(l->k, l->w);
	watches_changed(l->k->m);
	free(l);
}

static void
let_go(struct keys *k, struct watched *w)
{
	struct leaving *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return;
	*l = (struct leaving){.job = {.run = leave, .done = left}, .k = k, .group = *k->group, .w = w};
	w->leaving = aside_give(k->m->work[WORK_HOME], &l->job);
	if (!w->leaving)
		free(l);
}

static void
on_time_cb(evutil_socket_t fd, short what, void *arg)
{
	struct keys *k = arg;
	struct watched *w;

	(void)fd;
	(void)what;
	LIST_FOREACH (w, &k->all, entry)
		if (!w->leaving && mtime_ms_since(mtime_now(), w->asked) > KEEP_MS)
			let_go(k, w);
}

/* --- life ----------------------------------------------------------------------------------------------- */

unsigned
keys_count(const struct keys *k)
{
	return k->n;
}

struct keys *
keys_new(struct monitor *m, const int *group, struct readers *readers)
{
	struct keys *k = calloc(1, sizeof(*k));
	const struct timeval tv = {.tv_sec = EVERY_S};

	if (k == NULL)
		return NULL;
	k->m = m;
	k->group = group;
	k->readers = readers;
	LIST_INIT(&k->all);
	k->on_time = event_new(m->base, -1, EV_PERSIST, on_time_cb, k);
	if (k->on_time == NULL || event_add(k->on_time, &tv) == -1)
		keys_free(&k);
	return k;
}

void
keys_free(struct keys **kp)
{
	struct keys *k = *kp;
	struct watched *w;

	*kp = NULL;
	if (k == NULL)
		return;
	while ((w = LIST_FIRST(&k->all)) != NULL)
		forget(k, w);
	if (k->on_time != NULL)
		event_free(k->on_time);
	free(k);
}
