/*
 * cmd_policy_live: the policy that the daemon has in force: load another, show it.  The daemon
 * reads the file itself: it must be root's (safe.h), whoever asks.
 */
#include <errno.h>
#include <stdlib.h>

#include "cli/client.h"
#include "cli/table.h"

/* --- load --------------------------------------------------------------------------------- */

/* Nothing where it is not known. */
static void
put_member(const json_t *o, const char *before, const char *name, struct buf *out)
{
	if (answer_str(o, name).n == 0)
		return;
	buf_puts(out, before);
	answer_visible(o, name, out);
}

static bool
show_loaded(const json_t *o, struct bytes line, void *arg)
{
	struct bytes diagnostics = answer_str(o, "diagnostics"), warnings = answer_str(o, "warnings");
	struct buf out = BUF_INIT;
	bool ok;

	(void)line;
	(void)arg;
	if (diagnostics.n > 0)
		return cli_write_lines(stderr, diagnostics);
	buf_puts(&out, "in force: fleet ");
	answer_visible(o, "fleet", &out);
	buf_printf(&out, ", serial %lld, %lld rules", (long long)answer_int(o, "serial"),
	    (long long)answer_int(o, "rules"));
	put_member(o, ", mode ", "mode", &out);
	put_member(o, ", signed by ", "signer", &out);
	buf_putc(&out, '\n');
	ok = (warnings.n == 0 || cli_write_lines(stderr, warnings)) &&
	    cli_write(stdout, buf_bytes(&out));
	buf_free(&out);
	return ok;
}

int
cmd_policy_load(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {{0}};
	struct client_ask ask = {.fn = show_loaded};
	char *path;
	int status;

	if (cli_option(cli, argc, argv, own) != -1)
		return CLI_USAGE;
	if (optind != argc - 1)
		return cli_usage(cli, "which file?");
	path = realpath(argv[optind], NULL);
	if (path == NULL) {
		cli_error("%s: %s", argv[optind], strerror(errno));
		return CLI_UNREACHABLE;
	}
	if (cli->json)
		ask.fn = client_print_line;
	ask.request = json_pack("{s:s, s:s}", "verb", "policy-load", "path", path);
	status = client_ask(cli, &ask);
	free(path);
	return status;
}

/* --- show --------------------------------------------------------------------------------- */

enum { COL_HITS, COL_PLACE, COL_RULE, COLS };

static const struct table_column columns[COLS] = {
	[COL_HITS] = {"HITS", TABLE_RIGHT},
	[COL_PLACE] = {"PLACE", 0},
	[COL_RULE] = {"RULE", 0},
};

struct showing {
	struct table *table; /* NULL: the text, not the rules */
};

static void
rule_row(struct table *t, const json_t *o)
{
	struct table_row *row = table_row(t, NULL);
	struct buf cell = BUF_INIT;

	buf_printf(&cell, "%lld", (long long)answer_int(o, "hits"));
	if (answer_int(o, "hits") == 0)
		table_style(t, row, COL_HITS, STYLE_DIM);
	table_cell(t, row, COL_HITS, &cell);
	answer_visible(o, "file", &cell);
	buf_printf(&cell, ":%lld", (long long)answer_int(o, "line"));
	table_cell(t, row, COL_PLACE, &cell);
	answer_visible(o, "text", &cell);
	table_cell(t, row, COL_RULE, &cell);
	buf_free(&cell);
}

static bool
show_line(const json_t *o, struct bytes line, void *arg)
{
	struct showing *s = arg;

	(void)line;
	if (s->table != NULL && answer_get(o, "rule") != NULL)
		rule_row(s->table, o);
	if (s->table == NULL && answer_get(o, "text") != NULL)
		return cli_write_lines(stdout, answer_str(o, "text"));
	return true;
}

static int
show_policy(const struct cli *cli, bool verbose)
{
	struct showing s = {0};
	struct client_ask ask = {
		.fn = cli->json ? client_print_line : show_line,
		.arg = &s,
		.request = json_pack("{s:s, s:b}", "verb", "policy-show", "verbose", verbose),
	};
	int status;

	if (verbose && !cli->json) {
		s.table = table_new(cli, columns, COLS);
		if (s.table == NULL) {
			json_decref(ask.request);
			return CLI_UNREACHABLE;
		}
	}
	status = client_ask(cli, &ask);
	if (status == CLI_OK && s.table != NULL && table_nrows(s.table) == 0)
		status = cli_write(stdout, BYTES_LIT("no rules\n")) ? CLI_OK : CLI_UNREACHABLE;
	else if (status == CLI_OK && s.table != NULL)
		status = table_print(s.table);
	table_free(&s.table);
	return status;
}

int
cmd_policy_show(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {{"verbose", no_argument, NULL, 'v'}, {0}};
	bool verbose = false;
	int val;

	while ((val = cli_option(cli, argc, argv, own)) != -1) {
		if (val == '?')
			return CLI_USAGE;
		verbose = true;
	}
	if (optind < argc)
		return cli_usage(cli, "what is '%s'?", argv[optind]);
	return show_policy(cli, verbose);
}
