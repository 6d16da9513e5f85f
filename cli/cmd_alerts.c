/*
 * cmd_alerts: what was found and what became of it: the store's history, and what comes
 * while one waits.
 */
#include "base/bytes.h"
#include "base/words.h"
#include "cli/alert_print.h"
#include "cli/choice.h"

struct query {
	struct choice choice;
	const char *session, *activity;
	bool all, follow;
};

struct shown {
	const struct cli *cli;
	bool any;
};

static bool
show(const json_t *alert, struct bytes line, void *arg)
{
	struct shown *s = arg;
	struct buf out = BUF_INIT;
	bool ok;

	(void)line;
	s->any = true;
	alert_print(s->cli, alert, &out);
	ok = cli_write(stdout, buf_bytes(&out));
	buf_free(&out);
	return ok;
}

/* --- the request -------------------------------------------------------------------------- */

static json_t *
request_of(const struct query *q)
{
	json_t *request = json_pack("{s:s, s:s*, s:s*, s:s*, s:b, s:b}", "verb", "alerts", "user",
	    q->choice.user, "session", q->session, "activity", q->activity, "all", q->all, "follow",
	    q->follow);

	choice_put(request, &q->choice);
	return request;
}

static bool
known_activity(const struct cli *cli, const char *text)
{
	enum activity a;

	if (activity_parse(bytes_of(text), &a) || strcmp(text, "case") == 0)
		return true;
	(void)cli_usage(cli, "--activity: there is no '%s'; such are login, outbound-ssh, relay, "
	    "agent-use, agent-hijack: see sshtether(1)", text);
	return false;
}

static bool
take_option(const struct cli *cli, struct query *q, int val)
{
	switch (val) {
	case 'a':
		q->activity = optarg;
		return known_activity(cli, optarg);
	case 'S':
		q->session = optarg;
		return true;
	case 'A':
		q->all = true;
		return true;
	case 'f':
		q->follow = true;
		return true;
	default:
		return choice_take(cli, &q->choice, val);
	}
}

int
cmd_alerts(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {
		CHOICE_OPTIONS,
		{"session", required_argument, NULL, 'S'},
		{"activity", required_argument, NULL, 'a'},
		{"all", no_argument, NULL, 'A'},
		{"follow", no_argument, NULL, 'f'},
		{0},
	};
	struct shown shown = {.cli = cli};
	struct client_ask ask = {.fn = show, .arg = &shown};
	struct query q = {0};
	int val, status;

	while ((val = cli_option(cli, argc, argv, own)) != -1) {
		if (!take_option(cli, &q, val))
			return CLI_USAGE;
	}
	if (optind < argc)
		return cli_usage(cli, "what is '%s'?", argv[optind]);
	if (cli->json)
		ask.fn = client_print_line;
	ask.follow = q.follow;
	ask.request = request_of(&q);
	status = client_ask(cli, &ask);
	if (status == CLI_OK && !cli->json && !q.follow && !shown.any)
		return cli_write(stdout, BYTES_LIT("no alerts\n")) ? CLI_OK : CLI_UNREACHABLE;
	return status;
}
