/*
 * gen: a long audit log made of recordings.  Many sessions run side by side, each one recording from its
 * beginning to its end, with serials, times, pids and session ids of its own; events begin at ten
 * thousand a second and their records interleave now and then, as on a busy host.  The same seed
 * makes the same log.
 *
 *   gen [-s SEED] [-n RECORDS] [-l PERCENT] RECORDING… >LOG
 *
 * -l loses that many records, after the serials were given: what is left stays as it is.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"

#define LANES       16  /* sessions at a time */
#define BEGIN_US    100 /* between the beginnings of two events */
#define BEGIN_MS    1795303531000
#define SWITCH_ODDS 20  /* one record in so many is followed by one of another session */
#define UNSET       4294967295u

struct recording {
	struct buf text;
	struct bytes *line;
	size_t n;
};

struct lane {
	const struct recording *rec;
	size_t at;
	struct bytes stamp; /* of the recorded event that is being written: "1795303531.254:165" */
	uint64_t us, serial;
	uint32_t pid_shift, ses_shift;
};

static struct recording *recordings;
static size_t nrecordings;
static uint64_t rng;
static uint64_t clock_us, serial = 1;
static uint32_t sessions;

/* xorshift64* (Vigna 2016) */
static uint32_t
pick(uint32_t n)
{
	rng ^= rng >> 12;
	rng ^= rng << 25;
	rng ^= rng >> 27;
	return (uint32_t)((rng * 2685821657736338717u) >> 33) % n;
}

static void
die(const char *what)
{
	fprintf(stderr, "gen: %s\n", what);
	exit(1);
}

static void
read_recording(const char *path, struct recording *r)
{
	FILE *f = fopen(path, "re");
	char block[8192];
	size_t n, cap = 0;

	if (f == NULL)
		die(path);
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		buf_put(&r->text, block, n);
	fclose(f);
	if (!buf_ok(&r->text))
		die("out of memory");
	for (char *p = r->text.p, *end = p + r->text.n, *newline; p < end; p = newline + 1) {
		newline = memchr(p, '\n', (size_t)(end - p));
		if (newline == NULL)
			break;
		if (newline == p)
			continue;
		if (r->n == cap) {
			cap = cap > 0 ? cap * 2 : 256;
			r->line = realloc(r->line, cap * sizeof(*r->line));
			if (r->line == NULL)
				die("out of memory");
		}
		r->line[r->n++] = (struct bytes){.p = p, .n = (size_t)(newline - p)};
	}
}

/* "1795303531.254:165" of a line; empty: it has none. */
static struct bytes
stamp_of(struct bytes line)
{
	static const char mark[] = "msg=audit(";
	const char *p = memmem(line.p, line.n, mark, sizeof(mark) - 1);

	if (p == NULL)
		return BYTES_NONE;
	p += sizeof(mark) - 1;

	const char *end = memchr(p, ')', (size_t)(line.p + line.n - p));

	return end != NULL ? (struct bytes){.p = p, .n = (size_t)(end - p)} : BYTES_NONE;
}

static void
lane_start(struct lane *l)
{
	*l = (struct lane){.rec = &recordings[pick((uint32_t)nrecordings)],
	    .pid_shift = pick(1 << 21), .ses_shift = ++sessions};
}

/* The number of a field, moved; −1 and what is no number stay. */
static const char *
put_number(struct buf *out, const char *p, uint32_t shift)
{
	char *stop;
	unsigned long v = strtoul(p, &stop, 10);

	if (stop == p || v == UNSET)
		buf_put(out, p, (size_t)(stop - p));
	else
		buf_printf(out, "%lu", (v + shift) % 4194304);
	return stop;
}

static void
put_body(struct buf *out, struct bytes body, const struct lane *l)
{
	static const struct {
		struct bytes name;
		bool session;
	} moved[] = {
		{BYTES_LIT(" pid="), false},
		{BYTES_LIT(" ppid="), false},
		{BYTES_LIT(" ses="), true},
		{BYTES_LIT(" old-ses="), true},
	};
	const char *p = body.p, *end = p + body.n;

	while (p < end) {
		const char *space = memchr(p, ' ', (size_t)(end - p));
		size_t i;

		if (space == NULL)
			break;
		buf_put(out, p, (size_t)(space - p));
		p = space;
		for (i = 0; i < sizeof(moved) / sizeof(moved[0]); i++)
			if (bytes_starts((struct bytes){.p = p, .n = (size_t)(end - p)}, moved[i].name))
				break;
		if (i == sizeof(moved) / sizeof(moved[0])) {
			buf_putc(out, *p++);
			continue;
		}
		buf_putb(out, moved[i].name);
		p = put_number(out, p + moved[i].name.n, moved[i].session ? l->ses_shift : l->pid_shift);
	}
	buf_put(out, p, (size_t)(end - p));
}

/* A new event of this session begins: it gets its time and serial. */
static void
lane_event(struct lane *l, struct bytes stamp)
{
	l->stamp = stamp;
	l->us = clock_us;
	l->serial = serial++;
	clock_us += BEGIN_US;
}

/* Writes the next record into out (empty: a line that was none).  True: its event goes on. */
static bool
lane_record(struct lane *l, struct buf *out)
{
	if (l->rec == NULL || l->at == l->rec->n)
		lane_start(l);
	if (l->rec->n == 0)
		return false;

	struct bytes line = l->rec->line[l->at++], stamp = stamp_of(line);

	if (stamp.n == 0)
		return false;
	if (!bytes_eq(stamp, l->stamp))
		lane_event(l, stamp);

	const char *behind = stamp.p + stamp.n;

	buf_put(out, line.p, (size_t)(stamp.p - line.p));
	buf_printf(out, "%" PRIu64 ".%03" PRIu64 ":%" PRIu64, (BEGIN_MS + l->us / 1000) / 1000,
	    (BEGIN_MS + l->us / 1000) % 1000, l->serial);
	put_body(out, (struct bytes){.p = behind, .n = (size_t)(line.p + line.n - behind)}, l);
	buf_putc(out, '\n');
	return l->at < l->rec->n && bytes_eq(stamp_of(l->rec->line[l->at]), stamp);
}

static void
generate(unsigned long nrecords, unsigned loss)
{
	static struct lane lanes[LANES];
	struct buf out = BUF_INIT;
	uint32_t at = 0;

	for (unsigned long n = 0; n < nrecords;) {
		buf_reset(&out);

		bool goes_on = lane_record(&lanes[at], &out);

		if (!goes_on || pick(SWITCH_ODDS) == 0)
			at = pick(LANES);
		if (out.n == 0)
			continue;
		n++;
		if (pick(100) >= loss && fwrite(out.p, 1, out.n, stdout) != out.n)
			die("cannot write");
	}
	if (!buf_ok(&out) || fflush(stdout) != 0)
		die("cannot write");
	buf_free(&out);
}

int
main(int argc, char *argv[])
{
	unsigned long nrecords = 1000000, seed = 1, loss = 0;
	int c;

	while ((c = getopt(argc, argv, "s:n:l:")) != -1)
		switch (c) {
		case 's':
			seed = strtoul(optarg, NULL, 10);
			break;
		case 'n':
			nrecords = strtoul(optarg, NULL, 10);
			break;
		case 'l':
			loss = strtoul(optarg, NULL, 10);
			break;
		default:
			fputs("usage: gen [-s SEED] [-n RECORDS] [-l PERCENT] RECORDING... >LOG\n", stderr);
			return 2;
		}
	rng = seed * 0x9e3779b97f4a7c15u | 1;
	nrecordings = (size_t)(argc - optind);
	recordings = calloc(nrecordings + 1, sizeof(*recordings));
	if (nrecordings == 0 || recordings == NULL)
		die("no recordings");
	for (size_t i = 0; i < nrecordings; i++)
		read_recording(argv[optind + (int)i], &recordings[i]);
	generate(nrecords, (unsigned)loss);
	return 0;
}
