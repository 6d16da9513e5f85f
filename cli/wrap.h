/* wrap: sentences over several lines.  Text is visible already; the sequences of cli_style() in it take no room. */
#ifndef CLI_WRAP_H
#define CLI_WRAP_H

#include "cli/cli.h"

/* Columns of the terminal; 0: standard output is none. */
size_t wrap_terminal(void);
/* How many characters it shows. */
size_t wrap_length(struct bytes text);
/*
 * text, which begins in column at, broken between words so that no line is wider than width, but for words that are;
 * further lines begin in column indent.
 */
void wrap_put(struct bytes text, size_t at, size_t indent, size_t width, struct buf *out);
/* The same of a whole paragraph, for standard output as wide as it is, 80 where it is no terminal.  text is freed. */
void wrap_line(struct buf *text, size_t at, size_t indent, struct buf *out);

#endif
