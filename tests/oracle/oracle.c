/*
 * oracle: our reading of every recording against libauparse's.  Both are brought into one form, a line a
 * record:
 *
 *   1795303531.254:165 SYSCALL arch=c000003e syscall=42 … comm="sshd" …
 *
 * in the order of the records within an event, events in the order of time and serial; then the texts must
 * be equal.  What is known to differ, and why:
 *
 *   LOGIN       libauparse 3.0.9 makes an event of its own of it, though SYSCALL and PROCTITLE carry the
 *               same stamp: its events with equal stamps are joined before the comparison.
 *   EOE         ends an event and has no fields: left out on both sides.
 *   type, node  libauparse lists them as fields: left out, the type stands in front.
 *   msg='…'     libauparse lists the fields inside: ours are taken from inside as well.
 *   the tail    interpretations, no raw fields: left out on both sides.
 *
 * That the comparison can fail is tested too: each mutation of a recording, seen by our side only, must
 * be noticed.  Prints TAP.  Run from the top folder.
 */
#include <auparse.h>
#include <glob.h>
#include <inttypes.h>
#include <libaudit.h>
#include <stdio.h>
#include <stdlib.h>

#include "agentd/audit/event.h"
#include "base/buf.h"

/* One record in the common form; records of one event keep their order by `nth`. */
struct line {
	int64_t ms;
	uint64_t serial;
	size_t nth;
	char *text; /* owned */
};

struct reading {
	struct line *line;
	size_t n, cap;
	uint64_t events;
};

static void
die(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(1);
}

static void
reading_add(struct reading *r, int64_t ms, uint64_t serial, struct buf *text)
{
	if (!buf_ok(text))
		die("out of memory");
	if (r->n == r->cap) {
		r->cap = r->cap > 0 ? r->cap * 2 : 1024;
		r->line = realloc(r->line, r->cap * sizeof(*r->line));
		if (r->line == NULL)
			die("out of memory");
	}
	r->line[r->n] = (struct line){.ms = ms, .serial = serial, .nth = r->n, .text = text->p};
	r->n++;
	*text = (struct buf)BUF_INIT;
}

static int
line_cmp(const void *pa, const void *pb)
{
	const struct line *a = pa, *b = pb;

	if (a->ms != b->ms)
		return a->ms < b->ms ? -1 : 1;
	if (a->serial != b->serial)
		return a->serial < b->serial ? -1 : 1;
	return a->nth < b->nth ? -1 : a->nth > b->nth;
}

static void
reading_free(struct reading *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->line[i].text);
	free(r->line);
	*r = (struct reading){0};
}

static void
put_head(struct buf *out, int64_t ms, uint64_t serial, int type)
{
	buf_printf(out, "%" PRId64 ".%03" PRId64 ":%" PRIu64 " %d", ms / 1000, ms % 1000, serial, type);
}

/* --- our side --------------------------------------------------------------------------------- */

static void
put_field(struct buf *out, const struct field *f)
{
	buf_putc(out, ' ');
	buf_putb(out, f->name);
	buf_putc(out, '=');
	if (f->quote != 0)
		buf_putc(out, f->quote);
	buf_putb(out, f->value);
	if (f->quote != 0)
		buf_putc(out, f->quote);
}

static void
put_fields(struct buf *out, struct bytes body)
{
	struct field_iter it;
	struct field f;

	field_iter_init(&it, body);
	while (field_next(&it, &f)) {
		if (f.enriched)
			continue;
		if (f.quote == '\'')
			put_fields(out, f.value);
		else
			put_field(out, &f);
	}
}

static void
on_event(const struct aev *ev, void *arg)
{
	struct reading *r = arg;

	r->events++;
	for (size_t i = 0; i < ev->nrec; i++) {
		struct buf out = BUF_INIT;

		put_head(&out, ev->time.ms, ev->serial, ev->rec[i].type);
		put_fields(&out, ev->rec[i].body);
		reading_add(r, ev->time.ms, ev->serial, &out);
	}
}

static void
read_ours(struct bytes text, struct reading *r)
{
	struct aev_assembler *a = aev_new(on_event, r);

	if (a == NULL)
		die("out of memory");
	aev_feed(a, text.p, text.n);
	aev_flush(a);
	aev_free(&a);
}

/* --- libauparse's ----------------------------------------------------------------------------- */

static void
put_their_fields(struct buf *out, auparse_state_t *au)
{
	if (auparse_first_field(au) == 0)
		return;
	do {
		const char *name = auparse_get_field_name(au), *value = auparse_get_field_str(au);

		if (strcmp(name, "type") != 0 && strcmp(name, "node") != 0)
			buf_printf(out, " %s=%s", name, value != NULL ? value : "");
	} while (auparse_next_field(au) > 0);
}

static void
read_their_event(auparse_state_t *au, struct reading *r)
{
	int64_t ms = (int64_t)auparse_get_time(au) * 1000 + auparse_get_milli(au);
	uint64_t serial = auparse_get_serial(au);

	r->events++;
	if (auparse_first_record(au) <= 0)
		return;
	do {
		struct buf out = BUF_INIT;
		int type = auparse_get_type(au);

		if (type == AUDIT_EOE)
			continue;
		put_head(&out, ms, serial, type);
		put_their_fields(&out, au);
		reading_add(r, ms, serial, &out);
	} while (auparse_next_record(au) > 0);
}

static void
read_theirs(const char *path, struct reading *r)
{
	auparse_state_t *au = auparse_init(AUSOURCE_FILE, path);

	if (au == NULL)
		die("auparse_init");
	while (auparse_next_event(au) > 0)
		read_their_event(au, r);
	auparse_destroy(au);
}

/* --- the comparison --------------------------------------------------------------------------- */

/* The stamps of a sorted reading, each counted once: its events, joined. */
static size_t
stamps(const struct reading *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += i == 0 || r->line[i].ms != r->line[i - 1].ms ||
		    r->line[i].serial != r->line[i - 1].serial;
	return n;
}

/* Sorts both.  The index of the first difference, or −1. */
static long
compare(struct reading *ours, struct reading *theirs)
{
	size_t n = ours->n < theirs->n ? ours->n : theirs->n;

	if (ours->n > 0)
		qsort(ours->line, ours->n, sizeof(*ours->line), line_cmp);
	if (theirs->n > 0)
		qsort(theirs->line, theirs->n, sizeof(*theirs->line), line_cmp);
	for (size_t i = 0; i < n; i++)
		if (strcmp(ours->line[i].text, theirs->line[i].text) != 0)
			return (long)i;
	return ours->n == theirs->n ? -1 : (long)n;
}

static void
explain(const struct reading *ours, const struct reading *theirs, size_t at)
{
	printf("# ours:   %.600s\n", at < ours->n ? ours->line[at].text : "(ends)");
	printf("# theirs: %.600s\n", at < theirs->n ? theirs->line[at].text : "(ends)");
}

static unsigned ntests, nfailed;

static void
report(bool ok, const char *what, const char *path)
{
	printf("%sok %u - %s: %s\n", ok ? "" : "not ", ++ntests, what, path);
	nfailed += !ok;
}

static struct buf
read_file(const char *path)
{
	struct buf b = BUF_INIT;
	FILE *f = fopen(path, "re");
	char block[8192];
	size_t n;

	if (f == NULL)
		die(path);
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		buf_put(&b, block, n);
	fclose(f);
	return b;
}

static void
check_recording(const char *path)
{
	struct reading ours = {0}, theirs = {0};
	struct buf text = read_file(path);

	read_ours(buf_bytes(&text), &ours);
	read_theirs(path, &theirs);

	long at = compare(&ours, &theirs);
	bool same_events = ours.events == stamps(&theirs);

	report(at < 0 && same_events, "same events, records and raw fields", path);
	if (at >= 0)
		explain(&ours, &theirs, (size_t)at);
	if (!same_events)
		printf("# events: ours %" PRIu64 ", theirs %zu\n", ours.events, stamps(&theirs));
	reading_free(&ours);
	reading_free(&theirs);
	buf_free(&text);
}

/* --- it can fail ------------------------------------------------------------------------------ */

struct mutation {
	const char *what, *from, *to; /* the first `from` becomes `to` */
};

static const struct mutation mutations[] = {
	{"a value", "exit=-2", "exit=-3"},
	{"a name", " ppid=", " PPIX="},
	{"a quoted value", "comm=\"sshd\"", "comm=\"sshx\""},
	{"a quote that went", "comm=\"sshd\"", "comm=sshd"},
	{"a value inside msg='…'", "terminal=ssh", "terminal=tty"},
	{"an added field", " items=", " added=1 items="},
	{"a missing field", " items=0", ""},
	{"a record type", "type=CWD", "type=OBJ_PID"},
	{"a lost record", "type=CWD", "tupe=CWD"},
	{"a lost separator", "\x1d" "ARCH", " ARCH"},
	{"a serial", ":179): pid=", ":177): pid="},
	{"a time", "531.262:179", "531.263:179"},
};

static struct buf
mutate(struct bytes text, const struct mutation *m)
{
	const char *at = memmem(text.p, text.n, m->from, strlen(m->from));
	struct buf b = BUF_INIT;

	if (at == NULL)
		die("a mutation finds nothing to change");

	size_t before = (size_t)(at - text.p), behind = before + strlen(m->from);

	buf_put(&b, text.p, before);
	buf_puts(&b, m->to);
	buf_put(&b, text.p + behind, text.n - behind);
	return b;
}

static void
check_mutations(const char *path)
{
	struct buf text = read_file(path);

	for (size_t i = 0; i < sizeof(mutations) / sizeof(mutations[0]); i++) {
		struct reading ours = {0}, theirs = {0};
		struct buf mutant = mutate(buf_bytes(&text), &mutations[i]);

		read_ours(buf_bytes(&mutant), &ours);
		read_theirs(path, &theirs);
		report(compare(&ours, &theirs) >= 0, "notices a change", mutations[i].what);
		reading_free(&ours);
		reading_free(&theirs);
		buf_free(&mutant);
	}
	buf_free(&text);
}

int
main(void)
{
	glob_t files;

	if (glob("tests/data/*/*.log", 0, NULL, &files) != 0)
		die("no recordings: run from the top folder");
	for (size_t i = 0; i < files.gl_pathc; i++)
		check_recording(files.gl_pathv[i]);
	globfree(&files);
	check_mutations("tests/data/sessions/a_nested_ssh.log");
	printf("1..%u\n", ntests);
	return nfailed > 0;
}
