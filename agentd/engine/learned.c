/* learned: see learned.h.  Engine process, in the loop; the archive's thread does what waits for the disk. */
#include "agentd/engine/learned.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "agentd/engine/vault.h"
#include "base/log.h"

#define WRITE_MS  60000
#define RETRY_MS  5000
#define AHEAD     (ST_STORE_BATCH * ST_STORE_QUEUE / 4) /* rows that wait for the archive's thread, at most */

enum learned_state { NOT_KEPT, RESTORING, KEPT };

/* Somebody who waits until all is written. */
struct waiter {
	STAILQ_ENTRY(waiter) link;
	learned_saved_fn *fn;
	void *arg;
	bool posted; /* all rows are before the archive's thread; it says when they are written */
	struct learned *learned; /* borrowed */
};
STAILQ_HEAD(waiters, waiter);

struct learned {
	struct baseline *baseline;
	struct baseline_settings set;
	struct archive *archive; /* borrowed */
	enum learned_state state;
	bool judges; /* the host's days were enough when somebody looked */
	/* RESTORING */
	bool asked;
	struct mtime tried;
	char name[ST_USUAL_TEXT], value[ST_USUAL_TEXT];
	struct store_usual last; /* row of the page before */
	uint64_t rows;
	char why[128]; /* it cannot be read; "" */
	/* KEPT */
	struct mtime written;
	bool writing;  /* there is more to write than the archive took */
	bool lost;     /* the store lacks something that it was told */
	uint64_t dropped, begun_anew; /* rows and stores, when the archive was looked at last */
	struct waiters waiters;
};

/* Are the host's days before today enough? */
static bool
is_active(const struct learned *l, struct usual *u)
{
	baseline_ask(l->baseline, &(struct usual_key){USUAL_ACTIVE, "", ""}, rtime_now(), u);
	return l->state != RESTORING && u->data >= l->set.data;
}

/* --- out of the store ---------------------------------------------------------------------------------------- */

static void restore(struct learned *);

static void
take_row(struct learned *l, const struct store_usual *row)
{
	struct usual_row r = {.key = {.user = row->user, .value = row->value}, .day = row->day, .count = row->count};

	l->rows++;
	if (usual_parse(bytes_of(row->kind), &r.key.kind)) /* else of a version that had more of them */
		baseline_restore(l->baseline, &r);
}

static void
remember(struct learned *l, const struct store_usual *row)
{
	enum usual_kind kind;

	(void)bytes_copy(bytes_of(row->user), l->name, sizeof(l->name));
	(void)bytes_copy(bytes_of(row->value), l->value, sizeof(l->value));
	l->last = (struct store_usual){.day = row->day, .user = l->name, .value = l->value,
	    .kind = usual_parse(bytes_of(row->kind), &kind) ? usual_name(kind) : "~"};
}

static void
on_page(const struct rows *rows, bool more, const char *why, void *arg)
{
	struct learned *l = arg;
	const struct row *r, *last = NULL;
	struct usual u;

	l->asked = false;
	if (why != NULL) {
		if (l->why[0] == '\0')
			log_warn("what is usual cannot be read yet: %s", why);
		(void)snprintf(l->why, sizeof(l->why), "%s", why);
		return;
	}
	l->why[0] = '\0';
	STAILQ_FOREACH(r, rows, link) {
		take_row(l, &r->u.usual);
		last = r;
	}
	if (last != NULL)
		remember(l, &last->u.usual);
	if (more) {
		restore(l);
		return;
	}
	l->state = KEPT;
	baseline_hold(l->baseline, false);
	l->judges = is_active(l, &u);
	log_info("what is usual is known again: %llu rows", (unsigned long long)l->rows);
}

/* Days that are yet to come are of a clock that was wrong. */
static void
restore(struct learned *l)
{
	const int32_t today = usual_day(rtime_now());

	l->tried = mtime_now();
	l->asked = archive_get_usual(l->archive, today - (int32_t)l->set.window + 1, today + 1,
	    l->last.user != NULL ? &l->last : NULL, on_page, l);
}

/* --- into the store ------------------------------------------------------------------------------------------ */

static void
write_row(const struct usual_row *r, void *arg)
{
	struct learned *l = arg;

	archive_usual(l->archive, &(struct store_usual){.kind = usual_name(r->key.kind), .user = r->key.user,
	    .value = r->key.value, .day = r->day, .count = r->count});
}

/* What was told and did not come to be is told again, once the store works. */
static bool
look_after(struct learned *l)
{
	struct archive_state s;

	archive_state(l->archive, &s);
	l->lost = l->lost || s.failing || s.dropped != l->dropped || s.set_aside + s.lost != l->begun_anew;
	l->dropped = s.dropped;
	l->begun_anew = s.set_aside + s.lost;
	if (s.failing)
		return false;
	if (l->lost)
		baseline_tell_all(l->baseline);
	l->lost = false;
	return true;
}

static void
write_some(struct learned *l)
{
	struct archive_state s;
	size_t room;

	archive_state(l->archive, &s);
	room = s.queued < AHEAD ? AHEAD - s.queued : 0;
	l->writing = baseline_changed(l->baseline, room, write_row, l) == room;
}

static void
on_synced(bool ok, void *arg)
{
	struct waiter *w = arg;

	STAILQ_REMOVE(&w->learned->waiters, w, waiter, link);
	w->fn(ok, w->arg);
	free(w);
}

/* All that they wait for is before the archive. */
static void
post_waiters(struct learned *l)
{
	struct waiter *w, *next;

	for (w = STAILQ_FIRST(&l->waiters); w != NULL; w = next) {
		next = STAILQ_NEXT(w, link);
		if (!w->posted)
			w->posted = archive_sync(l->archive, on_synced, w);
	}
}

static void
write_on(struct learned *l)
{
	write_some(l);
	if (!l->writing)
		post_waiters(l);
}

static bool
is_waited_for(const struct learned *l)
{
	const struct waiter *w;

	STAILQ_FOREACH(w, &l->waiters, link) {
		if (!w->posted)
			return true;
	}
	return false;
}

void
learned_tick(struct learned *l, struct mtime now)
{
	if (l->state == RESTORING && !l->asked && mtime_ms_since(now, l->tried) >= RETRY_MS)
		restore(l);
	if (l->state != KEPT)
		return;
	if (mtime_ms_since(now, l->written) >= WRITE_MS && look_after(l)) {
		l->written = now;
		l->writing = true;
	}
	if (l->writing || is_waited_for(l))
		write_on(l);
}

unsigned
learned_begins(struct learned *l)
{
	const bool before = l->judges;
	struct usual u;

	if (l->state == RESTORING)
		return 0;
	l->judges = is_active(l, &u);
	return l->judges && !before ? u.data : 0;
}

void
learned_end(struct learned *l)
{
	if (l != NULL && l->state == KEPT)
		(void)baseline_changed(l->baseline, AHEAD, write_row, l);
}

/* --- by hand ------------------------------------------------------------------------------------------------- */

bool
learned_is_whole(const struct learned *l)
{
	return l->state != RESTORING;
}

const char *
learned_unread(const struct learned *l)
{
	return l->state == RESTORING && l->why[0] != '\0' ? l->why : NULL;
}

void
learned_reset(struct learned *l, const char *user)
{
	baseline_forget(l->baseline, user);
	if (l->archive != NULL)
		archive_drop_usual(l->archive, user);
}

void
learned_save(struct learned *l, learned_saved_fn *fn, void *arg)
{
	struct waiter *w = l->state == KEPT ? calloc(1, sizeof(*w)) : NULL;

	if (w == NULL) {
		fn(false, arg);
		return;
	}
	*w = (struct waiter){.fn = fn, .arg = arg, .learned = l};
	STAILQ_INSERT_TAIL(&l->waiters, w, link);
	write_on(l);
}

/* --- its life ------------------------------------------------------------------------------------------------ */

struct baseline *
learned_baseline(struct learned *l)
{
	return l->baseline;
}

void
learned_keep(struct learned *l, struct archive *archive)
{
	l->archive = archive;
	l->written = mtime_now();
	if (archive == NULL)
		return;
	l->state = RESTORING;
	baseline_hold(l->baseline, true);
	restore(l);
}

struct learned *
learned_new(const struct baseline_settings *set)
{
	struct learned *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->set = *set;
	l->set.kept = true;
	STAILQ_INIT(&l->waiters);
	if ((l->baseline = baseline_new(&l->set)) == NULL)
		learned_free(&l);
	return l;
}

/* After the archive: its answers are not awaited any more. */
void
learned_free(struct learned **lp)
{
	struct learned *l = *lp;
	struct waiter *w;

	if (l == NULL)
		return;
	*lp = NULL;
	while ((w = STAILQ_FIRST(&l->waiters)) != NULL) {
		STAILQ_REMOVE_HEAD(&l->waiters, link);
		free(w);
	}
	baseline_free(&l->baseline);
	free(l);
}

void
learned_json(struct learned *l, struct json *j)
{
	struct baseline_stats s;
	struct usual u;
	const bool active = is_active(l, &u);
	const char *state = l->state == RESTORING ? "restoring" : active ? "active" : "learning";

	baseline_stats(l->baseline, &s);
	json_object(j);
	json_kstr(j, "state", state);
	json_kuint(j, "days", l->set.window);
	json_kuint(j, "data_days", u.data);
	json_kuint(j, "active_after", l->set.data);
	json_kuint(j, "active_days", l->set.active);
	json_kuint(j, "users", s.users);
	json_kuint(j, "entries", s.entries);
	json_kuint(j, "bytes", s.bytes);
	json_kuint(j, "dropped", s.dropped);
	json_kstr(j, "why", l->why[0] != '\0' ? l->why : NULL);
	json_end(j, '}');
}
