/* session_rows: see session_rows.h. */
#include <stdlib.h>

#include "cli/session_rows.h"

const struct table_column session_tree_columns[TREE_COLUMNS] = {
	[TREE_WHAT] = {"SESSION", TABLE_TREE},
	[TREE_USER] = {"USER", 0},
	[TREE_FROM] = {"FROM, TO", 0},
	[TREE_SINCE] = {"SINCE", 0},
	[TREE_STATE] = {"STATE", 0},
	[TREE_NOTE] = {"KEY, COMMAND", TABLE_CUT},
};

void
session_state(const json_t *s, struct buf *out)
{
	answer_visible(s, "sshtether.state", out);
	if (answer_bool(s, "sshtether.isolated"))
		buf_puts(out, ", isolated");
	if (answer_bool(s, "sshtether.agents_revoked"))
		buf_puts(out, ", agents revoked");
}

enum cli_style
session_state_style(const json_t *s)
{
	const struct bytes state = answer_str(s, "sshtether.state");

	if (answer_bool(s, "sshtether.isolated") || answer_bool(s, "sshtether.agents_revoked"))
		return STYLE_BAD;
	if (bytes_is(state, "open"))
		return STYLE_GOOD;
	return bytes_is(state, "closed") ? STYLE_WARN : STYLE_DIM;
}

void
session_credential(const json_t *s, struct buf *out)
{
	struct bytes cert = answer_str(s, "sshtether.cert_id"), key = answer_str(s, "sshtether.key");

	if (cert.n > 0) {
		buf_puts(out, "certificate ");
		buf_put_visible(out, cert);
	} else if (key.n > 0) {
		buf_put_visible(out, key);
	} else {
		answer_visible(s, "sshtether.method", out);
	}
}

/* --- the tree ----------------------------------------------------------------------------- */

/* The processes of a session, parents before their children, and their rows once they have one. */
struct placed {
	int64_t pid;
	size_t parent; /* index of it, less than its own; its own: the parent is not of this session */
	bool shown;
	struct table_row *row;
};

struct tree {
	const struct cli *cli;
	struct table *table;
	const json_t *session;
	struct table_row *top;
	struct placed *placed;
	size_t n;
};

static size_t
placed_index(const struct tree *tree, int64_t pid)
{
	size_t i = 0;

	while (i < tree->n && tree->placed[i].pid != pid)
		i++;
	return i;
}

/* The row of that process, or the session's. */
static struct table_row *
placed_row(const struct tree *tree, size_t i)
{
	return i < tree->n && tree->placed[i].row != NULL ? tree->placed[i].row : tree->top;
}

/* Who runs it, when that is not who logged in. */
static void
put_process_user(const json_t *session, const json_t *p, struct buf *out)
{
	struct bytes login = answer_str(session, "user.id"), now = answer_str(p, "effective.id");

	if (now.n == 0)
		now = answer_str(p, "user.id");
	if (now.n == 0 || bytes_eq(login, now))
		return;
	if (bytes_is(now, "0")) {
		buf_puts(out, "root");
	} else {
		buf_puts(out, "uid ");
		buf_put_visible(out, now);
	}
}

static void
put_process_name(const json_t *p, struct buf *out)
{
	struct bytes exe = answer_str(p, "executable");

	if (exe.n > 0)
		buf_put_visible(out, bytes_basename(exe));
	else
		answer_visible(p, "name", out);
	buf_printf(out, "[%lld]", (long long)answer_int(p, "pid"));
}

/* Old daemons do not say; then it is taken to live. */
static bool
is_alive(const json_t *p)
{
	return answer_get(p, "alive") == NULL || answer_bool(p, "alive");
}

static struct table_row *
process_row(const struct tree *tree, struct table_row *parent, const json_t *p)
{
	struct table *t = tree->table;
	struct table_row *row = table_row(t, parent);
	struct buf cell = BUF_INIT;

	put_process_name(p, &cell);
	table_cell(t, row, TREE_WHAT, &cell);
	put_process_user(tree->session, p, &cell);
	if (cell.n > 0)
		table_style(t, row, TREE_USER, STYLE_WARN);
	table_cell(t, row, TREE_USER, &cell);
	answer_time(tree->cli, p, "start", &cell);
	table_cell(t, row, TREE_SINCE, &cell);
	if (!is_alive(p))
		table_cell_str(t, row, TREE_STATE, "ended");
	else if (answer_bool(p, "ssh"))
		table_cell_str(t, row, TREE_STATE, "ssh");
	table_style(t, row, TREE_STATE, is_alive(p) ? STYLE_WARN : STYLE_DIM);
	if (answer_str(p, "command_line").n > 0)
		answer_visible(p, "command_line", &cell);
	table_cell(t, row, TREE_NOTE, &cell);
	buf_free(&cell);
	return row;
}

static void
socket_row(struct table *t, struct table_row *parent, const json_t *socket)
{
	struct table_row *row = table_row(t, parent);
	struct buf cell = BUF_INIT;

	answer_visible(socket, "kind", &cell);
	buf_puts(&cell, " socket");
	table_cell(t, row, TREE_WHAT, &cell);
	if (answer_bool(socket, "forwarded"))
		table_cell_str(t, row, TREE_STATE, "forwarded");
	answer_visible(socket, "path", &cell);
	table_cell(t, row, TREE_NOTE, &cell);
	table_style(t, row, TREE_WHAT, STYLE_DIM);
	buf_free(&cell);
}

static enum cli_style
done_style(struct bytes done)
{
	if (bytes_is(done, "recorded") || bytes_is(done, "passed"))
		return STYLE_DIM;
	return bytes_is(done, "alerted") || bytes_is(done, "would-have") ? STYLE_WARN : STYLE_BAD;
}

/* Where a process went, and what became of it. */
static void
hop_row(const struct cli *cli, struct table *t, struct table_row *parent, const json_t *hop)
{
	struct table_row *row = table_row(t, parent);
	struct buf cell = BUF_INIT;

	answer_visible(hop, "activity", &cell);
	table_cell(t, row, TREE_WHAT, &cell);
	answer_time(cli, hop, "time", &cell);
	table_cell(t, row, TREE_SINCE, &cell);
	answer_visible(hop, "done", &cell);
	table_cell(t, row, TREE_STATE, &cell);
	/* Not in the last column: this is never cut. */
	buf_puts(&cell, "to ");
	if (answer_get(hop, "destination") != NULL)
		answer_endpoint(hop, "destination", &cell);
	else
		answer_visible(hop, "to", &cell);
	table_cell(t, row, TREE_FROM, &cell);
	table_style(t, row, TREE_WHAT, done_style(answer_str(hop, "done")));
	table_style(t, row, TREE_STATE, done_style(answer_str(hop, "done")));
	buf_free(&cell);
}

static void
place(struct tree *tree, const json_t *processes, bool all)
{
	const json_t *p;
	size_t i;

	json_array_foreach(processes, i, p) {
		tree->placed[i].parent = placed_index(tree, answer_int(p, "parent.pid"));
		tree->placed[i].pid = answer_int(p, "pid");
		tree->placed[i].shown = all || is_alive(p);
		tree->n = i + 1;
	}
}

/* Those of a list of things that a process did or has. */
static void
show_owners(struct tree *tree, const json_t *list, const char *pid_path)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		size_t owner = placed_index(tree, answer_int(item, pid_path));

		if (owner < tree->n)
			tree->placed[owner].shown = true;
	}
}

/* Whoever is shown has its parents above it; they come before it, so one pass from the end does. */
static void
show_parents(struct tree *tree)
{
	for (size_t i = tree->n; i-- > 0;) {
		if (tree->placed[i].shown && tree->placed[i].parent < i)
			tree->placed[tree->placed[i].parent].shown = true;
	}
}

static void
inner_rows(struct tree *tree, bool all)
{
	const json_t *processes = answer_get(tree->session, "processes");
	const json_t *sockets = answer_get(tree->session, "sockets");
	const json_t *hops = answer_get(tree->session, "hops"), *item;
	size_t i;

	place(tree, processes, all);
	show_owners(tree, sockets, "pid");
	show_owners(tree, hops, "process.pid");
	show_parents(tree);
	json_array_foreach(processes, i, item) {
		if (tree->placed[i].shown)
			tree->placed[i].row =
			    process_row(tree, placed_row(tree, tree->placed[i].parent), item);
	}
	json_array_foreach(sockets, i, item)
		socket_row(tree->table, placed_row(tree, placed_index(tree, answer_int(item, "pid"))),
		    item);
	json_array_foreach(hops, i, item)
		hop_row(tree->cli, tree->table,
		    placed_row(tree, placed_index(tree, answer_int(item, "process.pid"))), item);
}

struct table_row *
session_tree_rows(const struct cli *cli, struct table *t, struct table_row *parent,
    const json_t *session, bool all)
{
	struct table_row *row = table_row(t, parent);
	struct tree tree = {.cli = cli, .table = t, .session = session, .top = row};
	struct buf cell = BUF_INIT;

	buf_printf(&cell, "%lld", (long long)answer_int(session, "sshtether.ses"));
	table_cell(t, row, TREE_WHAT, &cell);
	answer_visible(session, "user.name", &cell);
	table_cell(t, row, TREE_USER, &cell);
	if (answer_bool(session, "sshtether.ssh"))
		answer_endpoint(session, "source", &cell);
	else
		answer_visible(session, "sshtether.service", &cell);
	table_cell(t, row, TREE_FROM, &cell);
	answer_time(cli, session, "sshtether.opened", &cell);
	table_cell(t, row, TREE_SINCE, &cell);
	session_state(session, &cell);
	table_cell(t, row, TREE_STATE, &cell);
	session_credential(session, &cell);
	table_cell(t, row, TREE_NOTE, &cell);
	table_style(t, row, TREE_WHAT, STYLE_BOLD);
	table_style(t, row, TREE_USER, STYLE_BOLD);
	table_style(t, row, TREE_STATE, session_state_style(session));
	buf_free(&cell);
	tree.placed = calloc(json_array_size(answer_get(session, "processes")) + 1, sizeof(*tree.placed));
	if (tree.placed != NULL)
		inner_rows(&tree, all);
	free(tree.placed);
	return row;
}
