/*
 * cmd_mode: the host's mode, asked of the monitor itself: the engine can neither change it nor
 * lie about it here.  Whoever switches to enforce is told what happens from now on and what
 * the way back is.
 */
#include <unistd.h>

#include <sshtether/control.h>

#include "base/words.h"
#include "cli/client.h"

static const char to_enforce[] =
    "From now on the policy's actions are taken where the policy or its rule says enforce too:\n"
    "logins and connections are refused, processes killed, sockets cut, sessions ended.\n"
    "Connections that are there already and that it refuses end now; their sessions stay.\n"
    "The way back, which stops all actions at once:   sshtether mode audit\n"
    "Whom no action ever touches: break-glass in sshtetherd.conf, never-stop in the policy.\n";

static const char for_good[] =
    "Keep this session open until a new login has worked.\n";

static const char on_trial[] =
    "Keep this session open, log in anew, and say there, as root:   sshtether confirm\n";

static const char confirmed[] = "Enforce mode stays: logins work.\n";

static const char to_audit[] =
    "The policy stops nothing from now on; what it would have stopped is alerted.\n"
    "What was isolated or revoked by hand stays so.\n";

struct answer {
	const struct cli *cli;
	bool set, confirmed;
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
	buf_puts(&out, cli_style(a->cli, STYLE_PLAIN));
	answer_trial(o, &out);
	buf_putc(&out, '\n');
	if (a->set)
		buf_puts(&out, enforce ? to_enforce : to_audit);
	if (a->set && enforce)
		buf_puts(&out, answer_get(o, "left_ms") != NULL ? on_trial : for_good);
	if (a->confirmed)
		buf_puts(&out, confirmed);
	ok = cli_write(stdout, buf_bytes(&out));
	buf_free(&out);
	return ok;
}

/* The host's mode is half of it: whoever switches to enforce and is left in audit shall know. */
static bool
show_policy(const json_t *o, struct bytes line, void *arg)
{
	const struct cli *cli = arg;
	struct buf out = BUF_INIT;
	bool ok;

	(void)line;
	if (bytes_is(answer_str(o, "mode.policy"), "enforce"))
		return true;
	buf_puts(&out, cli_style(cli, STYLE_WARN));
	if (answer_bool(o, "policy.absent")) {
		buf_puts(&out, "Nothing is stopped yet: there is no policy.");
	} else {
		buf_puts(&out, "Nothing is stopped yet: the policy says mode audit (");
		answer_visible(o, "policy.path", &out);
		buf_puts(&out, ").\nOnly a rule that says mode enforce itself is carried out.");
	}
	buf_printf(&out, "%s\n", cli_style(cli, STYLE_PLAIN));
	ok = cli_write(stdout, buf_bytes(&out));
	buf_free(&out);
	return ok;
}

/* The engine knows the policy.  It may be away: the mode is set all the same. */
static void
look_at_policy(struct cli *cli)
{
	char path[256];
	int n = snprintf(path, sizeof(path), "%s/control.sock", cli->run_dir);
	struct client_ask ask = {.socket = CLIENT_CONTROL, .fn = show_policy, .arg = cli};

	if (cli->socket != NULL || n < 0 || (size_t)n >= sizeof(path) || access(path, F_OK) != 0)
		return;
	ask.request = json_pack("{s:s}", "verb", "status");
	(void)client_ask(cli, &ask);
}

/* --- the commands --------------------------------------------------------------------------- */

static bool
parse_trial(const char *text, int64_t *ms)
{
	return duration_parse(bytes_of(text), ms) && *ms >= TRIAL_MIN_MS && *ms <= TRIAL_MAX_MS;
}

/* trial_ms 0: for good; set NULL: only asked. */
static int
ask_mode(struct cli *cli, const char *set, int64_t trial_ms)
{
	struct answer answer = {.cli = cli, .set = set != NULL};
	const struct client_ask ask = {.socket = CLIENT_MONITOR, .fn = cli->json ? client_print_line : show,
	    .arg = &answer, .request = json_pack("{s:s, s:s*}", "verb", "mode", "set", set)};

	if (ask.request != NULL && trial_ms != 0)
		(void)json_object_set_new(ask.request, "trial_ms", json_integer(trial_ms));
	return client_ask(cli, &ask);
}

int
cmd_mode(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {{"confirm-within", required_argument, NULL, 'w'}, {0}};
	const char *set, *within = NULL;
	enum mode mode = MODE_AUDIT;
	int64_t trial_ms = 0;
	int val, status;

	while ((val = cli_option(cli, argc, argv, own)) != -1) {
		if (val == '?')
			return CLI_USAGE;
		within = optarg;
	}
	if (argc - optind > 1)
		return cli_usage(cli, "one mode, audit or enforce");
	set = optind < argc ? argv[optind] : NULL;
	if (set != NULL && !mode_parse(bytes_of(set), &mode))
		return cli_usage(cli, "there is no mode '%s': audit or enforce", set);
	if (within != NULL && mode != MODE_ENFORCE)
		return cli_usage(cli, "--confirm-within goes with mode enforce");
	if (within != NULL && !parse_trial(within, &trial_ms))
		return cli_usage(cli, "--confirm-within: '%s' is not between 10s and 24h; such are 90s, 10m, 2h",
		    within);
	status = ask_mode(cli, set, trial_ms);
	if (status == CLI_OK && mode == MODE_ENFORCE && !cli->json)
		look_at_policy(cli);
	return status;
}

int
cmd_confirm(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {{0}};
	struct answer answer = {.cli = cli, .confirmed = true};
	const struct client_ask ask = {.socket = CLIENT_MONITOR, .fn = cli->json ? client_print_line : show,
	    .arg = &answer, .request = json_pack("{s:s}", "verb", "confirm")};

	if (cli_option(cli, argc, argv, own) != -1 || optind != argc) {
		json_decref(ask.request);
		return optind != argc ? cli_usage(cli, "confirm takes no operand") : CLI_USAGE;
	}
	return client_ask(cli, &ask);
}
