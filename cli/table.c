/* table: see table.h. */
#include <stdlib.h>
#include <string.h>

#include <libsmartcols/libsmartcols.h>

#include "cli/table.h"
#include "cli/wrap.h"

struct table {
	const struct cli *cli;
	struct libscols_table *scols;
	size_t rows;
	bool wraps; /* the last column does */
	bool failed;
};

static int
column_flags(unsigned flags)
{
	return (flags & TABLE_RIGHT ? SCOLS_FL_RIGHT : 0) | (flags & TABLE_CUT ? SCOLS_FL_TRUNC : 0) |
	    (flags & TABLE_TREE ? SCOLS_FL_TREE : 0) | (flags & TABLE_WRAP ? SCOLS_FL_WRAP : 0);
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
		struct libscols_column *c = scols_table_new_column(t->scols, columns[i].name, 0,
		    column_flags(columns[i].flags));

		if (c == NULL)
			t->failed = true;
		else if ((columns[i].flags & TABLE_WRAP) != 0)
			t->wraps = scols_column_set_wrapfunc(c, scols_wrapnl_chunksize,
			    scols_wrapnl_nextchunk, NULL) == 0;
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

/* --- sentences over several lines: libsmartcols would break them within words --------------- */

#define NARROWEST 16

static const char *
cell_text(struct libscols_line *line, size_t column)
{
	return scols_cell_get_data(scols_line_get_cell(line, column));
}

/* What the columns before the last one take, with the blanks behind them. */
static size_t
width_before(const struct table *t, size_t last)
{
	size_t all = 0;

	for (size_t c = 0; c < last; c++) {
		struct libscols_column *column = scols_table_get_column(t->scols, c);
		size_t most = wrap_length(bytes_of(scols_cell_get_data(scols_column_get_header(column))));

		for (size_t i = 0; i < t->rows; i++) {
			size_t n = wrap_length(bytes_of(cell_text(scols_table_get_line(t->scols, i), c)));

			most = n > most ? n : most;
		}
		all += most + 1;
	}
	return all;
}

/* Blanks become newlines so that no line is wider than width, but for words that are. */
static void
break_lines(char *text, size_t width)
{
	char *line = text, *blank = NULL;

	for (char *p = text; *p != '\0'; p++) {
		if (*p == ' ')
			blank = p;
		if (blank == NULL || (size_t)(p - line) < width)
			continue;
		*blank = '\n';
		line = blank + 1;
		blank = NULL;
	}
}

static void
wrap_last(struct table *t)
{
	const size_t last = scols_table_get_ncols(t->scols) - 1, all = wrap_terminal();
	const size_t before = width_before(t, last);

	for (size_t i = 0; all > 0 && i < t->rows; i++) {
		struct libscols_line *line = scols_table_get_line(t->scols, i);
		const char *text = cell_text(line, last);
		char *copy = text != NULL ? strdup(text) : NULL;

		if (copy == NULL)
			continue;
		break_lines(copy, all >= before + NARROWEST ? all - before : NARROWEST);
		if (scols_line_refer_data(line, last, copy) != 0)
			free(copy);
	}
}

int
table_print(struct table *t)
{
	if (t->wraps && !t->failed)
		wrap_last(t);
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
