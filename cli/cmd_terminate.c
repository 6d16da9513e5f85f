/*
 * cmd_terminate: ends one session.  A reason is asked for, because somebody will ask for it
 * later.
 */
#include "cli/client.h"

static bool
show(const json_t *o, struct bytes line, void *arg)
{
	struct buf out = BUF_INIT;
	bool ok;

	(void)line;
	(void)arg;
	buf_puts(&out, "session ");
	buf_printf(&out, "%lld: ", (long long)answer_int(o, "ses"));
	answer_visible(o, "done", &out);
	if (answer_str(o, "why").n > 0) {
		buf_puts(&out, ", ");
		answer_visible(o, "why", &out);
	}
	buf_putc(&out, '\n');
	ok = cli_write(stdout, buf_bytes(&out));
	buf_free(&out);
	return ok;
}

int
cmd_terminate(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {{"reason", required_argument, NULL, 'r'}, {0}};
	struct client_ask ask = {.fn = show};
	const char *reason = NULL;
	int val;

	while ((val = cli_option(cli, argc, argv, own)) != -1) {
		if (val == '?')
			return CLI_USAGE;
		reason = optarg;
	}
	if (optind != argc - 1)
		return cli_usage(cli, "which session?");
	if (reason == NULL || *reason == '\0')
		return cli_usage(cli, "why? --reason TEXT is needed");
	if (cli->json)
		ask.fn = client_print_line;
	ask.request = json_pack("{s:s, s:s, s:s}", "verb", "terminate", "id", argv[optind], "reason",
	    reason);
	return client_ask(cli, &ask);
}
