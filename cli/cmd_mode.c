/*
 * cmd_mode: the host's mode, asked of the monitor itself: the engine can neither change it nor
 * lie about it here.  Whoever switches to enforce is told what happens from now on and what
 * the way back is.
 */
#include "base/words.h"
#include "cli/client.h"

static const char to_enforce[] =
    "From now on the policy's actions are taken where the policy or its rule says enforce too:\n"
    "logins are refused, processes killed, sockets cut, sessions ended.\n"
    "The way back, which stops all actions at once:   sshtether mode audit\n"
    "Whom no action ever touches: break-glass in sshtetherd.conf, never-stop in the policy.\n"
    "Keep this session open until a new login has worked.\n";

static const char to_audit[] =
    "Nothing is stopped from now on; what would have been is alerted.\n";

struct answer {
	const struct cli *cli;
	bool set;
};

static bool
show(const json_t *o, struct bytes line, void *arg)
{
	const struct answer *a = arg;
	bool enforce = bytes_is(answer_str(o, "mode"), "enforce");
	struct buf out = BUF_INIT;
	bool ok;

	(void)line;
	buf_puts(&out, cli_style(a->cli, enforce ? STYLE_GOOD : STYLE_WARN));
	answer_visible(o, "mode", &out);
	buf_printf(&out, "%s\n", cli_style(a->cli, STYLE_PLAIN));
	if (a->set)
		buf_puts(&out, enforce ? to_enforce : to_audit);
	ok = cli_write(stdout, buf_bytes(&out));
	buf_free(&out);
	return ok;
}

int
cmd_mode(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {{0}};
	struct answer answer = {.cli = cli};
	struct client_ask ask = {.socket = CLIENT_MONITOR, .fn = show, .arg = &answer};
	const char *set;
	enum mode mode;

	if (cli_option(cli, argc, argv, own) != -1)
		return CLI_USAGE;
	if (argc - optind > 1)
		return cli_usage(cli, "one mode, audit or enforce");
	set = optind < argc ? argv[optind] : NULL;
	if (set != NULL && !mode_parse(bytes_of(set), &mode))
		return cli_usage(cli, "there is no mode '%s': audit or enforce", set);
	if (cli->json)
		ask.fn = client_print_line;
	answer.set = set != NULL;
	ask.request = json_pack("{s:s, s:s*}", "verb", "mode", "set", set);
	return client_ask(cli, &ask);
}
