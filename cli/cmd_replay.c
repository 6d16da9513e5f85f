/*
 * cmd_replay: recorded audit logs through the same stages that the daemon runs, ruled by a
 * policy.  Needs no daemon and no rights but to read the files.  Nothing is stopped here: what
 * a policy would have done is said.  Exit status: 1 when a finding was ruled alert or more.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/alert_print.h"
#include "cli/replay.h"

#define CHUNK       (1u << 20)
#define OUT_ENOUGH  (64u << 10)
#define PROGRESS_MS 200
#define NODE_MAX    256

struct replay {
	const struct cli *cli;
	struct pipeline *pipeline;
	struct policy *policy; /* NULL: the defaults */
	const char *policy_path;
	struct alert_context context;
	struct replay_counts counts;
	struct buf out, line;
	char node[NODE_MAX]; /* of the records, when they name one */
	bool events, stats, progress;
	bool failed; /* standard output is gone */
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

static void
put_alert(struct replay *r, const struct alert *alert)
{
	buf_reset(&r->line);
	alert_json(alert, &r->context, &r->line);
	if (r->cli->json) {
		buf_putb(&r->out, buf_bytes(&r->line));
		buf_putc(&r->out, '\n');
	} else if (!alert_print_line(r->cli, buf_bytes(&r->line), &r->out)) {
		r->out.failed = true;
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

	r->counts.findings++;
	r->counts.by_activity[ruling->finding->activity]++;
	if (ruling->decision.action >= DO_ALERT)
		r->counts.alerts++;
	put_alert(r, &alert);
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
show_progress(struct replay *r, const char *name)
{
	struct mtime now = mtime_now();

	if (!r->progress || mtime_ms_since(now, r->shown) < PROGRESS_MS)
		return;
	r->shown = now;
	fprintf(stderr, "\r\033[K%s: %llu MB", name, (unsigned long long)(r->bytes_done >> 20));
	if (r->bytes_all > 0)
		fprintf(stderr, " of %llu", (unsigned long long)(r->bytes_all >> 20));
	fprintf(stderr, ", %llu finding%s", (unsigned long long)r->counts.findings,
	    r->counts.findings == 1 ? "" : "s");
}

/* Logs are rotated into these; what unpacks them is not ours to run.  NULL: none of them. */
static const char *
unpacker(struct bytes begin)
{
	static const struct {
		struct bytes magic;
		const char *name;
	} all[] = {
		{{.p = "\x1f\x8b", .n = 2}, "zcat"},
		{{.p = "\xfd" "7zXZ", .n = 5}, "xzcat"},
		{{.p = "\x28\xb5\x2f\xfd", .n = 4}, "zstdcat"},
		{{.p = "BZh", .n = 3}, "bzcat"},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (bytes_starts(begin, all[i].magic))
			return all[i].name;
	}
	return NULL;
}

static int
open_input(const char *name)
{
	return strcmp(name, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
	                              : open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

/* 0, −errno, or what is said already: CLI_UNREACHABLE. */
static int
read_input(struct replay *r, int fd, const char *name, char *chunk)
{
	for (bool begun = false;; begun = true) {
		const char *tool;
		ssize_t n = read(fd, chunk, CHUNK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		tool = begun ? NULL : unpacker((struct bytes){.p = chunk, .n = (size_t)n});
		if (tool != NULL) {
			clear_progress(r);
			cli_error("%s: compressed; %s it into: sshtether replay -", name, tool);
			return CLI_UNREACHABLE;
		}
		pipeline_feed(r->pipeline, chunk, (size_t)n);
		r->bytes_done += (uint64_t)n;
		show_progress(r, name);
		if (r->failed)
			break;
	}
	/* A file without a last newline does not run into the next one. */
	pipeline_feed(r->pipeline, "\n", 1);
	put_out(r, true);
	return 0;
}

/* A file that holds lines and no record is not what was meant: "nothing found" would be no answer. */
static int
check_records(const struct aev_stats *was, const struct aev_stats *is, const char *name)
{
	if (is->records != was->records || is->malformed == was->malformed)
		return CLI_OK;
	cli_error("%s: no audit record in %llu lines: is it an audit log?", name,
	    (unsigned long long)(is->malformed - was->malformed));
	return CLI_UNREACHABLE;
}

static int
replay_file(struct replay *r, const char *name, char *chunk)
{
	const struct aev_stats was = *pipeline_stats(r->pipeline);
	int fd = open_input(name), error;

	if (fd < 0) {
		cli_error("%s: %s", name, strerror(errno));
		return CLI_UNREACHABLE;
	}
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	error = read_input(r, fd, name, chunk);
	clear_progress(r);
	(void)close(fd);
	if (error == 0)
		return check_records(&was, pipeline_stats(r->pipeline), name);
	if (error < 0)
		cli_error("%s: %s", name, strerror(-error));
	return CLI_UNREACHABLE;
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
		.event = on_event,
		.arg = r,
	};
	int status = load_policy(r);

	if (status != CLI_OK)
		return status;
	r->pipeline = pipeline_new(&options);
	if (r->pipeline == NULL) {
		cli_error("out of memory");
		return CLI_UNREACHABLE;
	}
	pipeline_policy(r->pipeline, r->policy);
	r->progress = isatty(STDERR_FILENO);
	return CLI_OK;
}

static void
finish(struct replay *r)
{
	const struct aev_stats *stats = pipeline_stats(r->pipeline);
	const struct host_stats *host = host_stats_get(pipeline_host(r->pipeline));
	struct buf text = BUF_INIT;

	pipeline_flush(r->pipeline);
	if (r->stats)
		replay_print_stats(&r->counts, stats, host, r->cli->json,
		    r->cli->json ? &r->out : &text);
	put_out(r, true);
	replay_print_summary(r->cli, &r->counts, stats, &text);
	(void)cli_write(stderr, buf_bytes(&text));
	buf_free(&text);
}

static int
replay_files(struct replay *r, int n, char **names)
{
	char *chunk = malloc(CHUNK);
	int status = CLI_OK;

	if (chunk == NULL) {
		cli_error("out of memory");
		return CLI_UNREACHABLE;
	}
	replay_order(names, n);
	r->bytes_all = total_size(n, names);
	for (int i = 0; i < n && status == CLI_OK; i++)
		status = replay_file(r, names[i], chunk);
	free(chunk);
	finish(r);
	if (status == CLI_OK && r->failed)
		status = CLI_UNREACHABLE;
	return status == CLI_OK && r->counts.alerts > 0 ? CLI_FOUND : status;
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
	pol_free(&r.policy);
	buf_free(&r.out);
	buf_free(&r.line);
	return status;
}
