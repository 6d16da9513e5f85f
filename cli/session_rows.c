/* session_rows: see session_rows.h. */
#include <stdlib.h>

#include "cli/session_rows.h"

const struct table_column session_tree_columns[TREE_COLUMNS] = {
	[TREE_WHAT] = {"SESSION", TABLE_TREE},
	[TREE_USER] = {"USER", 0},
	[TREE_FROM] = {"FROM", 0},
	[TREE_SINCE] = {"SINCE", 0},
	[TREE_STATE] = {"STATE", 0},
	[TREE_NOTE] = {"KEY, COMMAND", TABLE_CUT},
};

enum cli_style
session_state_style(struct bytes state)
{
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

/* --- the tree ------------------------------------------------------------------------------------ */

struct placed {
	int64_t pid;
	struct table_row *row;
};

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

static struct table_row *
process_row(const struct cli *cli, struct table *t, struct table_row *parent, const json_t *session,
    const json_t *p)
{
	struct table_row *row = table_row(t, parent);
	struct buf cell = BUF_INIT;
	bool ssh = answer_bool(p, "ssh");

	put_process_name(p, &cell);
	table_cell(t, row, TREE_WHAT, &cell);
	put_process_user(session, p, &cell);
	if (cell.n > 0)
		table_style(t, row, TREE_USER, STYLE_WARN);
	table_cell(t, row, TREE_USER, &cell);
	answer_time(cli, p, "start", &cell);
	table_cell(t, row, TREE_SINCE, &cell);
	if (ssh) {
		table_cell_str(t, row, TREE_STATE, "ssh");
		table_style(t, row, TREE_STATE, STYLE_WARN);
	}
	if (answer_str(p, "command_line").n > 0)
		answer_visible(p, "command_line", &cell);
	table_cell(t, row, TREE_NOTE, &cell);
	buf_free(&cell);
	return row;
}

static struct table_row *
placed_find(const struct placed *placed, size_t n, int64_t pid, struct table_row *otherwise)
{
	for (size_t i = 0; i < n; i++) {
		if (placed[i].pid == pid)
			return placed[i].row;
	}
	return otherwise;
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
	buf_puts(&cell, "to ");
	if (answer_get(hop, "destination") != NULL)
		answer_endpoint(hop, "destination", &cell);
	else
		answer_visible(hop, "to", &cell);
	table_cell(t, row, TREE_NOTE, &cell);
	table_style(t, row, TREE_WHAT, done_style(answer_str(hop, "done")));
	table_style(t, row, TREE_STATE, done_style(answer_str(hop, "done")));
	buf_free(&cell);
}

static void
inner_rows(const struct cli *cli, struct table *t, struct table_row *top, const json_t *session)
{
	const json_t *processes = answer_get(session, "processes");
	const json_t *sockets = answer_get(session, "sockets"), *hops = answer_get(session, "hops");
	size_t n = json_array_size(processes), i;
	struct placed *placed = calloc(n + 1, sizeof(*placed));
	const json_t *item;

	if (placed == NULL)
		return;
	json_array_foreach(processes, i, item) {
		struct table_row *parent =
		    placed_find(placed, i, answer_int(item, "parent.pid"), top);

		placed[i].pid = answer_int(item, "pid");
		placed[i].row = process_row(cli, t, parent, session, item);
	}
	json_array_foreach(sockets, i, item)
		socket_row(t, placed_find(placed, n, answer_int(item, "pid"), top), item);
	json_array_foreach(hops, i, item)
		hop_row(cli, t, placed_find(placed, n, answer_int(item, "process.pid"), top), item);
	free(placed);
}

struct table_row *
session_tree_rows(const struct cli *cli, struct table *t, struct table_row *parent,
    const json_t *session)
{
	struct table_row *row = table_row(t, parent);
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
	answer_visible(session, "sshtether.state", &cell);
	table_cell(t, row, TREE_STATE, &cell);
	session_credential(session, &cell);
	table_cell(t, row, TREE_NOTE, &cell);
	table_style(t, row, TREE_WHAT, STYLE_BOLD);
	table_style(t, row, TREE_USER, STYLE_BOLD);
	table_style(t, row, TREE_STATE, session_state_style(answer_str(session, "sshtether.state")));
	buf_free(&cell);
	inner_rows(cli, t, row, session);
	return row;
}
