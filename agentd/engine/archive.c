/*
 * archive: see archive.h.  Engine process.  The vault belongs to the thread, everything else to the loop;
 * a job carries what passes between them.
 */
#include "agentd/engine/archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "agentd/engine/failures.h"
#include "agentd/engine/vault.h"
#include "agentd/engine/worker.h"
#include "base/log.h"

#define TEND_MS 10000 /* an idle store is looked after this often */

enum job_kind { JOB_WRITE, JOB_FIND, JOB_GET };

struct job {
	LIST_ENTRY(job) link;
	struct archive *archive; /* loop only, but for its vault */
	enum job_kind kind;
	struct told told;
	/* JOB_WRITE */
	struct rows rows;
	size_t nrows;
	/* JOB_FIND, JOB_GET */
	struct store_query query;
	char user[256], activity[64], boot[64];
	struct buf out;
	bool cut, found, forgotten;
	struct store_session session;
	archive_found_fn *on_found;
	archive_session_fn *on_session;
	void *arg;
};

struct archive {
	struct archive_options opt;
	struct worker *worker;
	struct vault vault;
	struct rows rows; /* gathered */
	size_t nrows, inflight;
	struct mtime posted; /* the last batch, be it an empty one */
	struct archive_state state;
	LIST_HEAD(, job) jobs;
};

/* --- in the thread ------------------------------------------------------------------------------ */

static void
run_job(void *arg)
{
	struct job *j = arg;
	struct vault *v = &j->archive->vault;
	struct told *t = &j->told;

	if (j->kind == JOB_WRITE) {
		vault_write(v, &j->rows, j->nrows, t);
	} else if (!vault_open(v, t)) {
		return;
	} else if (j->kind == JOB_GET) {
		j->found = store_session_get(v->store, j->boot, j->query.ses, &j->session, &j->out);
	} else if (store_find(v->store, &j->query, &j->out, &j->cut) == STORE_OK) {
		j->found = true;
	} else {
		told_failed(t, store_why(v->store));
	}
}

/* --- in the loop -------------------------------------------------------------------------------- */

static void
rows_free(struct rows *rows)
{
	struct row *r;

	while ((r = STAILQ_FIRST(rows)) != NULL) {
		STAILQ_REMOVE_HEAD(rows, link);
		free(r);
	}
}

static void
job_free(struct job *j)
{
	rows_free(&j->rows);
	buf_free(&j->out);
	free(j);
}

static void
hear(struct archive *a, const struct told *t)
{
	const bool was_failing = a->state.failing;

	a->state.written += t->written;
	a->state.dropped += t->dropped;
	a->state.set_aside += t->set_aside;
	a->state.failing = t->failing;
	if (t->measured)
		a->state.size = t->size;
	memcpy(a->state.why, t->why, sizeof(a->state.why));
	failure_add(FAIL_STORE_WRITE, t->dropped);
	failure_add(FAIL_STORE_SET_ASIDE, t->set_aside);
	if (t->set_aside > 0)
		a->opt.trouble("store-set-aside",
		    "the store was damaged; it was set aside and begun anew", a->opt.arg);
	if (t->failing && !was_failing) {
		char sentence[192];

		snprintf(sentence, sizeof(sentence), "the store cannot be written: %s", t->why);
		a->opt.trouble("store-failing", sentence, a->opt.arg);
	} else if (!t->failing && was_failing)
		log_info("the store is written again");
}

static void
job_done(void *arg)
{
	struct job *j = arg;
	struct archive *a = j->archive;

	hear(a, &j->told);
	a->inflight -= j->nrows;
	if (j->kind != JOB_WRITE)
		LIST_REMOVE(j, link);
	if (j->kind == JOB_FIND && !j->forgotten)
		j->on_found(buf_bytes(&j->out), j->cut, j->found ? NULL : j->told.why, j->arg);
	if (j->kind == JOB_GET && !j->forgotten)
		j->on_session(j->found ? &j->session : NULL, j->arg);
	job_free(j);
}

static struct job *
job_new(struct archive *a, enum job_kind kind)
{
	struct job *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return NULL;
	j->archive = a;
	j->kind = kind;
	j->told.failing = a->state.failing;
	memcpy(j->told.why, a->state.why, sizeof(j->told.why));
	STAILQ_INIT(&j->rows);
	return j;
}

void
archive_flush(struct archive *a)
{
	const struct mtime now = mtime_now();
	struct job *j;

	/* An empty batch now and then: the thread looks after the file and measures it. */
	if (a->nrows == 0 && a->posted.ns != 0 && mtime_ms_since(now, a->posted) < TEND_MS)
		return;
	if ((j = job_new(a, JOB_WRITE)) == NULL)
		return;
	a->posted = now;
	STAILQ_CONCAT(&j->rows, &a->rows);
	j->nrows = a->nrows;
	a->nrows = 0;
	a->inflight += j->nrows;
	if (worker_post(a->worker, run_job, job_done, j))
		return;
	a->inflight -= j->nrows;
	a->state.dropped += j->nrows;
	failure_add(FAIL_STORE_QUEUE, j->nrows);
	job_free(j);
}

/* --- rows: copied with their strings into one piece --- */

static struct row *
row_new(enum row_kind kind, const char **fields[], size_t n)
{
	size_t total = 0, at = 0;
	struct row *r;

	for (size_t i = 0; i < n; i++)
		total += (*fields[i] != NULL ? strlen(*fields[i]) : 0) + 1;
	if ((r = calloc(1, sizeof(*r) + total)) == NULL)
		return NULL;
	r->kind = kind;
	for (size_t i = 0; i < n; i++) {
		size_t len = *fields[i] != NULL ? strlen(*fields[i]) : 0;

		if (len > 0)
			memcpy(r->strings + at, *fields[i], len);
		*fields[i] = r->strings + at; /* of the caller's copy, which goes into the row */
		at += len + 1;
	}
	return r;
}

static void
gather(struct archive *a, struct row *r)
{
	STAILQ_INSERT_TAIL(&a->rows, r, link);
	if (++a->nrows >= ST_STORE_BATCH)
		archive_flush(a);
}

static void
row_lost(struct archive *a)
{
	a->state.dropped++;
	failure_note(FAIL_STORE_QUEUE);
}

void
archive_finding(struct archive *a, const struct store_finding *from)
{
	struct store_finding f = *from;
	char *json = malloc(f.json.n + 1);
	const char *text = json;
	const char **fields[] = {&f.boot, &f.user, &f.activity, &f.action, &f.done, &f.severity, &text};
	struct row *r = NULL;

	if (json != NULL) {
		memcpy(json, f.json.p, f.json.n);
		json[f.json.n] = '\0'; /* JSON text has no NUL of its own */
		r = row_new(ROW_FINDING, fields, sizeof(fields) / sizeof(fields[0]));
	}
	free(json);
	if (r == NULL) {
		row_lost(a);
		return;
	}
	f.json.p = text;
	r->u.finding = f;
	gather(a, r);
}

static void
gather_session(struct archive *a, enum row_kind kind, const struct store_session *from)
{
	struct store_session s = *from;
	const char **fields[] = {&s.boot, &s.user, &s.ip, &s.service, &s.tty, &s.method, &s.key_type,
	    &s.key, &s.ca, &s.cert_id, &s.groups};
	struct row *r = row_new(kind, fields, sizeof(fields) / sizeof(fields[0]));

	if (r == NULL) {
		row_lost(a);
		return;
	}
	r->u.session = s;
	gather(a, r);
}

void
archive_session(struct archive *a, const struct store_session *s)
{
	gather_session(a, ROW_SESSION, s);
}

void
archive_drop_session(struct archive *a, const char *boot, uint32_t ses)
{
	const struct store_session s = {.boot = boot, .ses = ses};

	gather_session(a, ROW_DROP_SESSION, &s);
}

void
archive_logins(struct archive *a, const struct store_logins *from)
{
	struct store_logins l = *from;
	const char **fields[] = {&l.user, &l.ip, &l.key, &l.method};
	struct row *r = row_new(ROW_LOGINS, fields, sizeof(fields) / sizeof(fields[0]));

	if (r == NULL) {
		row_lost(a);
		return;
	}
	r->u.logins = l;
	gather(a, r);
}

/* --- questions --- */

/* NULL stays NULL; false: it does not fit, so nothing can match it. */
static bool
own(const char **field, char *room, size_t cap)
{
	if (*field == NULL)
		return true;
	if (!bytes_copy(bytes_of(*field), room, cap))
		return false;
	*field = room;
	return true;
}

static bool
post(struct archive *a, struct job *j)
{
	if (!worker_post(a->worker, run_job, job_done, j)) {
		job_free(j);
		return false;
	}
	LIST_INSERT_HEAD(&a->jobs, j, link);
	return true;
}

bool
archive_find(struct archive *a, const struct store_query *q, archive_found_fn *fn, void *arg)
{
	struct job *j;

	archive_flush(a); /* what was gathered is part of the answer */
	if ((j = job_new(a, JOB_FIND)) == NULL)
		return false;
	j->query = *q;
	j->on_found = fn;
	j->arg = arg;
	if (!own(&j->query.user, j->user, sizeof(j->user)) ||
	    !own(&j->query.activity, j->activity, sizeof(j->activity)) ||
	    !own(&j->query.boot, j->boot, sizeof(j->boot))) {
		job_free(j);
		return false;
	}
	return post(a, j);
}

bool
archive_get_session(struct archive *a, const char *boot, uint32_t ses, archive_session_fn *fn,
    void *arg)
{
	struct job *j = job_new(a, JOB_GET);

	if (j == NULL)
		return false;
	(void)bytes_copy(bytes_of(boot), j->boot, sizeof(j->boot));
	j->query.ses = ses;
	j->on_session = fn;
	j->arg = arg;
	return post(a, j);
}

void
archive_state(struct archive *a, struct archive_state *out)
{
	*out = a->state;
	out->queued = a->nrows + a->inflight;
}

const char *
archive_path(const struct archive *a)
{
	return a->vault.path;
}

struct archive *
archive_new(const struct archive_options *opt)
{
	struct archive *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->opt = *opt;
	STAILQ_INIT(&a->rows);
	LIST_INIT(&a->jobs);
	if (!vault_init(&a->vault, opt->path, opt->max_bytes, opt->days) ||
	    (a->worker = worker_new(opt->base, "store", ST_STORE_QUEUE)) == NULL)
		archive_free(&a, 0);
	else
		archive_flush(a); /* opens it */
	return a;
}

void
archive_free(struct archive **ap, int64_t wait_ms)
{
	struct archive *a = *ap;
	struct job *j;

	if (a == NULL)
		return;
	*ap = NULL;
	LIST_FOREACH(j, &a->jobs, link)
		j->forgotten = true;
	if (a->worker != NULL) {
		archive_flush(a);
		if (!worker_free(&a->worker, wait_ms)) {
			log_err("the store did not take its last rows in time");
			return; /* the thread still has our memory */
		}
	}
	vault_close(&a->vault);
	rows_free(&a->rows);
	free(a);
}
