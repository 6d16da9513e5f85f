/*
 * cmd_allow: exceptions with an end: a user may go on to a place for a while, whatever the policy says of
 * it.  The engine keeps them; never-stop and logins are not its matter.
 */
#include <pwd.h>

#include <sshtether/control.h>

#include "base/addr.h"
#include "cli/client.h"
#include "cli/table.h"

static const struct table_column columns[] = {{"NO", TABLE_RIGHT}, {"USER", 0}, {"TO", 0},
    {"PORT", TABLE_RIGHT}, {"LEFT", TABLE_RIGHT}, {"UNTIL", 0}, {"REASON", TABLE_WRAP}};

struct listing {
	const struct cli *cli;
	struct table *table;
};

static bool
put_row(const json_t *o, struct bytes line, void *arg)
{
	const struct listing *l = arg;
	struct table_row *row = table_row(l->table, NULL);
	struct buf text = BUF_INIT;

	(void)line;
	buf_printf(&text, "%lld", (long long)answer_int(o, "allow"));
	table_cell(l->table, row, 0, &text);
	answer_visible(o, "user", &text);
	table_cell(l->table, row, 1, &text);
	answer_visible(o, "to", &text);
	table_cell(l->table, row, 2, &text);
	if (answer_int(o, "port") != 0)
		buf_printf(&text, "%lld", (long long)answer_int(o, "port"));
	else
		buf_puts(&text, "any");
	table_cell(l->table, row, 3, &text);
	answer_span(answer_int(o, "until_ms") - rtime_now().ms, &text);
	table_cell(l->table, row, 4, &text);
	answer_time(l->cli, o, "until", &text);
	table_cell(l->table, row, 5, &text);
	answer_visible(o, "reason", &text);
	table_cell(l->table, row, 6, &text);
	buf_free(&text);
	return true;
}

static int
list(struct cli *cli)
{
	struct listing l = {.cli = cli};
	struct client_ask ask = {.socket = CLIENT_CONTROL, .fn = put_row, .arg = &l};
	int status;

	if (cli->json)
		ask.fn = client_print_line;
	else if ((l.table = table_new(cli, columns, sizeof(columns) / sizeof(columns[0]))) == NULL)
		return CLI_UNREACHABLE;
	ask.request = json_pack("{s:s}", "verb", "allowed");
	status = client_ask(cli, &ask);
	if (status == CLI_OK && l.table != NULL)
		status = table_nrows(l.table) > 0 ? table_print(l.table) :
		    cli_write(stdout, BYTES_LIT("no exceptions\n")) ? CLI_OK : CLI_UNREACHABLE;
	table_free(&l.table);
	return status;
}

/* "allow:3  pass … until …" */
static bool
show(const json_t *o, struct bytes line, void *arg)
{
	struct buf out = BUF_INIT;
	bool ok;

	(void)line;
	buf_printf(&out, "%s%lld  ", (const char *)arg, (long long)answer_int(o, "allow"));
	answer_visible(o, "rule", &out);
	buf_putc(&out, '\n');
	ok = cli_write(stdout, buf_bytes(&out));
	buf_free(&out);
	return ok;
}

struct wish {
	const char *user, *to, *port, *span, *reason, *revoke;
};

static const struct {
	struct option option;
	size_t at; /* in struct wish */
} wishes[] = {
	{{"user", required_argument, NULL, 'u'}, offsetof(struct wish, user)},
	{{"to", required_argument, NULL, 't'}, offsetof(struct wish, to)},
	{{"port", required_argument, NULL, 'p'}, offsetof(struct wish, port)},
	{{"for", required_argument, NULL, 'f'}, offsetof(struct wish, span)},
	{{"reason", required_argument, NULL, 'r'}, offsetof(struct wish, reason)},
	{{"revoke", required_argument, NULL, 'x'}, offsetof(struct wish, revoke)},
};

#define NWISHES (sizeof(wishes) / sizeof(wishes[0]))

/* How many were said; −1: it has been said what is wrong. */
static int
read_wish(struct cli *cli, int argc, char **argv, struct wish *w)
{
	struct option own[NWISHES + 1] = {{0}};
	int val, n = 0;

	for (size_t i = 0; i < NWISHES; i++)
		own[i] = wishes[i].option;
	for (; (val = cli_option(cli, argc, argv, own)) != -1; n++) {
		if (val == '?')
			return -1;
		for (size_t i = 0; i < NWISHES; i++)
			if (wishes[i].option.val == val)
				*(const char **)((char *)w + wishes[i].at) = optarg;
	}
	if (optind == argc)
		return n;
	(void)cli_usage(cli, "what is '%s'?", argv[optind]);
	return -1;
}

static int
revoke(struct cli *cli, const char *number)
{
	static char said[] = "no longer allowed: allow:";
	struct client_ask ask = {.socket = CLIENT_CONTROL, .fn = cli->json ? client_print_line : show, .arg = said};
	uint64_t n;

	if (!bytes_u64(bytes_of(number), &n) || n == 0 || n > INT32_MAX)
		return cli_usage(cli, "--revoke: '%s' is no number of an exception", number);
	ask.request = json_pack("{s:s, s:I}", "verb", "disallow", "allow", (json_int_t)n);
	return client_ask(cli, &ask);
}

static int
allow(struct cli *cli, const struct wish *w)
{
	static char said[] = "allow:";
	struct client_ask ask = {.socket = CLIENT_CONTROL, .fn = cli->json ? client_print_line : show, .arg = said};
	struct prefix to;
	uint64_t port = 0;
	int64_t for_ms;
	int status;

	if (w->user == NULL || w->to == NULL || w->span == NULL)
		return cli_usage(cli, "who may go where, and for how long? --user, --to and --for are needed");
	if (w->reason == NULL || *w->reason == '\0')
		return cli_usage(cli, "why? --reason TEXT is needed");
	if (!prefix_parse(bytes_of(w->to), &to))
		return cli_usage(cli, "--to: '%s' is no address and no prefix; such are 10.20.0.9, 10.20.0.0/16, "
		    "2001:db8::/32", w->to);
	if (w->port != NULL && (!bytes_u64(bytes_of(w->port), &port) || port == 0 || port > UINT16_MAX))
		return cli_usage(cli, "--port: '%s' is not between 1 and 65535", w->port);
	if (!duration_parse(bytes_of(w->span), &for_ms) || for_ms < ALLOW_MIN_MS || for_ms > ALLOW_MAX_MS)
		return cli_usage(cli, "--for: '%s' is not between 1m and 30d; such are 90m, 1h, 2d", w->span);
	ask.request = json_pack("{s:s, s:s, s:s, s:I, s:I, s:s}", "verb", "allow", "user", w->user, "to", w->to,
	    "port", (json_int_t)port, "for_ms", (json_int_t)for_ms, "reason", w->reason);
	status = client_ask(cli, &ask);
	if (status == CLI_OK && getpwnam(w->user) == NULL)
		cli_error("this host knows no user '%s': is the name right? allow --revoke takes it back", w->user);
	return status;
}

int
cmd_allow(struct cli *cli, int argc, char **argv)
{
	struct wish w = {0};
	int n = read_wish(cli, argc, argv, &w);

	if (n < 0)
		return CLI_USAGE;
	if (w.revoke != NULL && n > 1)
		return cli_usage(cli, "--revoke takes no other option");
	return n == 0 ? list(cli) : w.revoke != NULL ? revoke(cli, w.revoke) : allow(cli, &w);
}
