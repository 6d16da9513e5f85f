/* cmd_status: what the daemon does, sees and cannot do.  Says all that is wrong, and first. */
#include "cli/client.h"
#include "cli/table.h"

/* --- lines "label   text" ----------------------------------------------------------------- */

static void
put_label(const struct cli *cli, const char *label, struct buf *out)
{
	buf_printf(out, "%s%-10s%s ", cli_style(cli, STYLE_BOLD), label, cli_style(cli, STYLE_PLAIN));
}

static void
put_number(const json_t *o, const char *path, const char *noun, struct buf *out)
{
	buf_printf(out, "%lld %s", (long long)answer_int(o, path), noun);
}

static void
put_count(const json_t *o, const char *path, const char *noun, struct buf *out)
{
	cli_count((uint64_t)answer_int(o, path), noun, out);
}

static void
put_styled(const struct cli *cli, const json_t *o, const char *path, enum cli_style style,
    struct buf *out)
{
	buf_puts(out, cli_style(cli, style));
	answer_visible(o, path, out);
	buf_puts(out, cli_style(cli, STYLE_PLAIN));
}

/* Each sentence of a list, on a line of its own below its label. */
static void
put_sentences(const json_t *list, struct buf *out)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		buf_printf(out, "%-10s   ", "");
		buf_put_visible(out, answer_str(item, ""));
		buf_putc(out, '\n');
	}
}

static void
put_daemon(const struct cli *cli, const json_t *o, struct buf *out)
{
	put_label(cli, "sshtetherd", out);
	answer_visible(o, "version", out);
	buf_puts(out, " on ");
	answer_visible(o, "host.name", out);
	buf_puts(out, " since ");
	answer_time(cli, o, "started", out);
	buf_printf(out, ", engine pid %lld as uid %lld", (long long)answer_int(o, "engine.pid"),
	    (long long)answer_int(o, "engine.uid"));
	if (answer_int(o, "engine.restarts") > 0) {
		buf_printf(out, ", %s", cli_style(cli, STYLE_BAD));
		put_count(o, "engine.restarts", "restart", out);
		buf_puts(out, cli_style(cli, STYLE_PLAIN));
	}
	buf_putc(out, '\n');
}

static void
put_mode(const struct cli *cli, const json_t *o, struct buf *out)
{
	bool enforce = bytes_is(answer_str(o, "mode.in_force"), "enforce");

	put_label(cli, "mode", out);
	put_styled(cli, o, "mode.in_force", enforce ? STYLE_GOOD : STYLE_WARN, out);
	buf_puts(out, " (host: ");
	answer_visible(o, "mode.host", out);
	buf_puts(out, ", policy: ");
	answer_visible(o, "mode.policy", out);
	buf_putc(out, ')');
	answer_trial(answer_get(o, "mode"), out);
	buf_putc(out, '\n');
}

static void
put_policy(const struct cli *cli, const json_t *o, struct buf *out)
{
	put_label(cli, "policy", out);
	if (answer_str(o, "policy.path").n > 0 && !answer_bool(o, "policy.absent")) {
		answer_visible(o, "policy.path", out);
		buf_puts(out, ", fleet ");
		answer_visible(o, "policy.fleet", out);
		buf_printf(out, ", serial %lld, ", (long long)answer_int(o, "policy.serial"));
		put_count(o, "policy.rules", "rule", out);
		buf_puts(out, ", loaded ");
		answer_time(cli, o, "policy.loaded", out);
		if (answer_str(o, "policy.signer").n > 0) {
			buf_puts(out, ", signed by ");
			answer_visible(o, "policy.signer", out);
		}
	} else {
		buf_puts(out, "none: the defaults hold");
	}
	buf_putc(out, '\n');
	if (answer_bool(o, "policy.last_good"))
		buf_printf(out, "%-10s %sthe last good one that was kept: the configured one could not be loaded%s\n", "",
		    cli_style(cli, STYLE_BAD), cli_style(cli, STYLE_PLAIN));
	if (answer_str(o, "policy.error").n == 0)
		return;
	buf_printf(out, "%-10s ", "");
	put_styled(cli, o, "policy.error", STYLE_BAD, out);
	buf_putc(out, '\n');
}

static void
put_source(const struct cli *cli, const json_t *o, struct buf *out)
{
	bool live = bytes_is(answer_str(o, "source.state"), "live");

	put_label(cli, "source", out);
	answer_visible(o, "source.kind", out);
	buf_puts(out, ", ");
	put_styled(cli, o, "source.state", live ? STYLE_GOOD : STYLE_BAD, out);
	buf_puts(out, " since ");
	answer_time(cli, o, "source.since", out);
	buf_puts(out, "; ");
	put_count(o, "source.records", "record", out);
	buf_puts(out, ", ");
	put_count(o, "source.events", "event", out);
	buf_putc(out, '\n');
}

static void
put_losses(const struct cli *cli, const json_t *o, struct buf *out)
{
	static const struct {
		const char *path, *noun;
	} losses[] = {
		{"source.lost", "lost by the kernel"}, {"source.missing", "missing serials"},
		{"source.overruns", "overruns"}, {"source.malformed", "malformed"},
		{"source.incomplete", "incomplete"}, {"source.evicted", "evicted"},
		{"source.cut", "cut"}, {"source.late", "late"},
		{"model.sessions_dropped", "sessions over the cap"},
		{"model.processes_dropped", "processes over the cap"},
		{"model.sockets_dropped", "sockets over the cap"},
	};
	const char *comma = "";

	put_label(cli, "losses", out);
	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
		if (answer_int(o, losses[i].path) == 0)
			continue;
		buf_printf(out, "%s%s", comma, cli_style(cli, STYLE_WARN));
		put_number(o, losses[i].path, losses[i].noun, out);
		buf_puts(out, cli_style(cli, STYLE_PLAIN));
		comma = ", ";
	}
	buf_puts(out, *comma == '\0' ? "none\n" : "\n");
}

static void
put_rules(const struct cli *cli, const json_t *o, struct buf *out)
{
	bool complete = bytes_is(answer_str(o, "rules.state"), "complete");

	put_label(cli, "rules", out);
	put_styled(cli, o, "rules.state", complete ? STYLE_GOOD : STYLE_BAD, out);
	if (answer_int(o, "rules.missing") > 0) {
		buf_puts(out, ", ");
		put_number(o, "rules.missing", "missing", out);
	}
	buf_puts(out, ", ");
	put_number(o, "rules.added", "added by sshtetherd\n", out);
	put_sentences(answer_get(o, "rules.why"), out);
}

static void
put_watches(const struct cli *cli, const json_t *o, struct buf *out)
{
	static const struct {
		const char *works, *why, *count, *one, *noun, *what;
	} rows[] = {
		{"watches.keys.works", "watches.keys.why", "watches.keys.count", "directory of keys and agents",
		    "directories of keys and agents",
		    "private keys are not watched: "},
		{"watches.memory.works", "watches.memory.why", "watches.memory.count", "process's memory", "processes' memory",
		    "memory is not watched: "},
	};

	if (answer_get(o, "watches") == NULL)
		return;
	put_label(cli, "watched", out);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_puts(out, i > 0 ? ", " : "");
		if (answer_bool(o, rows[i].works)) {
			put_number(o, rows[i].count, answer_int(o, rows[i].count) == 1 ? rows[i].one : rows[i].noun, out);
			continue;
		}
		buf_puts(out, rows[i].what);
		put_styled(cli, o, rows[i].why, STYLE_WARN, out);
	}
	buf_putc(out, '\n');
}

/* Those that work in a line, the others below, each with its reason. */
static void
put_gates(const struct cli *cli, const json_t *o, struct buf *out)
{
	const json_t *gates = answer_get(o, "gates"), *gate;
	const char *comma = "";
	size_t i;

	if (json_array_size(gates) == 0)
		return;
	put_label(cli, "gates", out);
	json_array_foreach(gates, i, gate) {
		if (!answer_bool(gate, "works"))
			continue;
		buf_puts(out, comma);
		answer_visible(gate, "name", out);
		comma = ", ";
	}
	buf_puts(out, *comma == '\0' ? "none\n" : "\n");
	json_array_foreach(gates, i, gate) {
		if (answer_bool(gate, "works"))
			continue;
		buf_printf(out, "%-10s   ", "");
		put_styled(cli, gate, "name", STYLE_WARN, out);
		buf_puts(out, ": ");
		answer_visible(gate, "why", out);
		buf_putc(out, '\n');
	}
	put_sentences(answer_get(o, "policy.beyond"), out);
}

static void
put_counts(const struct cli *cli, const json_t *o, struct buf *out)
{
	put_label(cli, "sessions", out);
	put_number(o, "sessions.open", "open, ", out);
	put_number(o, "sessions.closed", "closed with processes left\n", out);
	put_label(cli, "logins", out);
	put_number(o, "logins.reports", "reported, ", out);
	put_number(o, "logins.allowed", "allowed, ", out);
	put_number(o, "logins.refused", "refused, ", out);
	put_number(o, "logins.fallback", "answered by the fallback\n", out);
	put_label(cli, "actions", out);
	put_number(o, "actions.done", "done, ", out);
	put_number(o, "actions.failed", "failed, ", out);
	put_number(o, "actions.would_have", "would have been done, ", out);
	put_number(o, "actions.waiting", "waiting\n", out);
}

/* What is usual: how far it has come. */
static void
put_baseline(const struct cli *cli, const json_t *o, struct buf *out)
{
	const struct bytes state = answer_str(o, "baseline.state");

	if (state.n == 0) /* a daemon that has none yet */
		return;
	put_label(cli, "baseline", out);
	put_styled(cli, o, "baseline.state", bytes_is(state, "active") ? STYLE_GOOD : STYLE_WARN, out);
	if (bytes_is(state, "learning"))
		buf_printf(out, ", %lld of ", (long long)answer_int(o, "baseline.data_days"));
	else
		buf_puts(out, ", ");
	put_count(o, bytes_is(state, "learning") ? "baseline.active_after" : "baseline.data_days", "day", out);
	buf_puts(out, " of data");
	buf_puts(out, ", ");
	put_count(o, "baseline.users", "user", out);
	buf_puts(out, ", ");
	put_number(o, "baseline.entries", "values", out);
	if (answer_int(o, "baseline.dropped") > 0) {
		buf_puts(out, ", ");
		put_number(o, "baseline.dropped", "dropped", out);
	}
	if (answer_str(o, "baseline.why").n > 0) {
		buf_puts(out, ": ");
		answer_visible(o, "baseline.why", out);
	}
	buf_putc(out, '\n');
}

/* A file a line: how much of it counts, since when, and what is wrong with it. */
static void
put_listed(const struct cli *cli, const json_t *o, struct buf *out)
{
	const json_t *files = answer_get(o, "listed_origins.files"), *file;
	size_t i;

	if (json_array_size(files) == 0)
		return;
	put_label(cli, "listed", out);
	put_count(o, "listed_origins.entries", "origin", out);
	buf_putc(out, '\n');
	json_array_foreach(files, i, file) {
		buf_printf(out, "%-10s   ", "");
		answer_visible(file, "path", out);
		buf_puts(out, ": ");
		put_count(file, "entries", "origin", out);
		buf_puts(out, ", read ");
		answer_time(cli, file, "read", out);
		if (answer_int(file, "bad") > 0) {
			buf_puts(out, ", ");
			put_count(file, "bad", "bad line", out);
		}
		if (answer_str(file, "why").n > 0) {
			buf_puts(out, "; it cannot be read now: ");
			answer_visible(file, "why", out);
		}
		buf_putc(out, '\n');
	}
}

static void
put_store(const struct cli *cli, const json_t *o, struct buf *out)
{
	bool ok = bytes_is(answer_str(o, "store.state"), "ok");

	put_label(cli, "store", out);
	put_styled(cli, o, "store.state", ok ? STYLE_GOOD : STYLE_BAD, out);
	buf_puts(out, ", ");
	buf_printf(out, "%.1f MB, ", (double)answer_int(o, "store.bytes") / (1 << 20));
	put_count(o, "store.written", "row", out);
	buf_puts(out, " written since the start, ");
	put_number(o, "store.dropped", "dropped", out);
	if (answer_str(o, "store.why").n > 0) {
		buf_puts(out, ": ");
		answer_visible(o, "store.why", out);
	}
	buf_putc(out, '\n');
}

/* --- tables ------------------------------------------------------------------------------- */

enum cell_kind { CELL_TEXT, CELL_NUMBER, CELL_TIME };

struct list_column {
	struct table_column head;
	const char *path;
	enum cell_kind kind;
};

#define LIST_COLUMNS 5

static void
put_cell(const struct cli *cli, const json_t *item, const struct list_column *c, struct buf *cell)
{
	switch (c->kind) {
	case CELL_NUMBER:
		buf_printf(cell, "%lld", (long long)answer_int(item, c->path));
		break;
	case CELL_TIME:
		answer_time(cli, item, c->path, cell);
		break;
	case CELL_TEXT:
		if (answer_str(item, c->path).n > 0)
			answer_visible(item, c->path, cell);
		break;
	}
}

static enum cli_style
word_style(struct bytes word)
{
	if (bytes_is(word, "prevent") || bytes_is(word, "ok"))
		return STYLE_GOOD;
	if (bytes_is(word, "observe"))
		return STYLE_DIM;
	return bytes_is(word, "failing") ? STYLE_BAD : STYLE_PLAIN;
}

static int
print_list(const struct cli *cli, const json_t *list, const struct list_column *columns, size_t n)
{
	struct table_column heads[LIST_COLUMNS];
	struct table *t;
	struct buf cell = BUF_INIT;
	const json_t *item;
	size_t i;
	int status;

	if (json_array_size(list) == 0)
		return CLI_OK;
	for (size_t c = 0; c < n; c++)
		heads[c] = columns[c].head;
	t = table_new(cli, heads, n);
	if (t == NULL)
		return CLI_UNREACHABLE;
	json_array_foreach(list, i, item) {
		struct table_row *row = table_row(t, NULL);

		for (size_t c = 0; c < n; c++) {
			put_cell(cli, item, &columns[c], &cell);
			table_cell(t, row, c, &cell);
			table_style(t, row, c, word_style(answer_str(item, columns[c].path)));
		}
	}
	putchar('\n');
	status = table_print(t);
	buf_free(&cell);
	table_free(&t);
	return status;
}

static const struct list_column activity_columns[] = {
	{{"ACTIVITY", 0}, "activity", CELL_TEXT},
	{{"LEVEL", 0}, "level", CELL_TEXT},
	{{"WHY NOT MORE", TABLE_WRAP}, "why", CELL_TEXT},
};
static const struct list_column sink_columns[] = {
	{{"SINK", 0}, "name", CELL_TEXT},
	{{"STATE", 0}, "state", CELL_TEXT},
	{{"WRITTEN", TABLE_RIGHT}, "written", CELL_NUMBER},
	{{"DROPPED", TABLE_RIGHT}, "dropped", CELL_NUMBER},
	{{"WHY", TABLE_WRAP}, "why", CELL_TEXT},
};
static const struct list_column failure_columns[] = {
	{{"FAILURE", 0}, "name", CELL_TEXT},
	{{"COUNT", TABLE_RIGHT}, "count", CELL_NUMBER},
	{{"LAST", 0}, "last", CELL_TIME},
	{{"WHAT IT MEANS", TABLE_WRAP}, "meaning", CELL_TEXT},
};

#define NELEM(a) (sizeof(a) / sizeof((a)[0]))

static bool
show(const json_t *o, struct bytes line, void *arg)
{
	static void (*const parts[])(const struct cli *, const json_t *, struct buf *) = {
		put_daemon, put_mode, put_policy, put_source, put_losses, put_rules, put_gates, put_watches, put_counts,
		put_listed, put_store,
		put_baseline,
	};
	const struct cli *cli = arg;
	struct buf out = BUF_INIT;
	bool ok;

	(void)line;
	for (size_t i = 0; i < NELEM(parts); i++)
		parts[i](cli, o, &out);
	ok = cli_write(stdout, buf_bytes(&out));
	buf_free(&out);
	return ok &&
	    print_list(cli, answer_get(o, "activities"), activity_columns,
		NELEM(activity_columns)) == CLI_OK &&
	    print_list(cli, answer_get(o, "sinks"), sink_columns, NELEM(sink_columns)) == CLI_OK &&
	    print_list(cli, answer_get(o, "failures"), failure_columns,
		NELEM(failure_columns)) == CLI_OK;
}

int
cmd_status(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {{0}};
	struct client_ask ask = {.fn = show, .arg = cli};

	if (cli_option(cli, argc, argv, own) != -1)
		return CLI_USAGE;
	if (optind < argc)
		return cli_usage(cli, "what is '%s'?", argv[optind]);
	if (cli->json)
		ask.fn = client_print_line;
	ask.request = json_pack("{s:s}", "verb", "status");
	return client_ask(cli, &ask);
}
