/* fleets: see fleets.h.  Runs in the monitor, and keep_write() in WORK_KEEP's thread. */
#include "agentd/monitor/fleets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/monitor/keep.h"
#include "base/log.h"
#include "base/serials.h"

struct fleets {
	struct monitor *m; /* borrowed */
	struct serials serials;
	unsigned writing; /* lines on their way to the file */
	struct log_limit log_limit;
};

struct writing {
	struct job job;
	struct fleets *f; /* for done() */
	int dir, rc;
	char line[SERIALS_LINE];
};

static void
log_unkept(int rc)
{
	if (rc != 0)
		log_err("the serial of the policy was not kept: %s", strerror(-rc));
}

static void
run_writing(struct job *job)
{
	struct writing *w = (struct writing *)job;

	w->rc = keep_write(w->dir, FLEETS_FILE, w->line);
}

static void
done_writing(struct job *job)
{
	struct writing *w = (struct writing *)job;

	w->f->writing--;
	log_unkept(w->rc);
	free(w);
}

static bool
put_line(const struct fleets *f, char out[SERIALS_LINE])
{
	struct buf line = BUF_INIT;
	bool ok;

	serials_print(&f->serials, &line);
	ok = buf_ok(&line) && bytes_copy(buf_bytes(&line), out, SERIALS_LINE);
	buf_free(&line);
	return ok;
}

static void
keep(struct fleets *f)
{
	struct writing *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		log_unkept(-ENOMEM);
		return;
	}
	w->job = (struct job){.run = run_writing, .done = done_writing};
	w->f = f;
	w->dir = f->m->state_dir;
	if (put_line(f, w->line) && aside_give(f->m->work[WORK_KEEP], &w->job)) {
		f->writing++;
	} else {
		free(w);
		log_unkept(-EAGAIN);
	}
}

static void
tell(struct fleets *f, uint64_t fleet)
{
	const struct notice n = {.kind = NOTE_SERIAL, .inode = fleet, .value = serials_get(&f->serials, fleet)};

	(void)monitor_send(f->m, &n, NULL, 0);
}

void
fleets_tell(struct fleets *f)
{
	for (size_t i = 0; i < f->serials.n; i++)
		tell(f, f->serials.of[i].fleet);
}

/* Each rise stands in the log: one that no policy of ours had is an engine that lies. */
void
fleets_in_force(struct fleets *f, uint64_t fleet, uint64_t serial)
{
	const unsigned long long before = serials_get(&f->serials, fleet);
	char more[LOG_HELD_LEN];
	unsigned held;

	switch (serials_raise(&f->serials, fleet, serial)) {
	case SERIALS_RAISED:
		log_info("policy serial %llu, before %llu, of fleet %016llx: none below it is taken any more",
		    (unsigned long long)serial, before, (unsigned long long)fleet);
		keep(f);
		break;
	case SERIALS_FULL:
		if (log_allow(&f->log_limit, 10, &held))
			log_err("there were policies of %d fleets here: the serials of another one are not kept%s", ST_FLEETS,
			    log_held(held, more));
		break;
	case SERIALS_SAME:
		break;
	}
	if (serials_get(&f->serials, fleet) != serial)
		tell(f, fleet); /* the engine knows less, or lies */
}

static void
read_serials(struct fleets *f)
{
	char line[SERIALS_LINE];
	long n = keep_read(f->m->state_dir, FLEETS_FILE, line, sizeof(line));

	if (n == -ENOENT)
		return;
	if (n < 0 || !serials_parse(&f->serials, (struct bytes){.p = line, .n = (size_t)n}))
		log_err("the serials of policies that were kept make no sense from the %zuth on", f->serials.n + 1);
}

struct fleets *
fleets_new(struct monitor *m)
{
	struct fleets *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	f->m = m;
	if (m->state_dir != -1)
		read_serials(f);
	return f;
}

void
fleets_free(struct fleets **fp)
{
	struct fleets *f = *fp;
	char line[SERIALS_LINE];

	*fp = NULL;
	if (f == NULL)
		return;
	if (f->writing > 0 && put_line(f, line))
		log_unkept(keep_write(f->m->state_dir, FLEETS_FILE, line));
	free(f);
}
