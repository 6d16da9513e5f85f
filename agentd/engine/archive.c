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

enum job_kind { JOB_WRITE, JOB_FIND, JOB_GET, JOB_USUAL, JOB_SYNC };

struct job {
	LIST_ENTRY(job) link;
	struct archive *archive; /* loop only, but for its vault */
	enum job_kind kind;
	struct told told;
	struct rows rows; /* JOB_WRITE: to be written; JOB_USUAL: what was found */
	size_t nrows;
	/* JOB_FIND, JOB_GET */
	struct store_query query;
	char user[256], activity[64], boot[64], id[64];
	struct buf out;
	bool cut, found, forgotten;
	struct store_session session;
	archive_found_fn *on_found;
	archive_session_fn *on_session;
	void *arg;
	/* JOB_USUAL: the days, and behind what the page begins */
	int32_t from, to;
	bool first;
	char name[ST_USUAL_TEXT], kind_name[16], value[ST_USUAL_TEXT];
	struct store_usual after;
	archive_usual_fn *on_usual;
	/* JOB_SYNC */
	uint64_t dropped; /* when it was asked */
	archive_synced_fn *on_synced;
};

struct archive {
	struct archive_options opt;
	struct worker *worker;
	struct vault vault;
	struct rows rows; /* gathered */
	size_t nrows, inflight;
	bool soon; /* not to wait for the next second */
	struct mtime posted; /* the last batch, be it an empty one */
	struct archive_state state;
	LIST_HEAD(, job) jobs;
};

/* --- in the thread ------------------------------------------------------------------------------ */

static void
keep_usual(const struct store_usual *row, void *arg)
{
	struct job *j = arg;
	struct row *r = vault_row_usual(ROW_USUAL, row);

	j->cut = j->cut || r == NULL;
	if (r == NULL)
		return;
	STAILQ_INSERT_TAIL(&j->rows, r, link);
	j->nrows++;
}

static void
find_usual(struct job *j, struct store *s)
{
	j->found = store_each_usual(s, j->from, j->to, j->first ? NULL : &j->after, ST_PAGE_ROWS, keep_usual, j) ==
	    STORE_OK;
	if (!j->found)
		told_failed(&j->told, store_why(s));
	if (!j->cut)
		return;
	j->found = false;
	(void)snprintf(j->told.why, sizeof(j->told.why), "out of memory");
}

static void
run_job(void *arg)
{
	struct job *j = arg;
	struct vault *v = &j->archive->vault;
	struct told *t = &j->told;

	if (j->kind == JOB_WRITE) {
		vault_write(v, &j->rows, j->nrows, t);
	} else if (j->kind == JOB_SYNC || !vault_open(v, t)) {
		return;
	} else if (j->kind == JOB_USUAL) {
		find_usual(j, v->store);
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
job_free(struct job *j)
{
	vault_rows_free(&j->rows);
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
	a->state.lost += t->lost;
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

	if (j->kind != JOB_SYNC)
		hear(a, &j->told);
	if (j->kind == JOB_WRITE)
		a->inflight -= j->nrows;
	else
		LIST_REMOVE(j, link);
	if (a->soon)
		archive_soon(a);
	if (j->kind == JOB_USUAL && !j->forgotten)
		j->on_usual(&j->rows, j->nrows == ST_PAGE_ROWS, j->found ? NULL : j->told.why, j->arg);
	if (j->kind == JOB_SYNC && !j->forgotten)
		j->on_synced(!a->state.failing && a->state.dropped == j->dropped, j->arg);
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

void
archive_soon(struct archive *a)
{
	a->soon = a->inflight != 0;
	if (!a->soon)
		archive_flush(a);
}

/* --- rows on their way --- */

/* NULL: there was no memory for it. */
static void
gather(struct archive *a, struct row *r)
{
	if (r == NULL) {
		a->state.dropped++;
		failure_note(FAIL_STORE_QUEUE);
		return;
	}
	STAILQ_INSERT_TAIL(&a->rows, r, link);
	if (++a->nrows >= ST_STORE_BATCH)
		archive_flush(a);
}

void
archive_finding(struct archive *a, const struct store_finding *f)
{
	gather(a, vault_row_finding(f));
}

void
archive_case(struct archive *a, const struct store_case *c)
{
	gather(a, vault_row_case(c));
}

void
archive_logins(struct archive *a, const struct store_logins *l)
{
	gather(a, vault_row_logins(l));
}

void
archive_session(struct archive *a, const struct store_session *s)
{
	gather(a, vault_row_session(ROW_SESSION, s));
}

void
archive_drop_session(struct archive *a, const char *boot, uint32_t ses)
{
	gather(a, vault_row_session(ROW_DROP_SESSION, &(struct store_session){.boot = boot, .ses = ses}));
}

void
archive_usual(struct archive *a, const struct store_usual *u)
{
	gather(a, vault_row_usual(ROW_USUAL, u));
}

void
archive_drop_usual(struct archive *a, const char *user)
{
	gather(a, vault_row_usual(ROW_DROP_USUAL, &(struct store_usual){.user = user, .count = user == NULL}));
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
	    !own(&j->query.boot, j->boot, sizeof(j->boot)) || !own(&j->query.id, j->id, sizeof(j->id))) {
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

bool
archive_get_usual(struct archive *a, int32_t from, int32_t to, const struct store_usual *after, archive_usual_fn *fn,
    void *arg)
{
	struct job *j = job_new(a, JOB_USUAL);

	if (j == NULL)
		return false;
	j->from = from;
	j->to = to;
	j->first = after == NULL;
	if (after != NULL) {
		(void)bytes_copy(bytes_of(after->user), j->name, sizeof(j->name));
		(void)bytes_copy(bytes_of(after->kind), j->kind_name, sizeof(j->kind_name));
		(void)bytes_copy(bytes_of(after->value), j->value, sizeof(j->value));
		j->after = (struct store_usual){.day = after->day, .user = j->name, .kind = j->kind_name, .value = j->value};
	}
	j->on_usual = fn;
	j->arg = arg;
	return post(a, j);
}

bool
archive_sync(struct archive *a, archive_synced_fn *fn, void *arg)
{
	struct job *j;

	if ((j = job_new(a, JOB_SYNC)) == NULL)
		return false;
	j->dropped = a->state.dropped;
	archive_flush(a);
	j->on_synced = fn;
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
	if (!vault_init(&a->vault, opt->path, opt->max_bytes, opt->days, opt->usual_days) ||
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
		a->soon = false;
		if (!worker_free(&a->worker, wait_ms)) {
			log_err("the store did not take its last rows in time");
			return; /* the thread still has our memory */
		}
	}
	vault_close(&a->vault);
	vault_rows_free(&a->rows);
	free(a);
}
