/* vault: see vault.h.  Engine process, in the archive's thread. */
#include "agentd/engine/vault.h"

#include <stdio.h>
#include <stdlib.h>

#define REOPEN_MS  5000
#define MEASURE_MS 60000
#define TEND_MS    3600000
#define SETTLE_MS  300000 /* after a start, before anything goes for its age: the clock may yet be set */
#define MOMENT_MS  100
#define SHED_TRIES 20
#define DAY_MS     86400000

void
told_failed(struct told *t, const char *why)
{
	t->failing = true;
	snprintf(t->why, sizeof(t->why), "%s", why);
}

static enum store_error
set_aside(struct vault *v, struct told *t)
{
	enum store_error e;
	char why[128];

	store_close(&v->store);
	if (store_set_aside(v->path, rtime_now().ms) != 0)
		return STORE_IO;
	t->set_aside++;
	e = store_open(v->path, v->max_bytes, &v->store, why);
	if (e != STORE_OK)
		told_failed(t, why);
	return e;
}

bool
vault_open(struct vault *v, struct told *t)
{
	struct mtime now = mtime_now();
	enum store_error e;

	if (v->store != NULL && store_check(v->store) == STORE_OK)
		return true;
	t->lost += v->store != NULL;
	store_close(&v->store);
	if (v->tried.ns != 0 && t->failing && mtime_ms_since(now, v->tried) < REOPEN_MS)
		return false;
	v->tried = now;
	e = store_open(v->path, v->max_bytes, &v->store, t->why);
	if (e == STORE_CORRUPT)
		e = set_aside(v, t);
	t->failing = e != STORE_OK;
	if (e == STORE_OK)
		t->why[0] = '\0';
	return e == STORE_OK;
}

static enum store_error
put_row(struct store *s, const struct row *r)
{
	switch (r->kind) {
	case ROW_FINDING:
		return store_put_finding(s, &r->u.finding);
	case ROW_SESSION:
		return store_put_session(s, &r->u.session);
	case ROW_LOGINS:
		return store_put_logins(s, &r->u.logins);
	case ROW_CASE:
		return store_put_case(s, &r->u.kase);
	case ROW_DROP_SESSION:
		return store_drop_session(s, r->u.session.boot, r->u.session.ses);
	case ROW_USUAL:
		return store_put_usual(s, &r->u.usual);
	case ROW_DROP_USUAL:
		return store_drop_usual(s, r->u.usual.count != 0 ? NULL : r->u.usual.user);
	}
	return STORE_OK;
}

static enum store_error
put_batch(struct store *s, const struct rows *rows)
{
	const struct row *r;
	enum store_error e = store_begin(s);

	if (e != STORE_OK)
		return e;
	STAILQ_FOREACH(r, rows, link) {
		if ((e = put_row(s, r)) != STORE_OK)
			break;
	}
	if (e == STORE_OK)
		e = store_commit(s);
	if (e != STORE_OK)
		store_rollback(s);
	return e;
}

/* Another try after what can be mended; a tenth of the rows may be few bytes. */
static enum store_error
put_or_mend(struct vault *v, const struct rows *rows, struct told *t)
{
	enum store_error e = put_batch(v->store, rows);

	if (e == STORE_CORRUPT && (e = set_aside(v, t)) == STORE_OK)
		e = put_batch(v->store, rows);
	for (unsigned tries = 0; e == STORE_FULL && tries < SHED_TRIES; tries++) {
		if ((e = store_shed(v->store)) == STORE_OK)
			e = put_batch(v->store, rows);
	}
	return e;
}

/* Each row of its days, and so many rows. */
static struct store_bounds
bounds_now(const struct vault *v)
{
	const int64_t before = rtime_now().ms - v->keep_ms;

	return (struct store_bounds){
	    .before_ms = {before, before, before, before, rtime_now().ms - v->usual_ms},
	    .rows = {
		[STORE_T_FINDINGS] = ST_STORE_FINDINGS,
		[STORE_T_SESSIONS] = ST_STORE_SESSIONS,
		[STORE_T_LOGINS] = ST_STORE_LOGINS,
		[STORE_T_CASES] = ST_STORE_CASES,
		[STORE_T_USUAL] = ST_STORE_USUAL,
	    }};
}

/* Once an hour, in steps; what is not done in a moment goes on behind the next batch. */
static void
tend_a_while(struct vault *v, struct mtime now)
{
	const bool due = mtime_ms_since(now, v->tended) >= TEND_MS;
	const struct store_bounds bounds = bounds_now(v);
	bool count = due;

	if (due)
		v->tended = now;
	v->tending = v->tending || due;
	while (v->tending && mtime_ms_since(mtime_now(), now) < MOMENT_MS) {
		if (store_tend(v->store, &bounds, count, &v->tending) != STORE_OK)
			v->tending = false;
		count = false;
	}
}

static void
tend(struct vault *v, struct told *t)
{
	struct mtime now = mtime_now();

	tend_a_while(v, now);
	if (v->measured.ns == 0 || mtime_ms_since(now, v->measured) >= MEASURE_MS) {
		v->measured = now;
		t->measured = store_measure(v->store, &t->size) == STORE_OK;
	}
}

void
vault_write(struct vault *v, const struct rows *rows, size_t n, struct told *t)
{
	if (!vault_open(v, t)) {
		t->dropped = n;
	} else if (n > 0 && put_or_mend(v, rows, t) != STORE_OK) {
		told_failed(t, v->store != NULL ? store_why(v->store) : "cannot be begun anew");
		t->dropped = n;
	} else {
		t->failing = false;
		t->why[0] = '\0';
		t->written = n;
	}
	if (v->store != NULL)
		tend(v, t);
}

bool
vault_init(struct vault *v, const char *path, uint64_t max_bytes, unsigned days, unsigned usual_days)
{
	*v = (struct vault){.path = strdup(path), .max_bytes = max_bytes,
	    .keep_ms = (int64_t)days * DAY_MS, .usual_ms = (int64_t)usual_days * DAY_MS,
	    .tended = mtime_after(mtime_now(), SETTLE_MS - TEND_MS)};
	return v->path != NULL;
}

void
vault_close(struct vault *v)
{
	store_close(&v->store);
	free(v->path);
	v->path = NULL;
}
