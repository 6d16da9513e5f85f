/*
 * cmd_policy_learn: pass rules that would keep what was observed, printed for a human to review.  Nothing is loaded,
 * and nothing is written but to standard output.
 */
#include "base/words.h"
#include "cli/past_source.h"
#include "cli/policy_file.h"
#include "cli/policy_learn.h"

struct learning {
	const struct cli *cli;
	struct past_source past;
	struct learn_options options;
};

static void
on_past(enum past_part part, const struct asked *a, void *arg)
{
	(void)part;
	learn_see(arg, a);
}

static void
on_alerted(struct bytes session, void *arg)
{
	learn_alerted(arg, session);
}

/* Rules that are not all are said to be so, and by the exit status. */
static int
print(const struct learning *g, struct learn *l)
{
	const bool logs = g->past.nlogs > 0;
	const struct learn_show show = {.cli = g->cli, .learn = l, .now = rtime_now(),
	    .since = logs ? RTIME_NONE : g->past.since, .until = logs ? RTIME_NONE : g->past.until,
	    .source = logs ? "recorded logs" : "what sshtetherd keeps"};
	struct buf out = BUF_INIT;

	if (g->cli->json)
		learn_json(&show, &out);
	else
		learn_text(&show, &out);
	if (l->lost > 0)
		cli_error("incomplete: there was no room for %llu observations; --since, --user or --activity ask for less",
		    (unsigned long long)l->lost);
	return cli_finish(&out, l->lost > 0 ? CLI_FOUND : CLI_OK);
}

static int
learn(struct learning *g)
{
	struct learn l;
	int status = CLI_UNREACHABLE;

	g->past.alerted = on_alerted;
	g->options.late = g->past.nlogs > 0;
	/* Findings first: only they tell that a login was alerted or refused. */
	if (learn_begin(&l, &g->options))
		status = past_source_walk(g->cli, &g->past, PAST_FINDINGS, on_past, &l);
	else
		l.failed = true;
	if (status == CLI_OK && (l.failed || !learn_settle(&l) || (!g->options.exact && !learn_join(&l)) || !learn_rules(&l)))
		l.failed = true;
	if (l.failed) {
		cli_error("out of memory");
		status = CLI_UNREACHABLE;
	} else if (status == CLI_OK) {
		status = print(g, &l);
	}
	learn_end(&l);
	return status;
}

static int
take_number(const struct cli *cli, const char *text, uint64_t *out)
{
	if (bytes_u64(bytes_of(text), out) && *out > 0)
		return CLI_OK;
	return cli_usage(cli, "--min: '%s' is no number above 0", text);
}

static int
take_activity(const struct cli *cli, const char *text, uint32_t *out)
{
	enum activity a;

	if (!activity_parse(bytes_of(text), &a))
		return cli_usage(cli, "--activity: there is no '%s'; such are login, outbound-ssh, relay, agent-use: see "
		    "sshtether(1)", text);
	*out |= 1u << a;
	return CLI_OK;
}

static int
take_option(struct learning *g, int val)
{
	switch (val) {
	case 'U':
		g->options.user = optarg;
		return CLI_OK;
	case 'm':
		return take_number(g->cli, optarg, &g->options.min);
	case 'a':
		return take_activity(g->cli, optarg, &g->options.activities);
	case 'x':
		g->options.exact = true;
		return CLI_OK;
	case 'k':
		g->options.by_key = true;
		return CLI_OK;
	case 'A':
		g->options.alerts = true;
		return CLI_OK;
	default:
		return past_source_option(g->cli, &g->past, val, optarg);
	}
}

int
cmd_policy_learn(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {
		PAST_OPTIONS,
		{"user", required_argument, NULL, 'U'},
		{"activity", required_argument, NULL, 'a'},
		{"min", required_argument, NULL, 'm'},
		{"by-key", no_argument, NULL, 'k'},
		{"exact", no_argument, NULL, 'x'},
		{"include-alerts", no_argument, NULL, 'A'},
		{0},
	};
	struct learning g = {.cli = cli};
	int val, status = CLI_OK;

	past_source_begin(&g.past);
	while (status == CLI_OK && (val = cli_option(cli, argc, argv, own)) != -1)
		status = take_option(&g, val);
	if (status == CLI_OK && optind != argc)
		status = cli_usage(cli, "what is '%s'?", argv[optind]);
	return status == CLI_OK ? learn(&g) : status;
}
