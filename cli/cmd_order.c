/*
 * cmd_order: terminate, isolate and revoke-agent: what root does to one session.  The order goes to the
 * monitor, which takes root's word in audit mode too, and no text.  The reason goes to the engine before it,
 * because somebody will ask for it later; and the engine tells the monitor what the policy spares: so
 * without it nothing ends, unless --all.
 */
#include "base/proc.h"
#include "cli/client.h"

#define BOOT_DIGITS 8

/* As alerts and sessions print it, with this boot's digits before it or without.  Not the engine's word. */
static bool
parse_id(const char *id, uint32_t *ses)
{
	struct bytes number = bytes_of(id);
	char boot[37];
	uint64_t n;

	if (number.n > BOOT_DIGITS && id[BOOT_DIGITS] == '-') {
		if (proc_boot_id(boot) != 0 || strncmp(boot, id, BOOT_DIGITS) != 0)
			return false;
		number = bytes_of(id + BOOT_DIGITS + 1);
	}
	if (!bytes_u64(number, &n) || n >= SES_UNSET)
		return false;
	*ses = (uint32_t)n;
	return true;
}

static bool
show(const json_t *o, struct bytes line, void *arg)
{
	struct buf out = BUF_INIT;
	bool ok;

	(void)line;
	(void)arg;
	buf_printf(&out, "session %lld: ", (long long)answer_int(o, "ses"));
	answer_visible(o, "done", &out);
	if (answer_get(o, "why") != NULL) {
		buf_puts(&out, ": ");
		answer_visible(o, "why", &out);
	}
	buf_putc(&out, '\n');
	ok = cli_write(stdout, buf_bytes(&out));
	buf_free(&out);
	return ok;
}

static bool
show_nothing(const json_t *o, struct bytes line, void *arg)
{
	(void)o;
	(void)line;
	(void)arg;
	return true;
}

struct order {
	const char *verb;
	const char *undone;   /* what is said when it is not done for want of the engine; NULL: it is done */
	const char *reason;
	uint32_t ses;
	bool all;
};

static int
announce(const struct cli *cli, const struct order *o)
{
	const struct client_ask ask = {.socket = CLIENT_CONTROL, .fn = show_nothing,
	    .request = json_pack("{s:s, s:I, s:s, s:s}", "verb", "announce", "id", (json_int_t)o->ses,
		"reason", o->reason, "order", o->verb)};

	return client_ask(cli, &ask);
}

static int
command(const struct cli *cli, const struct order *o)
{
	struct client_ask ask = {.socket = CLIENT_MONITOR, .fn = cli->json ? client_print_line : show,
	    .request = json_pack("{s:s, s:I}", "verb", o->verb, "ses", (json_int_t)o->ses)};

	if (ask.request != NULL && o->undone != NULL)
		(void)json_object_set_new(ask.request, "all", json_boolean(o->all));
	return client_ask(cli, &ask);
}

static int
give(const struct cli *cli, const struct order *o)
{
	int status;

	if (!client_may(cli, CLIENT_MONITOR))
		return CLI_UNREACHABLE;
	status = announce(cli, o);
	if (status != CLI_OK && o->undone != NULL && !o->all) {
		if (status != CLI_FOUND)
			cli_error("%s", o->undone);
		return status;
	}
	if (status != CLI_OK)
		cli_error("the reason is not recorded");
	return command(cli, o);
}

static int
run(struct cli *cli, int argc, char **argv, const struct option *own, struct order o)
{
	int val;

	while ((val = cli_option(cli, argc, argv, own)) != -1) {
		if (val == '?')
			return CLI_USAGE;
		if (val == 'a')
			o.all = true;
		else
			o.reason = optarg;
	}
	if (optind != argc - 1)
		return cli_usage(cli, optind < argc ? "one session at a time" : "which session?");
	if (o.reason == NULL || *o.reason == '\0')
		return cli_usage(cli, "why? --reason TEXT is needed");
	if (cli->socket != NULL)
		return cli_usage(cli, "two sockets are asked: SSHTETHER_RUN names their folder");
	if (!parse_id(argv[optind], &o.ses)) {
		cli_error("'%s' is no session's id", argv[optind]);
		return CLI_FOUND;
	}
	return give(cli, &o);
}

int
cmd_terminate(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {{"reason", required_argument, NULL, 'r'},
	    {"all", no_argument, NULL, 'a'}, {0}};

	return run(cli, argc, argv, own, (struct order){.verb = "terminate",
	    .undone = "not ended; --all ends it all the same, and what the policy spares with it"});
}

static const struct option only_reason[] = {{"reason", required_argument, NULL, 'r'}, {0}};

int
cmd_isolate(struct cli *cli, int argc, char **argv)
{
	return run(cli, argc, argv, only_reason, (struct order){.verb = "isolate"});
}

int
cmd_revoke_agent(struct cli *cli, int argc, char **argv)
{
	return run(cli, argc, argv, only_reason, (struct order){.verb = "revoke-agent"});
}
