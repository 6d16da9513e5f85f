/* vault: see vault.h.  Engine process, in the archive's thread. */
#include "agentd/engine/vault.h"

#include <stdio.h>
#include <stdlib.h>

#define REOPEN_MS  5000
#define MEASURE_MS 60000
#define PRUNE_MS   3600000
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
	case ROW_DROP_SESSION:
		return store_drop_session(s, r->u.session.boot, r->u.session.ses);
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

/* A second try after what can be mended. */
static enum store_error
put_or_mend(struct vault *v, const struct rows *rows, struct told *t)
{
	enum store_error e = put_batch(v->store, rows);

	if (e == STORE_CORRUPT)
		e = set_aside(v, t);
	else if (e == STORE_FULL)
		e = store_prune(v->store, 0, true);
	else
		return e;
	return e == STORE_OK ? put_batch(v->store, rows) : e;
}

static void
tend(struct vault *v, struct told *t)
{
	struct mtime now = mtime_now();

	if (v->pruned.ns == 0 || mtime_ms_since(now, v->pruned) >= PRUNE_MS) {
		v->pruned = now;
		(void)store_prune(v->store, rtime_now().ms - v->keep_ms, false);
	}
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
vault_init(struct vault *v, const char *path, uint64_t max_bytes, unsigned days)
{
	*v = (struct vault){.path = strdup(path), .max_bytes = max_bytes,
	    .keep_ms = (int64_t)days * DAY_MS};
	return v->path != NULL;
}

void
vault_close(struct vault *v)
{
	store_close(&v->store);
	free(v->path);
	v->path = NULL;
}
