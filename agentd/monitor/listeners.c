/* listeners: see listeners.h.  Runs in the monitor. */
#include "agentd/monitor/listeners.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "agentd/monitor/clients.h"
#include "agentd/monitor/errand.h"
#include "agentd/monitor/owner.h"
#include "agentd/monitor/registry.h"
#include "agentd/monitor/sockdiag.h"
#include "agentd/monitor/table.h"
#include "base/log.h"

#define LOOK_EVERY_S 15
#define TOO_LATE_MS  4000

_Static_assert(ST_LISTENERS <= GATE_LISTENERS, "the gate has room for all");

struct watched {
	LIST_ENTRY(watched) entry;
	struct gate_listener at;
	char path[UNIX_PATH_MAX + 1]; /* "": the gate does not go by it */
	struct mtime since;
};

struct listeners {
	struct monitor *m; /* borrowed */
	LIST_HEAD(, watched) all;
	unsigned n;
	struct event *on_time;
	bool looking;
};

/* --- what is watched ------------------------------------------------------------------------------------ */

static const char *
path_of(const struct watched *w)
{
	return w->path[0] != '\0' ? w->path : NULL;
}

static void
forget(struct listeners *l, struct watched *w)
{
	(void)gate_listener_drop(l->m->gate, w->at.cookie, path_of(w));
	LIST_REMOVE(w, entry);
	l->n--;
	free(w);
}

/* Of one session, whatever the uids (in a namespace of his own a user has many); outside of sessions, of one user. */
static bool
has_room(const struct listeners *l, const struct gate_listener *at)
{
	const struct watched *w;
	unsigned same = 0;

	LIST_FOREACH (w, &l->all, entry)
		same += w->at.ses == at->ses && (at->ses != SES_UNSET || w->at.uid == at->uid);
	return same < ST_LISTENERS_SES && l->n < ST_LISTENERS;
}

static struct watched *
find(const struct listeners *l, uint64_t cookie)
{
	struct watched *w;

	LIST_FOREACH (w, &l->all, entry)
		if (w->at.cookie == cookie)
			return w;
	return NULL;
}

static struct watched *
watched_new(struct listeners *l, const struct gate_listener *at, const char *path)
{
	struct watched *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->at = *at;
	w->since = mtime_now();
	(void)bytes_copy(bytes_of(path), w->path, sizeof(w->path));
	LIST_INSERT_HEAD(&l->all, w, entry);
	l->n++;
	return w;
}

/* What the engine said before of the same listener no longer counts. */
static enum result
watch(struct listeners *l, const struct gate_listener *at, const char *path, uint64_t *error)
{
	struct watched *w = find(l, at->cookie);
	int rc;

	if (w == NULL && (!has_room(l, at) || (w = watched_new(l, at, path)) == NULL))
		return RES_RATE;
	w->at = *at;
	rc = gate_listener_set(l->m->gate, &w->at, path_of(w));
	if (rc == 0)
		return RES_OK;
	forget(l, w);
	*error = (uint64_t)-rc;
	return RES_DENIED;
}

bool
listeners_watch(struct listeners *l, const struct gate_listener *at)
{
	uint64_t unused;

	return find(l, at->cookie) != NULL || watch(l, at, "", &unused) == RES_OK;
}

/* --- a new one ------------------------------------------------------------------------------------------ */

struct asking {
	struct job job;
	struct listeners *l; /* borrowed; the loop's */
	struct request rq;
	struct owned owner;
	int rc;
};

static bool
leads_there(const struct owned *o, const struct owner_file *file)
{
	return errand_is_there(&(struct errand_file){.uid = o->holder.ruid, .path = o->path,
	    .dev_major = file->dev_major, .dev_minor = file->dev_minor, .inode = file->inode}) == 0;
}

/*
 * A path counts only where it leads to this socket and nobody else can lay another there.  ssh binds a
 * ControlMaster's as PATH.RANDOM, and links that to PATH (OpenSSH's mux.c, muxserver_listen()).
 */
static void
settle_path(struct owned *o, const struct owner_file *file, bool mux)
{
	char *suffix = strrchr(o->path, '.');

	if (o->path[0] == '\0' || leads_there(o, file))
		return;
	if (mux && suffix != NULL) {
		*suffix = '\0';
		if (leads_there(o, file))
			return;
	}
	o->path[0] = '\0';
}

static void
look_at(struct job *job)
{
	struct asking *a = (struct asking *)job;
	const struct owner_file file = owner_file_of(&a->rq);

	a->rc = mtime_ms_since(mtime_now(), job->since) > TOO_LATE_MS ? -ETIMEDOUT :
	    owner_find(&file, a->rq.pid, &a->owner);
	if (a->rc == 0)
		settle_path(&a->owner, &file, (a->rq.flags & REQF_MUX) != 0);
}

/* What belongs to no session belongs to its uid; a service's socket is nobody's to be kept from. */
static bool
is_local_agent(const struct asking *a)
{
	return a->owner.holder.pid != 1 &&
	    (owner_flags(a->l->m, &a->owner) & (OWNERF_AGENT | OWNERF_SSH)) != 0;
}

static enum result
conclude(struct asking *a, uint64_t *error)
{
	const struct request *rq = &a->rq;
	const struct facts *f = &a->owner.holder;
	const struct gate_listener at = {.cookie = a->owner.cookie, .inode = rq->inode,
	    .dev_major = rq->dev_major, .dev_minor = rq->dev_minor, .ses = rq->ses, .uid = f->ruid,
	    .mux = (rq->flags & REQF_MUX) != 0 ? SOCKET_MUX : SOCKET_AGENT};

	if (a->rc == -ENOENT)
		return RES_NOT_FOUND;
	if (a->rc != 0) {
		*error = (uint64_t)-a->rc;
		return RES_DENIED;
	}
	if (rq->ses == SES_UNSET)
		return is_local_agent(a) ? watch(a->l, &at, a->owner.path, error) : RES_PROTECTED;
	if (f->ses != rq->ses)
		return RES_OTHER_SESSION;
	if (registry_get(a->l->m->registry, rq->ses) == NULL)
		return RES_NO_SESSION;
	return watch(a->l, &at, a->owner.path, error);
}

static void
looked_at(struct job *job)
{
	struct asking *a = (struct asking *)job;
	uint64_t error = 0;
	enum result result = conclude(a, &error);

	table_answer(a->l->m, a->rq.id, result, error);
	free(a);
}

enum result
handle_socket(struct monitor *m, const struct request *rq, struct answer *answer)
{
	struct asking *a;

	if (rq->inode == 0 || (rq->flags & ~(uint32_t)REQF_MUX) != 0)
		return RES_BAD;
	if (rq->ses != SES_UNSET && registry_get(m->registry, rq->ses) == NULL)
		return RES_NO_SESSION;
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return RES_RATE;
	a->job = (struct job){.run = look_at, .done = looked_at};
	a->l = m->listeners;
	a->rq = *rq;
	answer->later = aside_give(m->work[WORK_FIND], &a->job);
	if (!answer->later)
		free(a);
	return answer->later ? RES_OK : RES_RATE;
}

/* --- those that are gone -------------------------------------------------------------------------------- */

struct look {
	struct job job;
	struct listeners *l; /* borrowed; the loop's */
	struct mtime start;
	uint64_t *cookie; /* of all that listen; owned */
	struct clients_found clients;
	size_t n, cap;
	int rc;
};

static int
note(const struct diag_unix *u, void *arg)
{
	struct look *k = arg;

	if (k->n == k->cap) {
		size_t cap = k->cap == 0 ? 256 : k->cap * 2;
		uint64_t *wide = reallocarray(k->cookie, cap, sizeof(*wide));

		if (wide == NULL)
			return -ENOMEM;
		k->cookie = wide;
		k->cap = cap;
	}
	k->cookie[k->n++] = u->cookie;
	return 0;
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void
look(struct job *job)
{
	struct look *k = (struct look *)job;

	clients_find(&k->clients);
	k->start = mtime_now();
	k->rc = diag_listeners_each(note, k);
	if (k->n != 0)
		qsort(k->cookie, k->n, sizeof(*k->cookie), compare);
}

static bool
is_gone(const struct look *k, const struct watched *w)
{
	if (w->at.ses != SES_UNSET && registry_get(k->l->m->registry, w->at.ses) == NULL)
		return true;
	return w->since.ns < k->start.ns && (k->n == 0 ||
	    bsearch(&w->at.cookie, k->cookie, k->n, sizeof(*k->cookie), compare) == NULL);
}

static void
looked(struct job *job)
{
	struct look *k = (struct look *)job;
	struct watched *w, *next;

	k->l->looking = false;
	clients_know(k->l->m->clients, &k->clients);
	for (w = k->rc == 0 ? LIST_FIRST(&k->l->all) : NULL; w != NULL; w = next) {
		next = LIST_NEXT(w, entry);
		if (is_gone(k, w))
			forget(k->l, w);
	}
	free(k->cookie);
	free(k);
}

static void
on_time_cb(evutil_socket_t fd, short what, void *arg)
{
	struct listeners *l = arg;
	struct look *k;

	(void)fd;
	(void)what;
	if (l->looking || (k = calloc(1, sizeof(*k))) == NULL)
		return;
	k->job = (struct job){.run = look, .done = looked};
	k->l = l;
	l->looking = aside_give(l->m->work[WORK_FIND], &k->job);
	if (!l->looking)
		free(k);
}

/* --- life ----------------------------------------------------------------------------------------------- */

struct listeners *
listeners_new(struct monitor *m)
{
	struct listeners *l = calloc(1, sizeof(*l));
	struct timeval tv = {.tv_sec = LOOK_EVERY_S};

	if (l == NULL)
		return NULL;
	l->m = m;
	LIST_INIT(&l->all);
	l->on_time = event_new(m->base, -1, EV_PERSIST, on_time_cb, l);
	if (l->on_time == NULL || event_add(l->on_time, &tv) == -1)
		listeners_free(&l);
	return l;
}

/* What the gate knows stays with it. */
void
listeners_free(struct listeners **l)
{
	struct watched *w;

	if (*l == NULL)
		return;
	while ((w = LIST_FIRST(&(*l)->all)) != NULL) {
		LIST_REMOVE(w, entry);
		free(w);
	}
	if ((*l)->on_time != NULL)
		event_free((*l)->on_time);
	free(*l);
	*l = NULL;
}
