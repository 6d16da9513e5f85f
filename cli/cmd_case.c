/* cmd_case: what was found of one session, joined: the list of such cases, and one as the analyst's sheet. */
#include "base/words.h"
#include "cli/case_print.h"
#include "cli/choice.h"

struct query {
	struct choice choice;
	const char *severity;
	bool any;
};

struct shown {
	const struct cli *cli;
	struct table *table;
};

static bool
show_row(const json_t *object, struct bytes line, void *arg)
{
	const struct shown *s = arg;

	(void)line;
	case_row(s->cli, s->table, object);
	return true;
}

static bool
show_sheet(const json_t *object, struct bytes line, void *arg)
{
	struct buf out = BUF_INIT;
	bool ok;

	(void)line;
	case_sheet_print(arg, object, &out);
	ok = buf_ok(&out) && cli_write(stdout, buf_bytes(&out));
	buf_free(&out);
	return ok;
}

/* --- the command -------------------------------------------------------------------------------- */

static json_t *
request_of(const struct query *q)
{
	json_t *request = json_pack("{s:s, s:s*, s:s*}", "verb", "cases", "user", q->choice.user, "severity",
	    q->severity);

	choice_put(request, &q->choice);
	return request;
}

static int
list(struct cli *cli, const struct query *q)
{
	struct shown shown = {.cli = cli};
	struct client_ask ask = {.request = request_of(q), .fn = client_print_line};
	int status;

	if (cli->json)
		return client_ask(cli, &ask);
	ask.fn = show_row;
	ask.arg = &shown;
	if ((shown.table = table_new(cli, case_columns, CASE_COLUMNS)) == NULL) {
		json_decref(ask.request);
		return CLI_UNREACHABLE;
	}
	status = client_ask(cli, &ask);
	if (table_nrows(shown.table) > 0)
		status = cli_worse(status, table_print(shown.table));
	else if (status == CLI_OK && !cli_write(stdout, BYTES_LIT("no cases\n")))
		status = CLI_UNREACHABLE;
	table_free(&shown.table);
	return status;
}

static int
one(struct cli *cli, const char *id)
{
	struct client_ask ask = {.fn = show_sheet, .arg = cli};

	if (cli->json)
		ask.fn = client_print_line;
	ask.request = json_pack("{s:s, s:s}", "verb", "case", "id", id);
	return client_ask(cli, &ask);
}

static bool
take_option(const struct cli *cli, struct query *q, int val)
{
	enum severity severity;

	q->any = true;
	if (val != 'm')
		return choice_take(cli, &q->choice, val);
	q->severity = optarg;
	if (severity_parse(bytes_of(optarg), &severity))
		return true;
	(void)cli_usage(cli, "--min-severity: '%s' is none; such are info, low, medium, high, critical", optarg);
	return false;
}

int
cmd_case(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {
		CHOICE_OPTIONS,
		{"min-severity", required_argument, NULL, 'm'},
		{0},
	};
	struct query q = {0};
	int val;

	while ((val = cli_option(cli, argc, argv, own)) != -1) {
		if (!take_option(cli, &q, val))
			return CLI_USAGE;
	}
	if (optind == argc)
		return list(cli, &q);
	if (optind < argc - 1)
		return cli_usage(cli, "what is '%s'?", argv[optind + 1]);
	if (q.any)
		return cli_usage(cli, "options choose from the list; a case of its own needs none");
	return one(cli, argv[optind]);
}
