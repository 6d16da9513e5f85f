/* listed: see listed.h. */
#include "agentd/engine/listed.h"

#include <errno.h>
#include <sshtether/limits.h>
#include <stdlib.h>

#include "agentd/config.h"
#include "agentd/engine/failures.h"
#include "agentd/engine/listed_file.h"
#include "agentd/engine/policy_watch.h"
#include "agentd/engine/worker.h"
#include "base/log.h"

static const struct policy_watch_times watch_times = {.quiet_ms = 2000, .most_ms = 30000};

struct listed {
	const struct config *conf;     /* borrowed: the files */
	struct worker *worker;         /* borrowed */
	struct policy_watch *watch;
	struct listed_file *in_force[ST_LISTED_FILES]; /* as conf has them; NULL: never read */
	struct buf why[ST_LISTED_FILES]; /* the last reading failed; empty: it did not */
	bool reading, once_more;
	listed_anew_fn *anew;
	void *arg;
};

/* A reading: its own until it is done. */
struct reading {
	struct listed *of; /* touched in the loop alone */
	const struct config *conf; /* immutable */
	struct rtime now;
	struct listed_file *files[ST_LISTED_FILES]; /* NULL: no memory */
};

/* --- what came of it -------------------------------------------------------------------------------------- */

static void
log_bad(const struct listed_file *f)
{
	struct bytes rest = buf_bytes(&f->told);

	while (rest.n > 0) {
		const char *nl = memchr(rest.p, '\n', rest.n);
		const size_t n = nl != NULL ? (size_t)(nl - rest.p) : rest.n;

		log_warn("%.*s", (int)n, rest.p);
		rest.p += n + (nl != NULL);
		rest.n -= n + (nl != NULL);
	}
	if (f->bad > ST_LISTED_ERRORS)
		log_warn("%s: %zu more lines are no addresses", f->path, f->bad - ST_LISTED_ERRORS);
}

static void
refuse(struct listed *l, size_t i, struct bytes why)
{
	failure_note(FAIL_LISTED);
	buf_reset(&l->why[i]);
	buf_putb(&l->why[i], why);
	log_err("%s: listed origins cannot be read: %.*s%s", l->conf->listed[i], (int)why.n, why.p,
	    l->in_force[i] != NULL ? "; what it held counts on" : "");
}

static void
take(struct listed *l, struct reading *r)
{
	for (size_t i = 0; i < l->conf->nlisted; i++) {
		struct listed_file *f = r->files[i];

		if (f == NULL || f->why.n > 0) {
			refuse(l, i, f != NULL ? buf_bytes(&f->why) : bytes_of(strerror(ENOMEM)));
			continue;
		}
		log_info("%s: %zu listed origins", f->path, f->entries);
		log_bad(f);
		buf_reset(&l->why[i]);
		listed_file_free(&l->in_force[i]);
		l->in_force[i] = f;
		r->files[i] = NULL;
	}
}

static void
reading_free(struct reading *r)
{
	for (size_t i = 0; i < ST_LISTED_FILES; i++)
		listed_file_free(&r->files[i]);
	free(r);
}

/* --- reading ----------------------------------------------------------------------------------------------- */

static struct reading *
reading_new(struct listed *l)
{
	struct reading *r = calloc(1, sizeof(*r));

	if (r != NULL)
		*r = (struct reading){.of = l, .conf = l->conf, .now = rtime_now()};
	return r;
}

static void
run(void *arg)
{
	struct reading *r = arg;
	size_t left = ST_LISTED_BYTES;

	for (size_t i = 0; i < r->conf->nlisted; i++)
		r->files[i] = listed_file_read(r->conf->listed[i], &left, r->now);
}

static void
on_run(void *arg)
{
	struct reading *r = arg;
	struct listed *l = r->of;

	take(l, r);
	reading_free(r);
	l->reading = false;
	l->anew(l->arg);
	if (l->once_more)
		listed_again(l);
}

void
listed_again(struct listed *l)
{
	struct reading *r;

	l->once_more = l->reading;
	if (l->reading || l->worker == NULL || l->conf->nlisted == 0 || (r = reading_new(l)) == NULL)
		return;
	l->reading = worker_post(l->worker, run, on_run, r);
	if (!l->reading) {
		log_warn("too many loads wait: the listed origins were not read again");
		reading_free(r);
	}
}

static void
on_changed(void *arg)
{
	listed_again(arg);
}

static void
watch(struct listed *l)
{
	policy_watch_begin(l->watch);
	for (size_t i = 0; i < l->conf->nlisted; i++)
		policy_watch_path(l->watch, l->conf->listed[i]);
	policy_watch_end(l->watch);
}

/* --- asking ------------------------------------------------------------------------------------------------- */

bool
listed_has(const struct listed *l, struct addr a, const char **list)
{
	for (size_t i = 0; i < l->conf->nlisted; i++) {
		if (l->in_force[i] != NULL && addr_set_has(&l->in_force[i]->set, a)) {
			*list = l->in_force[i]->name;
			return true;
		}
	}
	return false;
}

void
listed_json(const struct listed *l, struct json *j)
{
	uint64_t entries = 0;

	for (size_t i = 0; i < l->conf->nlisted; i++)
		entries += l->in_force[i] != NULL ? l->in_force[i]->entries : 0;
	json_object(j);
	json_kuint(j, "entries", entries);
	json_karray(j, "files");
	for (size_t i = 0; i < l->conf->nlisted; i++) {
		const struct listed_file *f = l->in_force[i];

		json_object(j);
		json_kstr(j, "path", l->conf->listed[i]);
		json_kuint(j, "entries", f != NULL ? f->entries : 0);
		json_kuint(j, "bad", f != NULL ? f->bad : 0);
		if (f != NULL)
			json_ktime(j, "read", f->read);
		if (l->why[i].n > 0)
			json_kbytes(j, "why", buf_bytes(&l->why[i]));
		json_end(j, '}');
	}
	json_end(j, ']');
	json_end(j, '}');
}

/* --- life --------------------------------------------------------------------------------------------------- */

struct listed *
listed_new(struct event_base *base, const struct config *conf, listed_anew_fn *anew, void *arg)
{
	struct listed *l = calloc(1, sizeof(*l));
	struct reading *r;

	if (l == NULL)
		return NULL;
	l->conf = conf;
	l->anew = anew;
	l->arg = arg;
	if (conf->nlisted == 0)
		return l;
	l->watch = policy_watch_new(base, watch_times, on_changed, l);
	r = reading_new(l);
	if (l->watch == NULL || r == NULL) {
		free(r);
		listed_free(&l);
		return NULL;
	}
	watch(l);
	run(r);
	take(l, r);
	reading_free(r);
	return l;
}

void
listed_worker(struct listed *l, struct worker *w)
{
	l->worker = w;
}

void
listed_free(struct listed **lp)
{
	struct listed *l = *lp;

	*lp = NULL;
	if (l == NULL)
		return;
	policy_watch_free(&l->watch);
	for (size_t i = 0; i < ST_LISTED_FILES; i++) {
		listed_file_free(&l->in_force[i]);
		buf_free(&l->why[i]);
	}
	free(l);
}
