/*
 * cmd_replay: recorded audit logs through the same stages that the daemon runs, ruled by a
 * policy.  Needs no daemon and no rights but to read the files.  Nothing is stopped here: what
 * a policy would have done is said.  Exit status: 1 when a finding was ruled alert or more.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/case/case.h"
#include "agentd/baseline/baseline.h"
#include "cli/alert_print.h"
#include "cli/replay.h"

#define OUT_ENOUGH  (64u << 10)
#define PROGRESS_MS 200
#define NODE_MAX    256

struct replay {
	const struct cli *cli;
	struct pipeline *pipeline;
	struct baseline *baseline; /* learns as it reads */
	struct cases *cases;
	struct policy *policy; /* NULL: the defaults */
	const char *policy_path;
	struct alert_context context;
	struct replay_counts counts;
	struct buf out, line;
	char node[NODE_MAX]; /* of the records, when they name one */
	bool events, stats, progress;
	bool failed; /* standard output is gone */
	const char *name; /* of the file that is read */
	struct mtime shown;
	uint64_t bytes_done, bytes_all;
};

/* --- what the pipeline tells -------------------------------------------------------------- */

static void
clear_progress(const struct replay *r)
{
	if (r->progress)
		fputs("\r\033[K", stderr);
}

static void
put_out(struct replay *r, bool now)
{
	if (!buf_ok(&r->out) && !r->failed) {
		cli_error("out of memory");
		r->failed = true;
	}
	if (r->out.n == 0 || (!now && r->out.n < OUT_ENOUGH))
		return;
	clear_progress(r); /* both may be the same terminal */
	if (!r->failed && !cli_write(stdout, buf_bytes(&r->out)))
		r->failed = true;
	buf_reset(&r->out);
}

/* The line that was made: as it is, or for people. */
static void
put_line(struct replay *r)
{
	if (r->cli->json) {
		buf_putb(&r->out, buf_bytes(&r->line));
		buf_putc(&r->out, '\n');
	} else if (!alert_print_line(r->cli, buf_bytes(&r->line), &r->out)) {
		r->out.failed = true;
	}
}

static void
put_alert(struct replay *r, const struct alert *alert)
{
	buf_reset(&r->line);
	alert_json(alert, &r->context, &r->line);
	put_line(r);
}

/* As the daemon would have told of them: engine/outlet.c. */
static void
put_cases(struct replay *r, bool all)
{
	struct case_file *c;

	while ((c = cases_ripe(r->cases, r->counts.last, all)) != NULL) {
		cases_told(r->cases, c);
		r->counts.cases++;
		buf_reset(&r->line);
		case_alert_json(c, &r->context, c->changed, &r->line);
		put_line(r);
	}
}

static void
on_ruling(const struct ruling *ruling, void *arg)
{
	struct replay *r = arg;
	struct alert alert = {
		.ruling = ruling,
		.done = ruling_done(ruling),
		.level = LEVEL_OBSERVE,
		.created = ruling->finding->time,
	};
	struct alert_case joined;
	struct case_file *c;
	char id[ALERT_ID_LEN];

	r->counts.findings++;
	r->counts.by_activity[ruling->finding->activity]++;
	if (ruling->decision.action >= DO_ALERT)
		r->counts.alerts++;
	alert_id(ruling->finding, &r->context, id);
	c = cases_take(r->cases, ruling, alert.done, id, pipeline_host(r->pipeline));
	if (c != NULL && c->score > 0) {
		joined = case_mark(c);
		alert.joined = &joined;
	}
	put_alert(r, &alert);
	put_cases(r, false);
	put_out(r, false);
}

static void
on_folded(const struct ruling *ruling, void *arg)
{
	struct replay *r = arg;
	char id[ALERT_ID_LEN];

	alert_id(ruling->finding, &r->context, id);
	(void)cases_take(r->cases, ruling, DONE_RECORDED, id, pipeline_host(r->pipeline));
	put_cases(r, false);
	put_out(r, false);
}

/* One stream is one host's: its session ids mean nothing on another. */
static void
note_node(struct replay *r, struct bytes node)
{
	if (node.n == 0 || bytes_is(node, r->node))
		return;
	if (r->node[0] != '\0') {
		r->counts.several_nodes = true;
		return;
	}
	if (bytes_copy(node, r->node, sizeof(r->node)))
		r->context.host_name = r->node;
}

static void
on_event(const struct aev *ev, const struct fact *fact, void *arg)
{
	struct replay *r = arg;

	if (r->counts.first.ms == 0 || ev->time.ms < r->counts.first.ms)
		r->counts.first = ev->time;
	if (ev->time.ms > r->counts.last.ms)
		r->counts.last = ev->time;
	put_cases(r, false);
	note_node(r, ev->node);
	if (!r->events)
		return;
	if (r->cli->json)
		replay_print_event_json(ev, fact, &r->out);
	else
		replay_print_event(r->cli, ev, fact, &r->out);
	put_out(r, false);
}

/* --- reading ------------------------------------------------------------------------------ */

static void
on_begin(const char *name, void *arg)
{
	struct replay *r = arg;

	r->name = name;
}

static bool
on_read(size_t bytes, void *arg)
{
	struct replay *r = arg;
	struct mtime now = mtime_now();

	r->bytes_done += bytes;
	if (!r->progress || mtime_ms_since(now, r->shown) < PROGRESS_MS)
		return !r->failed;
	r->shown = now;
	fprintf(stderr, "\r\033[K%s: %llu MB", r->name, (unsigned long long)(r->bytes_done >> 20));
	if (r->bytes_all > 0)
		fprintf(stderr, " of %llu", (unsigned long long)(r->bytes_all >> 20));
	fprintf(stderr, ", %llu finding%s", (unsigned long long)r->counts.findings,
	    r->counts.findings == 1 ? "" : "s");
	return !r->failed;
}

static void
on_over(void *arg)
{
	put_out(arg, true);
	clear_progress(arg);
}

/* How much there is to read, for the progress line; a pipe's length is not known. */
static uint64_t
total_size(int n, char **names)
{
	uint64_t all = 0;
	struct stat st;

	for (int i = 0; i < n; i++) {
		if (strcmp(names[i], "-") == 0 || stat(names[i], &st) != 0 || !S_ISREG(st.st_mode))
			return 0;
		all += (uint64_t)st.st_size;
	}
	return all;
}

/* --- the command -------------------------------------------------------------------------- */

static int
load_policy(struct replay *r)
{
	struct pol_options options = {0};
	struct buf diag = BUF_INIT;
	unsigned errors = 0;

	if (r->policy_path == NULL)
		return CLI_OK;
	r->policy = pol_load(r->policy_path, &options, &diag, &errors);
	if (diag.n > 0)
		(void)cli_write(stderr, buf_bytes(&diag));
	buf_free(&diag);
	if (r->policy == NULL)
		return CLI_UNREACHABLE;
	r->context.fleet = pol_fleet(r->policy);
	r->context.policy_serial = pol_serial(r->policy);
	return CLI_OK;
}

static int
start(struct replay *r)
{
	struct pipeline_options options = {
		.boot_id = "",
		.host_mode = MODE_AUDIT,
		.ruling = on_ruling,
		.folded = on_folded,
		.event = on_event,
		.arg = r,
	};
	int status = load_policy(r);

	if (status != CLI_OK)
		return status;
	r->baseline = options.baseline = baseline_new(&BASELINE_DEFAULTS);
	if (r->baseline != NULL)
		r->pipeline = pipeline_new(&options);
	if (r->pipeline == NULL) {
		cli_error("out of memory");
		return CLI_UNREACHABLE;
	}
	if ((r->cases = cases_new("", r->baseline)) == NULL) {
		cli_error("out of memory");
		return CLI_UNREACHABLE;
	}
	pipeline_policy(r->pipeline, r->policy);
	r->progress = isatty(STDERR_FILENO);
	return CLI_OK;
}

/* The newest first; an object as `sshtether --json case` has it. */
static bool
put_case_object(const struct case_file *c, void *arg)
{
	struct replay *r = arg;
	const struct session *s = host_session(pipeline_host(r->pipeline), c->ses);
	const struct case_context ctx = {.lives = s != NULL && s->state != SESSION_OVER};

	case_json(c, &ctx, &r->out);
	buf_putc(&r->out, '\n');
	return true;
}

static bool
put_case_line(const struct case_file *c, void *arg)
{
	struct replay *r = arg;

	buf_printf(&r->out, "  %-8s  ", severity_name(c->severity));
	case_reason(c, &r->out);
	buf_putc(&r->out, '\n');
	return true;
}

static bool
put_cases_head(const struct case_file *c, void *arg)
{
	struct replay *r = arg;

	(void)c;
	buf_puts(&r->out, "\ncases\n");
	return false;
}

/* whole: all that was to be read was. */
static void
finish(struct replay *r, bool whole)
{
	const struct aev_stats *stats = pipeline_stats(r->pipeline);
	const struct host_stats *host = host_stats_get(pipeline_host(r->pipeline));
	struct buf text = BUF_INIT;

	pipeline_flush(r->pipeline);
	put_cases(r, true);
	if (r->cli->json) {
		cases_each(r->cases, put_case_object, r);
	} else {
		cases_each(r->cases, put_cases_head, r);
		cases_each(r->cases, put_case_line, r);
	}
	if (r->stats)
		replay_print_stats(&r->counts, stats, host, r->cli->json,
		    r->cli->json ? &r->out : &text);
	put_out(r, true);
	if (!whole)
		buf_puts(&text, "incomplete: ");
	replay_print_summary(r->cli, &r->counts, stats, &text);
	(void)cli_write(stderr, buf_bytes(&text));
	buf_free(&text);
}

static int
replay_files(struct replay *r, int n, char **names)
{
	const struct replay_reading reading = {.begin = on_begin, .read = on_read, .over = on_over, .arg = r};
	int status;

	replay_order(names, n);
	r->bytes_all = total_size(n, names);
	status = replay_read(r->pipeline, names, n, &reading);
	finish(r, status == CLI_OK);
	if (status == CLI_OK && r->failed)
		status = CLI_UNREACHABLE;
	return status == CLI_OK && r->counts.alerts + r->counts.cases > 0 ? CLI_FOUND : status;
}

static int
parse_options(struct replay *r, struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {
		{"policy", required_argument, NULL, 'p'},
		{"events", no_argument, NULL, 'e'},
		{"stats", no_argument, NULL, 's'},
		{0},
	};
	int val;

	while ((val = cli_option(cli, argc, argv, own)) != -1) {
		switch (val) {
		case 'p':
			r->policy_path = optarg;
			break;
		case 'e':
			r->events = true;
			break;
		case 's':
			r->stats = true;
			break;
		default:
			return CLI_USAGE;
		}
	}
	if (optind == argc)
		return cli_usage(cli, "which file?");
	return CLI_OK;
}

int
cmd_replay(struct cli *cli, int argc, char **argv)
{
	struct replay r = {.cli = cli};
	int status = parse_options(&r, cli, argc, argv);

	if (status == CLI_OK)
		status = start(&r);
	if (status == CLI_OK)
		status = replay_files(&r, argc - optind, argv + optind);
	pipeline_free(&r.pipeline);
	baseline_free(&r.baseline);
	cases_free(&r.cases);
	pol_free(&r.policy);
	buf_free(&r.out);
	buf_free(&r.line);
	return status;
}
