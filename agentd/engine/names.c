/* names: see names.h.  Engine process; lookup_run() in the worker's thread. */
#include "agentd/engine/names.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/queue.h>

#include <event2/event.h>

#include <sshtether/limits.h>

#include "agentd/engine/failures.h"
#include "agentd/engine/worker.h"

#define NAMES_KEPT_MS 300000  /* an answer is asked for again after this */
#define NAMES_RETRY_MS 10000  /* and one that failed after this */
#define NAMES_BUCKETS 1024
#define LOOKUP_ROOM   (64u << 10)

enum name_kind { NAME_USER, NAME_GROUP };

struct name {
	SLIST_ENTRY(name) link; /* of its bucket */
	enum name_kind kind;
	uint32_t id;
	bool pending, known; /* a lookup is on its way; text is a name */
	struct mtime asked;
	char text[ST_NAME_MAX];
};

struct name_wait {
	TAILQ_ENTRY(name_wait) link;
	struct names *names;
	struct event *deadline;
	names_ready_fn *fn;
	void *arg;
	size_t n;
	uint32_t gids[];
};

struct names {
	struct event_base *base;
	void (*answered)(void *arg);
	void *arg;
	struct worker *worker;
	SLIST_HEAD(bucket, name) buckets[NAMES_BUCKETS];
	size_t count, users; /* users: that are being looked up */
	TAILQ_HEAD(, name_wait) waits;
};

struct lookup {
	struct names *names;
	enum name_kind kind;
	uint32_t id;
	bool found;
	char text[ST_NAME_MAX];
};

static struct bucket *
bucket_of(struct names *ns, enum name_kind kind, uint32_t id)
{
	return &ns->buckets[hash_u64((uint64_t)kind << 32 | id) % NAMES_BUCKETS];
}

static struct name *
name_find(struct names *ns, enum name_kind kind, uint32_t id)
{
	struct name *n;

	SLIST_FOREACH(n, bucket_of(ns, kind, id), link) {
		if (n->kind == kind && n->id == id)
			return n;
	}
	return NULL;
}

/* --- in the thread --- */

static void
lookup_run(void *arg)
{
	struct lookup *l = arg;
	char *room = malloc(LOOKUP_ROOM);
	struct passwd pw, *p = NULL;
	struct group gr, *g = NULL;
	const char *text = NULL;

	if (room == NULL)
		return;
	if (l->kind == NAME_USER && getpwuid_r(l->id, &pw, room, LOOKUP_ROOM, &p) == 0 && p != NULL)
		text = p->pw_name;
	if (l->kind == NAME_GROUP && getgrgid_r(l->id, &gr, room, LOOKUP_ROOM, &g) == 0 && g != NULL)
		text = g->gr_name;
	/* A name that does not fit would match another policy condition than its own. */
	l->found = text != NULL && bytes_copy(bytes_of(text), l->text, sizeof(l->text));
	free(room);
}

/* --- in the loop --- */

static bool
group_settled(struct names *ns, uint32_t gid)
{
	const struct name *n = name_find(ns, NAME_GROUP, gid);

	return n != NULL && (n->known || !n->pending); /* an old name does while it is asked for again */
}

bool
names_settled(struct names *ns, const uint32_t *gids, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!group_settled(ns, gids[i]))
			return false;
	}
	return true;
}

static void
wait_free(struct name_wait *w)
{
	TAILQ_REMOVE(&w->names->waits, w, link);
	event_free(w->deadline);
	free(w);
}

static void
wait_end(struct name_wait *w)
{
	names_ready_fn *fn = w->fn;
	void *arg = w->arg;

	wait_free(w);
	fn(arg);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	failure_note(FAIL_NAMES_LATE);
	wait_end(arg);
}

static void
lookup_done(void *arg)
{
	struct lookup *l = arg;
	struct names *ns = l->names;
	struct name *n = name_find(ns, l->kind, l->id);
	const bool user = l->kind == NAME_USER;
	struct name_wait *w, *next;

	if (n != NULL) {
		n->pending = false;
		n->known = l->found;
		memcpy(n->text, l->text, sizeof(n->text));
	}
	free(l);
	if (user && --ns->users == 0)
		ns->answered(ns->arg);
	for (w = TAILQ_FIRST(&ns->waits); w != NULL; w = next) {
		next = TAILQ_NEXT(w, link);
		if (names_settled(ns, w->gids, w->n))
			wait_end(w);
	}
}

static void
ask(struct names *ns, struct name *n)
{
	struct lookup *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return;
	*l = (struct lookup){.names = ns, .kind = n->kind, .id = n->id};
	n->pending = worker_post(ns->worker, lookup_run, lookup_done, l);
	if (!n->pending) {
		free(l);
		return;
	}
	n->asked = mtime_now();
	ns->users += n->kind == NAME_USER;
}

static void
empty(struct names *ns)
{
	struct name *n;

	for (size_t i = 0; i < NAMES_BUCKETS; i++) {
		while ((n = SLIST_FIRST(&ns->buckets[i])) != NULL) {
			SLIST_REMOVE_HEAD(&ns->buckets[i], link);
			free(n);
		}
	}
	ns->count = 0;
}

/* The kept name, asked for again when it is stale.  NULL: out of memory. */
static struct name *
name_get(struct names *ns, enum name_kind kind, uint32_t id)
{
	struct name *n = name_find(ns, kind, id);

	if (n == NULL) {
		if (ns->count >= ST_NAMES)
			empty(ns);
		if ((n = calloc(1, sizeof(*n))) == NULL)
			return NULL;
		n->kind = kind;
		n->id = id;
		SLIST_INSERT_HEAD(bucket_of(ns, kind, id), n, link);
		ns->count++;
		ask(ns, n);
	} else if (!n->pending && (n->asked.ns == 0 || mtime_ms_since(mtime_now(), n->asked) >
	    (n->known ? NAMES_KEPT_MS : NAMES_RETRY_MS)))
		ask(ns, n);
	return n;
}

const char *
names_user(struct names *ns, uint32_t uid)
{
	struct name *n = name_get(ns, NAME_USER, uid);

	return n != NULL && n->known ? n->text : NULL;
}

bool
names_asked_user(const struct names *ns)
{
	return ns->users != 0;
}

const char *
names_group(struct names *ns, uint32_t gid)
{
	struct name *n = name_get(ns, NAME_GROUP, gid);

	return n != NULL && n->known ? n->text : NULL;
}

bool
names_wait_groups(struct names *ns, const uint32_t *gids, size_t n, int64_t deadline_ms,
    names_ready_fn *fn, void *arg)
{
	const struct timeval tv = timeval_of_ms(deadline_ms);
	struct name_wait *w;

	for (size_t i = 0; i < n; i++)
		name_get(ns, NAME_GROUP, gids[i]);
	if (names_settled(ns, gids, n)) {
		fn(arg);
		return true;
	}
	if ((w = calloc(1, sizeof(*w) + n * sizeof(gids[0]))) == NULL)
		return false;
	*w = (struct name_wait){.names = ns, .fn = fn, .arg = arg, .n = n};
	memcpy(w->gids, gids, n * sizeof(gids[0]));
	if ((w->deadline = event_new(ns->base, -1, 0, on_deadline, w)) == NULL) {
		free(w);
		return false;
	}
	event_priority_set(w->deadline, 0);
	event_add(w->deadline, &tv);
	TAILQ_INSERT_TAIL(&ns->waits, w, link);
	return true;
}

void
names_forget(struct names *ns, const void *arg)
{
	struct name_wait *w, *next;

	for (w = TAILQ_FIRST(&ns->waits); w != NULL; w = next) {
		next = TAILQ_NEXT(w, link);
		if (w->arg == arg)
			wait_free(w);
	}
}

/* Name services load their libraries at the first question: now, while that is still allowed. */
static void
warm_up(void)
{
	(void)getpwuid(0);
	(void)getgrgid(0);
	(void)getpwuid(UINT32_MAX - 2);
	(void)getgrgid(UINT32_MAX - 2);
}

struct names *
names_new(struct event_base *base, void (*answered)(void *arg), void *arg)
{
	struct names *ns = calloc(1, sizeof(*ns));

	if (ns == NULL)
		return NULL;
	ns->base = base;
	ns->answered = answered;
	ns->arg = arg;
	TAILQ_INIT(&ns->waits);
	warm_up();
	if ((ns->worker = worker_new(base, "names", ST_NAMES_QUEUE)) == NULL)
		names_free(&ns);
	return ns;
}

void
names_free(struct names **nsp)
{
	struct names *ns = *nsp;
	struct name_wait *w;

	if (ns == NULL)
		return;
	*nsp = NULL;
	while ((w = TAILQ_FIRST(&ns->waits)) != NULL)
		wait_free(w);
	if (!worker_free(&ns->worker, 500))
		return; /* the thread still has our memory */
	empty(ns);
	free(ns);
}
