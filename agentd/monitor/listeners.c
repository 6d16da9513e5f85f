/* listeners: see listeners.h.  Runs in the monitor. */
#include "agentd/monitor/listeners.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "agentd/monitor/clients.h"
#include "agentd/monitor/errand.h"
#include "agentd/monitor/guards.h"
#include "agentd/monitor/keys.h"
#include "agentd/monitor/owner.h"
#include "agentd/monitor/registry.h"
#include "agentd/monitor/sockdiag.h"
#include "agentd/monitor/table.h"
#include "agentd/monitor/watches.h"
#include "base/array.h"
#include "base/log.h"

#define LOOK_EVERY_S 15
#define LEFT_MOST    8 /* looks, in vain or not, for who has it after another; no daemon starts in more steps */
#define AGAIN_MOST   4 /* at a time: each walks over /proc */

_Static_assert(ST_LISTENERS <= GATE_LISTENERS, "the gate has room for all");

struct watched {
	LIST_ENTRY(watched) entry;
	struct gate_listener at;
	char path[UNIX_PATH_MAX + 1]; /* "": the gate does not go by it */
	struct mtime since;
	pid_t holder;  /* whose end is waited for; 0: not known */
	unsigned left; /* how often it was looked who has it now */
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
	if (path[0] != '\0' && at->mux == SOCKET_AGENT)
		keys_agent(watches_keys(l->m->watches), path, at->uid);
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
	struct owner_search search;
	struct listeners *l; /* borrowed; the loop's */
	struct aside *paths; /* borrowed */
	struct request rq;
	bool unasked; /* by the engine: it is not answered */
};

/* Whose file systems are slow, of those whose paths are looked at together: what takes that long makes the rest late. */
struct slow {
	uint32_t user[JOB_LATE_MS / ERRAND_MS + 1];
	unsigned n;
};

static int
leads_there(const struct owned *o, const struct owner_file *file)
{
	return errand_is_there(&(struct errand_file){.uid = o->holder.ruid, .path = o->path,
	    .dev_major = file->dev_major, .dev_minor = file->dev_minor, .inode = file->inode});
}

/*
 * A path counts only where it leads to this socket and nobody else can lay another there.  ssh binds a
 * ControlMaster's as PATH.RANDOM, and links that to PATH (OpenSSH's mux.c, muxserver_listen()).
 */
static int
settle_path(struct owned *o, const struct owner_file *file, bool mux)
{
	char *suffix = strrchr(o->path, '.');
	int rc = leads_there(o, file);

	if (rc != 0 && rc != -ETIMEDOUT && mux && suffix != NULL) {
		*suffix = '\0';
		rc = leads_there(o, file);
	}
	return rc;
}

static bool
is_slow(const struct slow *s, uint32_t user)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->user[i] == user)
			return true;
	return s->n == sizeof(s->user) / sizeof(s->user[0]);
}

/* In a namespace of his own a user has many uids, and one login. */
static void
settle(struct asking *a, struct slow *slow)
{
	struct owned *o = &a->search.owner;
	const uint32_t user = o->holder.auid != AUID_UNSET ? o->holder.auid : o->holder.ruid;
	int rc = -ECANCELED;

	if (!job_is_late(&a->search.job) && !is_slow(slow, user) && !aside_ends(a->paths))
		rc = settle_path(o, &a->search.file, (a->rq.flags & REQF_MUX) != 0);
	if (rc == -ETIMEDOUT)
		slow->user[slow->n++] = user;
	if (rc != 0)
		o->path[0] = '\0';
}

static void
settle_all(struct jobs *jobs)
{
	struct slow slow = {.n = 0};
	struct job *j;

	TAILQ_FOREACH (j, jobs, entry)
		settle((struct asking *)j, &slow);
}

/* What belongs to no session belongs to its uid; a service's socket is nobody's to be kept from. */
static bool
is_local_agent(const struct asking *a)
{
	return a->search.owner.holder.pid != 1 &&
	    (owner_flags(a->l->m, &a->search.owner) & (OWNERF_AGENT | OWNERF_SSH)) != 0;
}

static enum result
conclude(struct asking *a, uint64_t *error)
{
	const struct request *rq = &a->rq;
	const struct owned *o = &a->search.owner;
	const struct facts *f = &o->holder;
	const struct gate_listener at = {.cookie = o->cookie, .inode = rq->inode,
	    .dev_major = rq->dev_major, .dev_minor = rq->dev_minor, .ses = rq->ses, .uid = f->ruid,
	    .mux = (rq->flags & REQF_MUX) != 0 ? SOCKET_MUX : SOCKET_AGENT};

	if (a->search.rc == -ENOENT)
		return RES_NOT_FOUND;
	if (a->search.rc == -EOVERFLOW)
		return RES_UNREAD;
	if (a->search.rc != 0) {
		*error = (uint64_t)-a->search.rc;
		return RES_DENIED;
	}
	if (rq->ses == SES_UNSET)
		return is_local_agent(a) ? watch(a->l, &at, o->path, error) : RES_PROTECTED;
	if (f->ses != rq->ses)
		return RES_OTHER_SESSION;
	if (registry_get(a->l->m->registry, rq->ses) == NULL)
		return RES_NO_SESSION;
	return watch(a->l, &at, o->path, error);
}

static bool ask(struct listeners *, const struct request *, bool unasked);
static void look_for_gone(struct listeners *);

/* Who has it now, for the one that did has ended, or was not found. */
static void
look_again(struct listeners *l, struct watched *w)
{
	const struct request rq = {.kind = REQ_SOCKET, .ses = w->at.ses, .inode = w->at.inode,
	    .dev_major = w->at.dev_major, .dev_minor = w->at.dev_minor,
	    .flags = w->at.mux == SOCKET_MUX ? REQF_MUX : 0};

	w->holder = 0;
	if (w->left++ < LEFT_MOST)
		(void)ask(l, &rq, true);
}

void
listeners_left(struct listeners *l, pid_t pid)
{
	struct watched *w;

	LIST_FOREACH (w, &l->all, entry)
		if (w->holder == pid)
			look_again(l, w);
}

static void
guard_holder(const struct asking *a)
{
	struct watched *w = find(a->l, a->search.owner.cookie);

	if (guards_take(watches_guards(a->l->m->watches), &a->search.owner.holder) && w != NULL)
		w->holder = a->search.owner.holder.pid;
}

/* Who made it leaves it to a child and ends, now and then while we look: then it is as if nobody was found. */
static void
looked_at(struct job *job)
{
	struct asking *a = (struct asking *)job;
	uint64_t error = 0;
	enum result result = conclude(a, &error);

	if (result == RES_OK)
		guard_holder(a);
	if (a->search.rc == 0 && !facts_live(&a->search.owner.holder))
		result = RES_NOT_FOUND;
	if (!a->unasked)
		table_answer(a->l->m, a->rq.id, result, error);
	else if (a->search.rc == -ENOENT)
		look_for_gone(a->l); /* what is gone takes no room from the next of its user */
	else if (result == RES_NOT_FOUND && find(a->l, a->search.owner.cookie) != NULL)
		look_again(a->l, find(a->l, a->search.owner.cookie));
	free(a);
}

/* Its path takes as long as who made it likes: others' owners do not wait for that. */
static void
found(struct job *job)
{
	struct asking *a = (struct asking *)job;
	struct owned *o = &a->search.owner;

	*job = (struct job){.run_all = settle_all, .done = looked_at};
	if (a->search.rc == 0 && o->path[0] != '\0') {
		if (aside_give(a->paths, job))
			return;
		o->path[0] = '\0';
	}
	looked_at(job);
}

static bool
ask(struct listeners *l, const struct request *rq, bool unasked)
{
	struct asking *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return false;
	a->search = (struct owner_search){.job = {.run_all = owner_find_all, .done = found}, .file = owner_file_of(rq),
	    .hint = rq->pid};
	a->l = l;
	a->paths = l->m->work[WORK_PATH];
	a->rq = *rq;
	a->unasked = unasked;
	if (aside_give(l->m->work[WORK_FIND], &a->search.job))
		return true;
	free(a);
	return false;
}

enum result
handle_socket(struct monitor *m, const struct request *rq, struct answer *answer)
{
	if (rq->inode == 0 || (rq->flags & ~(uint32_t)REQF_MUX) != 0)
		return RES_BAD;
	if (rq->ses != SES_UNSET && registry_get(m->registry, rq->ses) == NULL)
		return RES_NO_SESSION;
	answer->later = ask(m->listeners, rq, false);
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
	uint64_t *wide = array_grow(k->cookie, k->n, &k->cap, sizeof(*wide), SIZE_MAX);

	if (wide == NULL)
		return -ENOMEM;
	k->cookie = wide;
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
	unsigned again = 0;

	k->l->looking = false;
	clients_know(k->l->m->clients, &k->clients);
	for (w = k->rc == 0 ? LIST_FIRST(&k->l->all) : NULL; w != NULL; w = next) {
		next = LIST_NEXT(w, entry);
		if (is_gone(k, w))
			forget(k->l, w);
		else if (w->holder == 0 && w->left < LEFT_MOST && again++ < AGAIN_MOST)
			look_again(k->l, w); /* it was in vain */
	}
	free(k->cookie);
	free(k);
}

static void
look_for_gone(struct listeners *l)
{
	struct look *k;

	if (l->looking || (k = calloc(1, sizeof(*k))) == NULL)
		return;
	k->job = (struct job){.run = look, .done = looked};
	k->l = l;
	l->looking = aside_give(l->m->work[WORK_FIND], &k->job);
	if (!l->looking)
		free(k);
}

static void
on_time_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	look_for_gone(arg);
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
