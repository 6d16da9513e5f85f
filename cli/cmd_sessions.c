/*
 * cmd_sessions: the sessions that the daemon knows, as a table or as a tree of what runs in
 * them.
 */
#include <stdlib.h>

#include "cli/session_rows.h"

enum { COL_SESSION, COL_USER, COL_FROM, COL_SINCE, COL_STATE, COL_PROCS, COL_FOUND, COL_KEY, COLS };

static const struct table_column columns[COLS] = {
	[COL_SESSION] = {"SESSION", TABLE_RIGHT},
	[COL_USER] = {"USER", 0},
	[COL_FROM] = {"FROM", 0},
	[COL_SINCE] = {"SINCE", 0},
	[COL_STATE] = {"STATE", 0},
	[COL_PROCS] = {"PROCESSES", TABLE_RIGHT},
	[COL_FOUND] = {"FINDINGS", TABLE_RIGHT},
	[COL_KEY] = {"KEY", TABLE_CUT},
};

/* A session that came out of another one of this host is put below it. */
struct placed {
	int64_t ses;
	struct table_row *row;
};

struct listing {
	const struct cli *cli;
	struct table *table;
	struct placed *placed;
	size_t n;
	bool all;
};

static bool
flat_row(const json_t *s, struct bytes line, void *arg)
{
	struct listing *l = arg;
	struct table_row *row = table_row(l->table, NULL);
	struct buf cell = BUF_INIT;

	(void)line;
	buf_printf(&cell, "%lld", (long long)answer_int(s, "sshtether.ses"));
	table_cell(l->table, row, COL_SESSION, &cell);
	answer_visible(s, "user.name", &cell);
	table_cell(l->table, row, COL_USER, &cell);
	if (answer_bool(s, "sshtether.ssh"))
		answer_endpoint(s, "source", &cell);
	else
		answer_visible(s, "sshtether.service", &cell);
	table_cell(l->table, row, COL_FROM, &cell);
	answer_time(l->cli, s, "sshtether.opened", &cell);
	table_cell(l->table, row, COL_SINCE, &cell);
	session_state(s, &cell);
	table_cell(l->table, row, COL_STATE, &cell);
	table_style(l->table, row, COL_STATE, session_state_style(s));
	buf_printf(&cell, "%lld", (long long)answer_int(s, "sshtether.processes"));
	table_cell(l->table, row, COL_PROCS, &cell);
	buf_printf(&cell, "%lld", (long long)answer_int(s, "sshtether.findings"));
	table_cell(l->table, row, COL_FOUND, &cell);
	session_credential(s, &cell);
	table_cell(l->table, row, COL_KEY, &cell);
	buf_free(&cell);
	return true;
}

static bool
tree_row(const json_t *s, struct bytes line, void *arg)
{
	struct listing *l = arg;
	const json_t *from = answer_get(s, "sshtether.parent");
	struct table_row *parent = NULL;
	struct placed *more = reallocarray(l->placed, l->n + 1, sizeof(*more));

	(void)line;
	if (more == NULL) {
		cli_error("out of memory");
		return false;
	}
	l->placed = more;
	for (size_t i = 0; from != NULL && i < l->n; i++) {
		if (l->placed[i].ses == json_integer_value(from))
			parent = l->placed[i].row;
	}
	l->placed[l->n].ses = answer_int(s, "sshtether.ses");
	l->placed[l->n++].row = session_tree_rows(l->cli, l->table, parent, s, l->all);
	return true;
}

static int
list(const struct cli *cli, bool tree, bool all, json_t *request)
{
	struct listing l = {.cli = cli, .all = all};
	struct client_ask ask = {.request = request, .fn = client_print_line};
	int status;

	if (cli->json)
		return client_ask(cli, &ask);
	ask.fn = tree ? tree_row : flat_row;
	ask.arg = &l;
	l.table = tree ? table_new(cli, session_tree_columns, TREE_COLUMNS)
	               : table_new(cli, columns, COLS);
	if (l.table == NULL) {
		json_decref(request);
		return CLI_UNREACHABLE;
	}
	status = client_ask(cli, &ask);
	if (status == CLI_OK && table_nrows(l.table) == 0)
		status = cli_write(stdout, BYTES_LIT("no sessions\n")) ? CLI_OK : CLI_UNREACHABLE;
	else if (status == CLI_OK)
		status = table_print(l.table);
	table_free(&l.table);
	free(l.placed);
	return status;
}

int
cmd_sessions(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {
		{"tree", no_argument, NULL, 't'},
		{"all", no_argument, NULL, 'a'},
		{0},
	};
	bool tree = false, all = false;
	int val;

	while ((val = cli_option(cli, argc, argv, own)) != -1) {
		if (val == '?')
			return CLI_USAGE;
		tree |= val == 't';
		all |= val == 'a';
	}
	if (optind < argc)
		return cli_usage(cli, "what is '%s'?", argv[optind]);
	return list(cli, tree, all,
	    json_pack("{s:s, s:b, s:b}", "verb", "sessions", "all", all, "tree", tree));
}
