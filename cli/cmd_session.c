/* cmd_session: one session, in full: who, whence, with what, and what runs in it. */
#include "base/amount.h"
#include "cli/session_rows.h"

#define LABEL "%-13s "

static void
put_label(struct buf *out, const char *label)
{
	buf_printf(out, LABEL, label);
}

static void
put_row(const json_t *s, const char *label, const char *path, struct buf *out)
{
	const json_t *v = answer_get(s, path);

	if (v == NULL)
		return;
	put_label(out, label);
	if (json_is_integer(v))
		buf_printf(out, "%lld", (long long)json_integer_value(v));
	else
		answer_visible(s, path, out);
	buf_putc(out, '\n');
}

static void
put_time_row(const struct cli *cli, const json_t *s, const char *label, const char *path,
    struct buf *out)
{
	if (answer_get(s, path) == NULL)
		return;
	put_label(out, label);
	answer_time(cli, s, path, out);
	buf_putc(out, '\n');
}

static void
put_amount_row(const json_t *s, const char *label, const char *path, struct buf *out)
{
	char amount[AMOUNT_STRLEN];

	if (answer_int(s, path) <= 0)
		return;
	put_label(out, label);
	buf_printf(out, "%s\n", amount_str((uint64_t)answer_int(s, path), amount));
}

static void
put_list_row(const json_t *s, const char *label, const char *path, struct buf *out)
{
	const json_t *list = answer_get(s, path), *item;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	put_label(out, label);
	json_array_foreach(list, i, item) {
		if (i > 0)
			buf_puts(out, ", ");
		buf_put_visible(out, answer_str(item, ""));
	}
	buf_putc(out, '\n');
}

static void
put_endpoint_row(const json_t *s, const char *label, const char *path, struct buf *out)
{
	if (answer_get(s, path) == NULL)
		return;
	put_label(out, label);
	answer_endpoint(s, path, out);
	buf_putc(out, '\n');
}

static void
put_facts(const struct cli *cli, const json_t *s, struct buf *out)
{
	put_row(s, "session", "sshtether.session", out);
	put_row(s, "user", "user.name", out);
	put_row(s, "login uid", "sshtether.auid", out);
	put_endpoint_row(s, "from", "source", out);
	put_endpoint_row(s, "to", "server", out);
	put_label(out, "state");
	session_state(s, out);
	buf_putc(out, '\n');
	put_row(s, "known by", "sshtether.known_by", out);
	put_row(s, "service", "sshtether.service", out);
	put_row(s, "terminal", "sshtether.tty", out);
	put_row(s, "method", "sshtether.method", out);
	put_row(s, "key", "sshtether.key", out);
	put_row(s, "key type", "sshtether.key_type", out);
	put_row(s, "certificate", "sshtether.cert_id", out);
	put_row(s, "serial", "sshtether.cert_serial", out);
	put_row(s, "CA", "sshtether.ca", out);
	put_list_row(s, "principals", "sshtether.principals", out);
	put_list_row(s, "groups", "sshtether.groups", out);
	put_time_row(cli, s, "opened", "sshtether.opened", out);
	put_time_row(cli, s, "closed", "sshtether.closed", out);
	put_time_row(cli, s, "last event", "sshtether.last", out);
	put_row(s, "came from", "sshtether.parent", out);
	put_row(s, "sshd", "process.pid", out);
	put_row(s, "events", "sshtether.events", out);
	put_row(s, "findings", "sshtether.findings", out);
	put_amount_row(s, "carried in", "sshtether.bytes_in", out);
	put_amount_row(s, "carried out", "sshtether.bytes_out", out);
	buf_putc(out, '\n');
}

static bool
show(const json_t *s, struct bytes line, void *arg)
{
	const struct cli *cli = arg;
	struct table *t = table_new(cli, session_tree_columns, TREE_COLUMNS);
	struct buf out = BUF_INIT;
	bool ok;

	(void)line;
	if (t == NULL)
		return false;
	put_facts(cli, s, &out);
	ok = cli_write(stdout, buf_bytes(&out));
	(void)session_tree_rows(cli, t, NULL, s, true);
	ok = ok && table_print(t) == CLI_OK;
	table_free(&t);
	buf_free(&out);
	return ok;
}

int
cmd_session(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {{0}};
	struct client_ask ask = {.fn = show, .arg = cli};

	if (cli_option(cli, argc, argv, own) != -1)
		return CLI_USAGE;
	if (optind != argc - 1)
		return cli_usage(cli, "which session?");
	if (cli->json)
		ask.fn = client_print_line;
	ask.request = json_pack("{s:s, s:s}", "verb", "session", "id", argv[optind]);
	return client_ask(cli, &ask);
}
