/* cmd_baseline_reset: forgets what was learned, of one user or of all.  Asks first, where somebody can answer. */
#include <unistd.h>

#include "cli/baseline.h"
#include "cli/client.h"

static bool
show(const json_t *o, struct bytes line, void *arg)
{
	struct buf out = BUF_INIT;
	bool ok;

	(void)line;
	(void)arg;
	buf_puts(&out, "forgotten: what was usual of ");
	if (answer_get(o, "user") != NULL)
		answer_visible(o, "user", &out);
	else
		cli_count((uint64_t)answer_int(o, "users"), "user", &out);
	buf_puts(&out, " (");
	cli_count((uint64_t)answer_int(o, "entries"), "value", &out);
	buf_puts(&out, ")\n");
	ok = cli_write(stdout, buf_bytes(&out));
	buf_free(&out);
	return ok;
}

/* True: yes.  Nobody is asked who cannot answer. */
static bool
is_meant(const char *user)
{
	char answer[16];

	if (user != NULL)
		fprintf(stderr, "Forget what was learned of %s", user);
	else
		fputs("Forget what was learned of everybody on this host", stderr);
	fputs("?  Until it has been learned again, nothing is unusual.  [y/N] ", stderr);
	return fgets(answer, sizeof(answer), stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

int
cmd_baseline_reset(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {{"yes", no_argument, NULL, 'y'}, {0}};
	struct client_ask ask = {.socket = CLIENT_CONTROL};
	bool yes = false;
	int val;

	while ((val = cli_option(cli, argc, argv, own)) != -1) {
		if (val == '?')
			return CLI_USAGE;
		yes = true;
	}
	ask.fn = cli->json ? client_print_line : show;
	if (argc - optind > 1)
		return cli_usage(cli, "one user, or none for all");
	if (!baseline_may("reset"))
		return CLI_UNREACHABLE;
	if (!yes && !isatty(STDIN_FILENO))
		return cli_usage(cli, "nobody can be asked whether it is meant: --yes says that it is");
	if (!yes && !is_meant(argv[optind])) {
		cli_error("nothing was forgotten");
		return CLI_FOUND;
	}
	ask.request = json_pack("{s:s, s:s*}", "verb", "baseline-reset", "user", argv[optind]);
	return client_ask(cli, &ask);
}
