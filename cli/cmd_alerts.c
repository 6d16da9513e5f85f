/* cmd_alerts: what was found and what became of it: the store's history, and what comes while one waits. */
#include "base/bytes.h"
#include "base/words.h"
#include "cli/client.h"

struct query {
	struct rtime since, until;
	const char *user, *session, *activity;
	int64_t limit;
	bool follow;
};

/* --- people's form, two lines an alert --------------------------------------------------------------- */

/* event.severity back to its word (agentd/sink/alert.c); a number in between is the lower word's. */
static enum severity
severity_of(const json_t *a)
{
	static const int64_t least[SEV_COUNT] = {0, 21, 47, 73, 99};
	int64_t number = answer_int(a, "event.severity");
	enum severity s = SEV_CRITICAL;

	while (s > SEV_INFO && number < least[s])
		s--;
	return s;
}

static enum cli_style
alert_style(const json_t *a)
{
	if (bytes_is(answer_str(a, "event.kind"), "event"))
		return STYLE_DIM;
	return severity_of(a) >= SEV_HIGH ? STYLE_BAD : STYLE_WARN;
}

static void
put_head(const struct cli *cli, const json_t *a, struct buf *out)
{
	struct buf activity = BUF_INIT;

	answer_visible(a, "event.action", &activity);
	answer_time(cli, a, "@timestamp", out);
	buf_printf(out, "  %s%-8s  %-20s%s  ", cli_style(cli, alert_style(a)),
	    severity_name(severity_of(a)), buf_ok(&activity) ? activity.p : "",
	    cli_style(cli, STYLE_PLAIN));
	buf_free(&activity);
}

static void
put_login(const json_t *a, struct buf *out)
{
	const json_t *ses = answer_get(a, "sshtether.ses");

	if (ses != NULL)
		buf_printf(out, "session %lld ", (long long)json_integer_value(ses));
	else
		buf_puts(out, "no session ");
	answer_visible(a, "user.name", out);
	if (answer_str(a, "user.effective.id").n > 0 &&
	    !bytes_eq(answer_str(a, "user.id"), answer_str(a, "user.effective.id"))) {
		bool named = answer_str(a, "user.effective.name").n > 0;

		buf_puts(out, named ? " as " : " as uid ");
		answer_visible(a, named ? "user.effective.name" : "user.effective.id", out);
	}
	if (answer_get(a, "source.ip") != NULL) {
		buf_puts(out, " from ");
		answer_endpoint(a, "source", out);
	}
}

static void
put_result(const json_t *a, struct buf *out)
{
	struct bytes action = answer_str(a, "sshtether.action");

	answer_visible(a, "sshtether.done", out);
	if (action.n > 0 && !bytes_is(action, "alert") && !bytes_is(action, "record") &&
	    !bytes_is(action, "pass")) {
		buf_putc(out, ' ');
		buf_put_visible(out, action);
	}
	if (answer_str(a, "rule.name").n > 0) {
		buf_puts(out, " by ");
		answer_visible(a, "rule.name", out);
	}
	if (answer_str(a, "sshtether.why").n > 0) {
		buf_puts(out, ", ");
		answer_visible(a, "sshtether.why", out);
	}
}

static void
put_destination(const json_t *a, struct buf *out)
{
	if (answer_get(a, "destination.ip") != NULL) {
		buf_puts(out, "to ");
		answer_endpoint(a, "destination", out);
	} else if (answer_str(a, "sshtether.to").n > 0) {
		buf_puts(out, "to ");
		answer_visible(a, "sshtether.to", out);
	} else {
		return;
	}
	if (answer_str(a, "sshtether.owner").n > 0) {
		buf_puts(out, ", owner ");
		answer_visible(a, "sshtether.owner", out);
	}
	if (bytes_is(answer_str(a, "event.outcome"), "failure"))
		buf_puts(out, ", failed");
	buf_puts(out, "; ");
}

static void
put_programs(const json_t *a, struct buf *out)
{
	const json_t *ancestry = answer_get(a, "sshtether.ancestry"), *item;
	size_t i;

	if (answer_get(a, "process.pid") == NULL)
		return;
	answer_visible(a, "process.executable", out);
	buf_printf(out, "[%lld]", (long long)answer_int(a, "process.pid"));
	json_array_foreach(ancestry, i, item) {
		buf_puts(out, " < ");
		buf_put_visible(out, answer_str(item, ""));
	}
	buf_puts(out, "; ");
}

static bool
show(const json_t *a, struct bytes line, void *arg)
{
	const struct cli *cli = arg;
	struct buf out = BUF_INIT;
	bool ok;

	(void)line;
	put_head(cli, a, &out);
	put_login(a, &out);
	buf_puts(&out, ": ");
	put_result(a, &out);
	buf_printf(&out, "\n%-19s  ", "");
	put_destination(a, &out);
	put_programs(a, &out);
	answer_visible(a, "event.reason", &out);
	buf_putc(&out, '\n');
	ok = cli_write(stdout, buf_bytes(&out));
	buf_free(&out);
	return ok;
}

/* --- the request ------------------------------------------------------------------------------------- */

static json_t *
request_of(const struct query *q)
{
	json_t *request = json_pack("{s:s, s:s*, s:s*, s:s*, s:b}", "verb", "alerts", "user", q->user,
	    "session", q->session, "activity", q->activity, "follow", q->follow);

	if (request == NULL)
		return NULL;
	if (q->since.ms != 0)
		(void)json_object_set_new(request, "since", json_integer(q->since.ms));
	if (q->until.ms != 0)
		(void)json_object_set_new(request, "until", json_integer(q->until.ms));
	if (q->limit != 0)
		(void)json_object_set_new(request, "limit", json_integer(q->limit));
	return request;
}

static bool
parse_limit(const struct cli *cli, const char *text, int64_t *limit)
{
	if (bytes_i64(bytes_of(text), limit) && *limit > 0)
		return true;
	(void)cli_usage(cli, "--limit: '%s' is no number above 0", text);
	return false;
}

static bool
known_activity(const struct cli *cli, const char *text)
{
	enum activity a;

	if (activity_parse(bytes_of(text), &a))
		return true;
	(void)cli_usage(cli, "--activity: there is no '%s'; such are login, outbound-ssh, relay, "
	    "agent-use, agent-hijack: see sshtether(1)", text);
	return false;
}

static bool
take_option(const struct cli *cli, struct query *q, int val)
{
	switch (val) {
	case 's':
		return cli_when(cli, "--since", optarg, &q->since);
	case 'u':
		return cli_when(cli, "--until", optarg, &q->until);
	case 'n':
		return parse_limit(cli, optarg, &q->limit);
	case 'a':
		q->activity = optarg;
		return known_activity(cli, optarg);
	case 'U':
		q->user = optarg;
		return true;
	case 'S':
		q->session = optarg;
		return true;
	case 'f':
		q->follow = true;
		return true;
	default:
		return false;
	}
}

int
cmd_alerts(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {
		{"since", required_argument, NULL, 's'},
		{"until", required_argument, NULL, 'u'},
		{"user", required_argument, NULL, 'U'},
		{"session", required_argument, NULL, 'S'},
		{"activity", required_argument, NULL, 'a'},
		{"limit", required_argument, NULL, 'n'},
		{"follow", no_argument, NULL, 'f'},
		{0},
	};
	struct client_ask ask = {.fn = show, .arg = cli};
	struct query q = {0};
	int val;

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
	return client_ask(cli, &ask);
}
