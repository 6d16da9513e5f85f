/* import: see import.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/engine/usual_rows.h"
#include "cli/import.h"
#include "cli/replay.h"

#define CHUNK       (1u << 20)
#define PROGRESS_MS 200
#define DAY_MS      86400000LL
#define NEVER       1000 /* days: what is learned from is not judged */

/* One sort of source. */
struct learner {
	struct baseline *usual;
	struct pipeline *pipeline;
};

struct import {
	struct learner log, tty;
	struct wtmp_learn *wtmp;
	struct baseline *all; /* of both; NULL: nobody asked yet */
	uint64_t files, bytes;
	bool progress;
	struct mtime shown;
	char *chunk;
};

/* As many days as there can be: which of them the daemon keeps is not said here. */
static const struct baseline_settings wide = {.window = ST_USUAL_DAYS, .data = NEVER, .active = NEVER};

static bool
learner_open(struct learner *l)
{
	struct pipeline_options options = {.boot_id = "", .host_mode = MODE_AUDIT};

	l->usual = baseline_new(&wide);
	options.baseline = l->usual;
	l->pipeline = l->usual != NULL ? pipeline_new(&options) : NULL;
	return l->pipeline != NULL;
}

static void
learner_close(struct learner *l)
{
	pipeline_free(&l->pipeline);
	baseline_free(&l->usual);
}

struct import *
import_new(void)
{
	/* Rotated files overlap midnight, and a clock may be a little ahead. */
	const struct rtime latest = {.ms = rtime_now().ms + DAY_MS / 24};
	struct import *im = calloc(1, sizeof(*im));

	if (im == NULL)
		return NULL;
	im->progress = isatty(STDERR_FILENO);
	if (learner_open(&im->log) && learner_open(&im->tty) &&
	    (im->wtmp = wtmp_learn_new(im->tty.pipeline, latest)) != NULL && (im->chunk = malloc(CHUNK)) != NULL)
		return im;
	import_free(&im);
	return NULL;
}

void
import_free(struct import **imp)
{
	struct import *im = *imp;

	if (im == NULL)
		return;
	*imp = NULL;
	wtmp_learn_free(&im->wtmp);
	learner_close(&im->log);
	learner_close(&im->tty);
	baseline_free(&im->all);
	free(im->chunk);
	free(im);
}

/* --- reading ------------------------------------------------------------------------------------------- */

/* What a file holds: its first bytes say so. */
enum sort { SORT_LOG, SORT_WTMP };

struct reading {
	const char *name;
	enum sort sort;
	bool begun;
	const char *tool; /* what it is packed with; NULL */
	uint64_t bytes;
	struct aev_stats log;   /* as they were before it */
	struct wtmp_stats wtmp;
};

static void
show_progress(struct import *im, const struct reading *r)
{
	const struct mtime now = mtime_now();

	if (!im->progress || mtime_ms_since(now, im->shown) < PROGRESS_MS)
		return;
	im->shown = now;
	fprintf(stderr, "\r\033[K%s: %llu MB", r->name, (unsigned long long)(r->bytes >> 20));
}

static void
feed(struct import *im, struct reading *r, size_t n)
{
	if (!r->begun)
		r->sort = wtmp_is(im->chunk, n) ? SORT_WTMP : SORT_LOG;
	r->begun = true;
	r->bytes += n;
	if (r->sort == SORT_WTMP)
		wtmp_learn_feed(im->wtmp, im->chunk, n);
	else
		pipeline_feed(im->log.pipeline, im->chunk, n);
	show_progress(im, r);
}

/* As much as there is, up to a chunk: the first bytes of a pipe may come one by one.  −1: errno. */
static ssize_t
fill(int fd, char *chunk)
{
	size_t have = 0;

	while (have < CHUNK) {
		ssize_t n = read(fd, chunk + have, CHUNK - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

/* 0, or an errno. */
static int
read_all(struct import *im, struct reading *r, int fd)
{
	ssize_t n;

	while ((n = fill(fd, im->chunk)) > 0) {
		r->tool = r->begun ? NULL : replay_unpacker((struct bytes){.p = im->chunk, .n = (size_t)n});
		if (r->tool != NULL)
			return 0;
		feed(im, r, (size_t)n);
	}
	if (n < 0)
		return errno;
	if (r->sort == SORT_WTMP)
		wtmp_learn_end(im->wtmp);
	else
		pipeline_feed(im->log.pipeline, "\n", 1); /* a last line without its end is one all the same */
	return 0;
}

/* A file that tells of nothing is not what was meant. */
static int
check(const struct import *im, const struct reading *r)
{
	const struct aev_stats *log = pipeline_stats(im->log.pipeline);
	const struct wtmp_stats *wtmp = wtmp_learn_stats(im->wtmp);

	if (r->sort == SORT_LOG && log->records == r->log.records && log->malformed != r->log.malformed) {
		cli_error("%s: no audit record in it: is it an audit log, or a wtmp? (what another host exported: baseline merge)",
		    r->name);
		return CLI_UNREACHABLE;
	}
	if (r->sort == SORT_WTMP && wtmp->logins + wtmp->local == r->wtmp.logins + r->wtmp.local &&
	    wtmp->entries - r->wtmp.entries > 1)
		cli_error("%s: nobody logged in, in %llu entries: is it a btmp? logins that failed are not learned",
		    r->name, (unsigned long long)(wtmp->entries - r->wtmp.entries));
	return CLI_OK;
}

static int
read_file(struct import *im, const char *name)
{
	struct reading r = {.name = name, .log = *pipeline_stats(im->log.pipeline), .wtmp = *wtmp_learn_stats(im->wtmp)};
	int fd = replay_open(name), error;

	if (fd < 0) {
		cli_error("%s: %s", name, strerror(errno));
		return CLI_UNREACHABLE;
	}
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	error = read_all(im, &r, fd);
	(void)close(fd);
	if (im->progress)
		fputs("\r\033[K", stderr);
	im->files++;
	im->bytes += r.bytes;
	if (error == 0 && r.tool == NULL)
		return check(im, &r);
	if (r.tool != NULL)
		cli_error("%s: compressed; %s it into: sshtether baseline import -", name, r.tool);
	else
		cli_error("%s: %s", name, strerror(error));
	return CLI_UNREACHABLE;
}

int
import_files(struct import *im, char **names, int n)
{
	int status = CLI_OK;

	replay_order(names, n);
	for (int i = 0; i < n && status == CLI_OK; i++)
		status = read_file(im, names[i]);
	pipeline_flush(im->log.pipeline);
	return status;
}

/* --- what came of it ------------------------------------------------------------------------------------ */

struct joining {
	struct baseline *all;
	int32_t today;
};

static void
join(const struct usual_row *row, void *arg)
{
	const struct joining *j = arg;

	if (row->key.kind != USUAL_TOLD && row->day <= j->today)
		(void)usual_raise(j->all, row);
}

struct baseline *
import_learned(struct import *im)
{
	struct joining j = {.today = usual_day(rtime_now())};

	if (im->all != NULL)
		return im->all;
	im->all = baseline_new(&wide);
	if (im->all == NULL)
		return NULL;
	j.all = im->all;
	baseline_each(im->log.usual, NULL, join, &j);
	baseline_each(im->tty.usual, NULL, join, &j);
	return im->all;
}

void
import_stats(const struct import *im, struct import_stats *out)
{
	*out = (struct import_stats){.files = im->files, .bytes = im->bytes,
	    .records = pipeline_stats(im->log.pipeline), .wtmp = wtmp_learn_stats(im->wtmp)};
}
