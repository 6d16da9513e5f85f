/*
 * bench: our assembler against libauparse's feed, on the same log in the same run, each in a process of
 * its own that reads 64 KiB at a time and looks at every raw field of every record.  CPU time counts,
 * the best of five: other work on the machine should not.  Only ratios are judged:
 *
 *   clean     ours is at least 3 times as fast as libauparse
 *   damaged   (5 % of the records lost) ours is at least 0.8 times as fast as on the clean log
 *   memory    ours at its end is what it was half-way
 *
 *   bench CLEAN DAMAGED
 *
 * libauparse needs minutes for the damaged log: it is given the first twentieth of it, once.
 */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <auparse.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <sshtether/limits.h>

#include "agentd/audit/fact.h"

#define BLOCK  (64u << 10)
#define ROUNDS 5

struct result {
	double seconds;
	uint64_t bytes, events, records, fields;
	uint64_t touched;    /* so that no compiler leaves the reading out */
	uint64_t incomplete, evicted, missing;
	long peak_kb, half_kb; /* at the end; half-way */
};

typedef void reader_fn(int fd, uint64_t limit, struct result *);

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static double
cpu_seconds(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0)
		die("clock_gettime");
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long
peak_kb(void)
{
	struct rusage u;

	if (getrusage(RUSAGE_SELF, &u) != 0)
		die("getrusage");
	return u.ru_maxrss;
}

/* --- what is done with each block ------------------------------------------------------------- */

typedef void feed_fn(void *arg, const char *p, size_t n);

static void
read_all(int fd, uint64_t limit, feed_fn *feed, void *arg, struct result *r)
{
	static char block[BLOCK];
	ssize_t n;

	while (r->bytes < limit && (n = read(fd, block, sizeof(block))) > 0) {
		feed(arg, block, (size_t)n);
		r->bytes += (uint64_t)n;
		if (r->half_kb == 0 && r->bytes > limit / 2)
			r->half_kb = peak_kb();
	}
}

static void
touch(struct result *r, struct bytes name, struct bytes value)
{
	r->fields++;
	r->touched += (unsigned char)name.p[0];
	if (value.n > 0)
		r->touched += (unsigned char)value.p[value.n - 1];
}

static void
touch_fields(struct result *r, struct bytes body)
{
	struct field_iter it;
	struct field f;

	field_iter_init(&it, body);
	while (field_next(&it, &f) && !f.enriched)
		if (f.quote == '\'')
			touch_fields(r, f.value);
		else
			touch(r, f.name, f.value);
}

static void
touch_event(const struct aev *ev, void *arg)
{
	struct result *r = arg;

	r->events++;
	r->records += ev->nrec;
	for (size_t i = 0; i < ev->nrec; i++)
		touch_fields(r, ev->rec[i].body);
}

static void
feed_ours(void *arg, const char *p, size_t n)
{
	aev_feed(arg, p, n);
}

static void
assemble(int fd, uint64_t limit, aev_fn *fn, void *arg, struct result *r)
{
	struct aev_assembler *a = aev_new(fn, arg);

	if (a == NULL)
		die("aev_new");
	read_all(fd, limit, feed_ours, a, r);
	aev_flush(a);

	const struct aev_stats *s = aev_stats_get(a);

	r->incomplete = s->incomplete;
	r->evicted = s->evicted;
	r->missing = s->missing;
	aev_free(&a);
}

static void
read_ours(int fd, uint64_t limit, struct result *r)
{
	assemble(fd, limit, touch_event, r, r);
}

struct fact_reader {
	struct fact_scratch *scratch;
	struct result *r;
};

static void
understand(const struct aev *ev, void *arg)
{
	struct fact_reader *reader = arg;
	struct fact f;

	fact_from_event(ev, reader->scratch, &f);
	reader->r->events++;
	reader->r->touched += f.pid + f.kind;
}

/* Up to facts: what the daemon does with every event. */
static void
read_facts(int fd, uint64_t limit, struct result *r)
{
	struct fact_reader reader = {.scratch = fact_scratch_new(), .r = r};

	if (reader.scratch == NULL)
		die("fact_scratch_new");
	assemble(fd, limit, understand, &reader, r);
	fact_scratch_free(&reader.scratch);
}

static void
touch_theirs(auparse_state_t *au, auparse_cb_event_t what, void *arg)
{
	struct result *r = arg;

	if (what != AUPARSE_CB_EVENT_READY || auparse_first_record(au) <= 0)
		return;
	r->events++;
	do {
		r->records++;
		if (auparse_first_field(au) == 0)
			continue;
		do {
			touch(r, bytes_of(auparse_get_field_name(au)),
			    bytes_of(auparse_get_field_str(au)));
		} while (auparse_next_field(au) > 0);
		r->fields--; /* it lists the type as one */
	} while (auparse_next_record(au) > 0);
}

static void
feed_theirs(void *arg, const char *p, size_t n)
{
	if (auparse_feed(arg, p, n) != 0)
		die("auparse_feed");
}

static void
read_theirs(int fd, uint64_t limit, struct result *r)
{
	auparse_state_t *au = auparse_init(AUSOURCE_FEED, NULL);

	if (au == NULL)
		die("auparse_init");
	auparse_add_callback(au, touch_theirs, r, NULL);
	read_all(fd, limit, feed_theirs, au, r);
	auparse_flush_feed(au);
	auparse_destroy(au);
}

/* --- a process for each ----------------------------------------------------------------------- */

static struct result
measure_once(const char *path, uint64_t limit, reader_fn *reader)
{
	struct result r = {0};
	int fds[2], status;
	pid_t pid;

	if (pipe(fds) != 0)
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		double begin = cpu_seconds();

		if (fd < 0)
			die(path);
		reader(fd, limit, &r);
		r.seconds = cpu_seconds() - begin;
		r.peak_kb = peak_kb();
		_exit(write(fds[1], &r, sizeof(r)) != sizeof(r));
	}
	close(fds[1]);
	if (read(fds[0], &r, sizeof(r)) != sizeof(r) || waitpid(pid, &status, 0) != pid || status != 0)
		die("a reader died");
	close(fds[0]);
	return r;
}

static double
speed(const struct result *r)
{
	return (double)r->bytes / 1e6 / r->seconds;
}

static double
growth(const struct result *r)
{
	/* A few pages more or less say nothing. */
	return (double)r->peak_kb / (double)(r->half_kb + 256);
}

struct run {
	const char *label, *path;
	uint64_t limit;
	int rounds;
	reader_fn *reader;
	struct result best;
};

/* Round by round, so that what else happens on the machine meets all alike; the best round counts. */
static void
measure_all(struct run *runs, size_t n)
{
	for (int round = 0; round < ROUNDS; round++)
		for (struct run *run = runs; run < runs + n; run++) {
			if (round >= run->rounds)
				continue;

			struct result r = measure_once(run->path, run->limit, run->reader);

			if (round == 0 || r.seconds < run->best.seconds)
				run->best = r;
		}
}

static void
print_run(const struct run *run)
{
	const struct result *r = &run->best;

	printf("%-22s %7.1f MB/s %8llu events %8llu records %9llu fields %6.1f MB, %5.1f half-way\n",
	    run->label, speed(r), (unsigned long long)r->events, (unsigned long long)r->records,
	    (unsigned long long)r->fields, (double)r->peak_kb / 1e3, (double)r->half_kb / 1e3);
}

static unsigned failed;

static void
judge(bool ok, const char *what, double figure, double bound)
{
	printf("%sok - %s: %.2f (bound %.2f)\n", ok ? "" : "not ", what, figure, bound);
	failed += !ok;
}

static uint64_t
size_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		die(path);
	return (uint64_t)st.st_size;
}

int
main(int argc, char *argv[])
{
	if (argc != 3) {
		fputs("usage: bench CLEAN DAMAGED\n", stderr);
		return 2;
	}

	const char *clean = argv[1], *damaged = argv[2];
	uint64_t all = size_of(clean), most = size_of(damaged);

	enum { OURS, THEIRS, FACTS, HURT, THEIRS_HURT, NRUNS };
	struct run runs[NRUNS] = {
		[OURS] = {"clean: ours", clean, all, ROUNDS, read_ours, {0}},
		[THEIRS] = {"clean: libauparse", clean, all, ROUNDS, read_theirs, {0}},
		[FACTS] = {"clean: ours, to facts", clean, all, ROUNDS, read_facts, {0}},
		[HURT] = {"damaged: ours", damaged, most, ROUNDS, read_ours, {0}},
		[THEIRS_HURT] = {"damaged: libauparse", damaged, most / 20, 1, read_theirs, {0}},
	};

	measure_all(runs, NRUNS);
	for (size_t i = 0; i < NRUNS; i++)
		print_run(&runs[i]);

	struct result ours = runs[OURS].best, theirs = runs[THEIRS].best, facts = runs[FACTS].best;
	struct result hurt = runs[HURT].best, theirs_hurt = runs[THEIRS_HURT].best;

	printf("damaged: %llu serials missing, %llu events incomplete, %llu evicted\n",
	    (unsigned long long)hurt.missing, (unsigned long long)hurt.incomplete,
	    (unsigned long long)hurt.evicted);
	printf("damaged: %.0f times libauparse; to facts, clean: %.2f times its reading alone\n",
	    speed(&hurt) / speed(&theirs_hurt), speed(&facts) / speed(&theirs));

	double same = (double)ours.fields / (double)theirs.fields;
	double gain = speed(&ours) / speed(&theirs), kept = speed(&hurt) / speed(&ours);

	judge(ours.records == theirs.records && ours.fields == theirs.fields, "same records and fields",
	    same, 1);
	judge(gain >= 3, "clean, times libauparse", gain, 3);
	judge(kept >= 0.8, "damaged, times our clean", kept, 0.8);
	judge(growth(&ours) <= 1.1, "clean, memory at the end by that half-way", growth(&ours), 1.1);
	judge(growth(&hurt) <= 1.1, "damaged, memory at the end by that half-way", growth(&hurt), 1.1);
	return failed > 0;
}
