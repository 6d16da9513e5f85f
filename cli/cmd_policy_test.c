/*
 * cmd_policy_test: runs the expect lines of policies, and files of more of them, without a daemon and without root.
 * Prints TAP (testanything.org), which prove(1) and continuous integration read.
 */
#include <sshtether/limits.h>

#include "base/safe.h"
#include "cli/policy_file.h"

struct testing {
	const struct cli *cli;
	char *tests[ST_TEST_FILES]; /* --tests; of each policy */
	int ntests;
	struct buf out;
	unsigned run, failed;
};

/* --- one line, run ---------------------------------------------------------------------------- */

static void
put_json(const struct pol_tested *t, struct buf *out)
{
	const struct decision *d = t->answer;
	struct json j;

	json_init(&j, out);
	json_object(&j);
	json_kstr(&j, "file", t->file);
	json_kuint(&j, "line", t->line);
	json_kbool(&j, "ok", t->ok);
	json_kstr(&j, "expect", t->what);
	json_kstr(&j, "expected", action_name(t->expected));
	if (!t->ok)
		json_kstr(&j, "why", t->why);
	json_kbool(&j, "undetermined", d->undetermined);
	if (!d->undetermined)
		json_kstr(&j, "got", action_name(t->got));
	if (!d->undetermined && !d->by_default) {
		json_kobject(&j, "rule");
		json_kstr(&j, "file", d->file);
		json_kuint(&j, "line", d->line);
		json_end(&j, '}');
	}
	json_end(&j, '}');
	buf_putc(out, '\n');
}

/* Nothing that TAP would take for a directive (# TODO) or for the end of the line. */
static void
put_plain(struct bytes text, struct buf *out)
{
	struct buf visible = BUF_INIT;

	buf_put_visible(&visible, text);
	for (size_t i = 0; i < visible.n; i++) {
		if (visible.p[i] == '#')
			buf_putc(out, '\\');
		buf_putc(out, visible.p[i]);
	}
	out->failed = out->failed || !buf_ok(&visible);
	buf_free(&visible);
}

/* A scalar of YAML in single quotes, in which nothing but the quote means anything. */
static void
put_yaml(const char *key, struct bytes text, struct buf *out)
{
	struct buf visible = BUF_INIT;

	buf_put_visible(&visible, text);
	buf_printf(out, "  %s: '", key);
	for (size_t i = 0; i < visible.n; i++) {
		if (visible.p[i] == '\'')
			buf_putc(out, '\'');
		buf_putc(out, visible.p[i]);
	}
	buf_puts(out, "'\n");
	out->failed = out->failed || !buf_ok(&visible);
	buf_free(&visible);
}

static void
put_failure(const struct pol_tested *t, struct buf *out)
{
	const struct decision *d = t->answer;
	struct buf place = BUF_INIT;

	if (!d->undetermined && !d->by_default)
		buf_printf(&place, "%s:%u", d->file, d->line);
	buf_puts(out, "  ---\n");
	put_yaml("expected", bytes_of(action_name(t->expected)), out);
	put_yaml("got", bytes_of(d->undetermined ? "not certain" : action_name(t->got)), out);
	if (place.n > 0)
		put_yaml("rule", buf_bytes(&place), out);
	put_yaml("why", bytes_of(t->why), out);
	buf_puts(out, "  ...\n");
	buf_free(&place);
}

static void
tell(const struct pol_tested *t, void *arg)
{
	struct testing *all = arg;
	struct buf place = BUF_INIT;

	all->run++;
	all->failed += !t->ok;
	if (all->cli->json) {
		put_json(t, &all->out);
		return;
	}
	buf_printf(&place, "%s:%u: %s", t->file, t->line, t->what);
	buf_printf(&all->out, "%s %u - ", t->ok ? "ok" : "not ok", all->run);
	put_plain(buf_bytes(&place), &all->out);
	buf_putc(&all->out, '\n');
	if (!t->ok)
		put_failure(t, &all->out);
	buf_free(&place);
}

/* --- files ------------------------------------------------------------------------------------ */

/* Whoever reads TAP must not take what has been run for all that there is. */
static int
bail_out(struct testing *all, const char *path, const char *why, int status)
{
	struct buf text = BUF_INIT;

	if (!all->cli->json) {
		buf_printf(&text, "%s %s", path, why);
		buf_puts(&all->out, "Bail out! ");
		put_plain(buf_bytes(&text), &all->out);
		buf_putc(&all->out, '\n');
	}
	buf_free(&text);
	return status;
}

static int
run_tests(struct testing *all, const struct policy *policy, const char *path)
{
	struct buf text = BUF_INIT, diag = BUF_INIT;
	unsigned errors = 0;
	int err = plain_read(path, ST_POLICY_BYTES, &text), status = CLI_OK;

	if (err != 0) {
		cli_error("%s: %s", path, strerror(-err));
		status = bail_out(all, path, "cannot be read", CLI_UNREACHABLE);
	} else {
		pol_test_text(policy, path, buf_bytes(&text), rtime_now(), tell, all, &diag, &errors);
	}
	if (errors > 0) {
		(void)cli_write(stderr, buf_bytes(&diag));
		status = bail_out(all, path, "has errors", CLI_FOUND);
	}
	buf_free(&text);
	buf_free(&diag);
	return status;
}

static int
run_policy(struct testing *all, const char *path)
{
	struct policy_file l;
	int status = policy_file_load(path, true, &l);

	if (status == CLI_UNREACHABLE) {
		status = bail_out(all, path, "cannot be read", status);
	} else if (status != CLI_OK) {
		(void)policy_file_show(&l);
		status = bail_out(all, path, "does not load", status);
	} else {
		pol_test(l.policy, rtime_now(), tell, all);
		for (int i = 0; i < all->ntests && status == CLI_OK; i++)
			status = run_tests(all, l.policy, all->tests[i]);
	}
	policy_file_free(&l);
	return status;
}

/* --- the command line ------------------------------------------------------------------------- */

int
cmd_policy_test(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {{"tests", required_argument, NULL, 't'}, {0}};
	struct testing all = {.cli = cli};
	int status = CLI_OK, val;

	while ((val = cli_option(cli, argc, argv, own)) != -1) {
		if (val != 't')
			return CLI_USAGE;
		if (all.ntests == ST_TEST_FILES)
			return cli_usage(cli, "at most %d --tests", ST_TEST_FILES);
		all.tests[all.ntests++] = optarg;
	}
	if (optind == argc)
		return cli_usage(cli, "which file?");
	if (!cli->json)
		buf_puts(&all.out, "TAP version 13\n");
	for (int i = optind; i < argc && status == CLI_OK; i++)
		status = run_policy(&all, argv[i]);
	if (!cli->json && status == CLI_OK)
		buf_printf(&all.out, "1..%u%s\n", all.run, all.run == 0 ? " # SKIP no expect lines" : "");
	return cli_finish(&all.out, cli_worse(status, all.failed != 0 ? CLI_FOUND : CLI_OK));
}
