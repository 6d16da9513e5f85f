/*
 * cmd_baseline_import: old audit logs and wtmp files, so that a host need not wait for its baseline.  What is learned
 * is learned here, by the code that the daemon runs; the daemon is given the rows.
 */
#include "base/json.h"
#include "cli/baseline.h"
#include "cli/import.h"

/* What there is to say of rows. */
struct summary {
	struct import_stats read;
	unsigned window; /* days that are kept */
	int32_t oldest;  /* the first of them */
	uint64_t rows, users;
	uint64_t old;    /* rows of days before */
	unsigned days;
	int32_t first, last;
	const char *user; /* of the row before; borrowed */
	bool dry;
	struct baseline_sent sent;
};

static void
count_row(const struct usual_row *row, void *arg)
{
	struct summary *s = arg;

	if (row->day < s->oldest) {
		s->old++;
		return;
	}
	s->rows++;
	if (row->key.kind != USUAL_ACTIVE)
		return;
	if (*row->key.user == '\0') {
		if (s->days++ == 0)
			s->first = row->day;
		s->last = row->day;
	} else if (s->user != row->key.user) {
		s->users++;
	}
	s->user = row->key.user;
}

static void
put_read(const struct summary *s, struct buf *out)
{
	const struct import_stats *r = &s->read;

	buf_puts(out, "read: ");
	cli_count(r->files, "file", out);
	if (r->records->records > 0) {
		buf_puts(out, ", ");
		cli_count(r->records->records, "audit record", out);
		if (r->records->malformed > 0)
			buf_printf(out, " (%llu lines not understood)", (unsigned long long)r->records->malformed);
	}
	if (r->wtmp->entries > 0) {
		buf_puts(out, ", ");
		cli_count(r->wtmp->logins, "login", out);
		buf_puts(out, " of wtmp");
		if (r->wtmp->wrong > 0)
			buf_printf(out, " (%llu entries not understood)", (unsigned long long)r->wtmp->wrong);
	}
	buf_putc(out, '\n');
}

/* What a daemon would not keep is not learned; a dry run says so, too. */
static void
put_old(const struct summary *s, struct buf *out)
{
	char oldest[USUAL_DAY_STRLEN];

	cli_count(s->old, "row", out);
	buf_printf(out, " of days before %s: older than the %u days that are kept", usual_day_str(s->oldest, oldest),
	    s->window);
}

static void
put_learned(const struct summary *s, struct buf *out)
{
	char first[USUAL_DAY_STRLEN], last[USUAL_DAY_STRLEN];

	buf_puts(out, "learned: ");
	cli_count(s->users, "user", out);
	buf_puts(out, " on ");
	cli_count(s->days, "day", out);
	if (s->days == 1)
		buf_printf(out, " (%s)", usual_day_str(s->first, first));
	else if (s->days > 1)
		buf_printf(out, " (%s to %s)", usual_day_str(s->first, first), usual_day_str(s->last, last));
	buf_puts(out, ", ");
	cli_count(s->rows, "row", out);
	if (s->old > 0) {
		buf_puts(out, "\nleft out: ");
		put_old(s, out);
	}
	buf_putc(out, '\n');
}

static void
put_sent(const struct summary *s, const struct baseline_head *head, struct buf *out)
{
	if (s->dry) {
		buf_puts(out, "nothing was given to the daemon (--dry-run)\n");
		return;
	}
	buf_puts(out, "given to the daemon: ");
	cli_count(s->sent.rows, "row", out);
	buf_printf(out, ", of which %llu were not known there", (unsigned long long)s->sent.changed);
	if (s->sent.left_out > 0)
		buf_printf(out, "; %llu are of users that no-baseline leaves out", (unsigned long long)s->sent.left_out);
	buf_putc(out, '\n');
	baseline_put_state(head, s->sent.days, out);
}

static void
put_json(const struct summary *s, struct buf *out)
{
	char text[USUAL_DAY_STRLEN];
	struct json j;

	json_init(&j, out);
	json_object(&j);
	json_kuint(&j, "files", s->read.files);
	json_kuint(&j, "bytes", s->read.bytes);
	json_kuint(&j, "records", s->read.records->records);
	json_kuint(&j, "malformed", s->read.records->malformed);
	json_kuint(&j, "wtmp_entries", s->read.wtmp->entries);
	json_kuint(&j, "wtmp_malformed", s->read.wtmp->wrong);
	json_kuint(&j, "wtmp_logins", s->read.wtmp->logins);
	json_kuint(&j, "users", s->users);
	json_kuint(&j, "days_learned", s->days);
	if (s->days > 0) {
		json_kstr(&j, "first", usual_day_str(s->first, text));
		json_kstr(&j, "last", usual_day_str(s->last, text));
	}
	json_kuint(&j, "rows", s->rows);
	json_kuint(&j, "old", s->old);
	json_kbool(&j, "dry_run", s->dry);
	if (!s->dry) {
		json_kuint(&j, "changed", s->sent.changed);
		json_kuint(&j, "left_out", s->sent.left_out);
		json_kuint(&j, "days", s->sent.days);
	}
	json_end(&j, '}');
	buf_putc(out, '\n');
}

static int
nothing(const struct summary *s)
{
	struct buf old = BUF_INIT;

	put_old(s, &old);
	if (s->old > 0)
		cli_error("nothing was learned: %s", buf_ok(&old) ? old.p : "all is too old");
	else
		cli_error("nothing was learned: nobody is seen to log in over SSH");
	buf_free(&old);
	return CLI_FOUND;
}

static int
learn_and_send(struct cli *cli, struct import *im, const struct baseline_head *head, struct summary *s)
{
	struct baseline *learned = import_learned(im);
	struct buf out = BUF_INIT;
	int status = CLI_OK;

	if (learned == NULL) {
		cli_error("out of memory");
		return CLI_UNREACHABLE;
	}
	import_stats(im, &s->read);
	s->window = head->window;
	s->oldest = baseline_oldest(head);
	baseline_each(learned, NULL, count_row, s);
	if (s->rows == 0)
		return nothing(s);
	if (!s->dry)
		status = baseline_send(cli, head, learned, "import", &s->sent);
	if (status != CLI_OK)
		return status;
	if (cli->json) {
		put_json(s, &out);
	} else {
		put_read(s, &out);
		put_learned(s, &out);
		put_sent(s, head, &out);
	}
	return cli_finish(&out, CLI_OK);
}

int
cmd_baseline_import(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {{"dry-run", no_argument, NULL, 'n'}, {0}};
	struct baseline_fetch f = {.head_only = true, .head = {.window = ST_USUAL_WINDOW}}; /* without a daemon that could be asked */
	struct summary s = {0};
	struct import *im;
	int val, status = CLI_OK;

	while ((val = cli_option(cli, argc, argv, own)) != -1) {
		if (val == '?')
			return CLI_USAGE;
		s.dry = true;
	}
	if (optind == argc)
		return cli_usage(cli, "which file? - is standard input");
	if (!s.dry && !baseline_may("import"))
		return CLI_UNREACHABLE;
	if (!s.dry)
		status = baseline_fetch(cli, &f);
	if (f.into != NULL)
		baseline_free(&f.into);
	if (status != CLI_OK)
		return status;
	if ((im = import_new()) == NULL) {
		cli_error("out of memory");
		return CLI_UNREACHABLE;
	}
	status = import_files(im, argv + optind, argc - optind);
	if (status == CLI_OK)
		status = learn_and_send(cli, im, &f.head, &s);
	import_free(&im);
	return status;
}
