/* table: see table.h. */
#include <stdlib.h>

#include <libsmartcols/libsmartcols.h>

#include "cli/table.h"

struct table {
	const struct cli *cli;
	struct libscols_table *scols;
	size_t rows;
	bool failed;
};

static int
column_flags(unsigned flags)
{
	return (flags & TABLE_RIGHT ? SCOLS_FL_RIGHT : 0) | (flags & TABLE_CUT ? SCOLS_FL_TRUNC : 0) |
	    (flags & TABLE_TREE ? SCOLS_FL_TREE : 0);
}

struct table *
table_new(const struct cli *cli, const struct table_column *columns, size_t n)
{
	struct table *t = calloc(1, sizeof(*t));

	if (t != NULL)
		t->scols = scols_new_table();
	if (t == NULL || t->scols == NULL) {
		cli_error("out of memory");
		table_free(&t);
		return NULL;
	}
	t->cli = cli;
	(void)scols_table_enable_colors(t->scols, cli->colour);
	/* Cells are visible text already; its own escaping would escape ours once more. */
	(void)scols_table_enable_noencoding(t->scols, 1);
	for (size_t i = 0; i < n; i++) {
		if (scols_table_new_column(t->scols, columns[i].name, 0,
			column_flags(columns[i].flags)) == NULL)
			t->failed = true;
	}
	return t;
}

void
table_free(struct table **tp)
{
	struct table *t = *tp;

	if (t == NULL)
		return;
	scols_unref_table(t->scols);
	free(t);
	*tp = NULL;
}

/* A row is a line of libsmartcols; the table owns it. */
static struct libscols_line *
row_line(struct table_row *row)
{
	return (struct libscols_line *)row;
}

struct table_row *
table_row(struct table *t, struct table_row *parent)
{
	struct libscols_line *line = scols_table_new_line(t->scols, row_line(parent));

	if (line == NULL)
		t->failed = true;
	else
		t->rows++;
	return (struct table_row *)line;
}

void
table_cell_str(struct table *t, struct table_row *row, size_t column, const char *text)
{
	if (row == NULL || scols_line_set_data(row_line(row), column, text) != 0)
		t->failed = true;
}

void
table_cell(struct table *t, struct table_row *row, size_t column, struct buf *text)
{
	if (!buf_ok(text))
		t->failed = true;
	else
		table_cell_str(t, row, column, text->n > 0 ? text->p : "");
	buf_reset(text);
}

void
table_style(struct table *t, struct table_row *row, size_t column, enum cli_style style)
{
	struct libscols_cell *cell = row != NULL ? scols_line_get_cell(row_line(row), column) : NULL;

	if (cell != NULL && t->cli->colour && style != STYLE_PLAIN)
		(void)scols_cell_set_color(cell, cli_style(t->cli, style));
}

size_t
table_nrows(const struct table *t)
{
	return t->rows;
}

int
table_print(struct table *t)
{
	if (t->failed) {
		cli_error("out of memory");
		return CLI_UNREACHABLE;
	}
	if (t->rows > 0 && scols_print_table(t->scols) != 0) {
		cli_error("cannot print");
		return CLI_UNREACHABLE;
	}
	return CLI_OK;
}
