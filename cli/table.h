/*
 * table: rows and trees on the terminal (libsmartcols).  Cells are text that is visible
 * already.  An allocation that fails sticks, and table_print() says so.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "cli/cli.h"

enum table_flag {
	TABLE_RIGHT = 1u << 0,
	TABLE_CUT = 1u << 1, /* may be cut to the terminal's width */
	TABLE_TREE = 1u << 2,
	TABLE_WRAP = 1u << 3, /* sentences: broken between words; the last column of a table without a tree */
};

struct table_column {
	const char *name;
	unsigned flags; /* enum table_flag */
};

struct table;
struct table_row;

/* NULL, after it has said so: out of memory. */
struct table *table_new(const struct cli *, const struct table_column *, size_t n);
void table_free(struct table **);
/* parent NULL: at the top. */
struct table_row *table_row(struct table *, struct table_row *parent);
/* Copies the text and empties it, for the next cell. */
void table_cell(struct table *, struct table_row *, size_t column, struct buf *text);
void table_cell_str(struct table *, struct table_row *, size_t column, const char *text);
void table_style(struct table *, struct table_row *, size_t column, enum cli_style);
size_t table_nrows(const struct table *);
/* Returns enum cli_exit. */
int table_print(struct table *);

#endif
