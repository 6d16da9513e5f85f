/*
 * again: where reading goes on after an error in the grammar.  A rule that is wrong in one place is read again from its
 * next condition or clause, so that its other errors are told by the same run; any other line from its end.  The
 * grammar gets a token of its own there (AGAIN), before the end of the line at the latest.  A word of the language
 * counts only where what follows can be its value, and nothing does inside of braces, nor behind a message without
 * quotes: no error is told that is only the first one's echo.  Internal to policy/.
 */
#ifndef POLICY_AGAIN_H
#define POLICY_AGAIN_H

#include "policy/parse.h"

/* The next token was read. */
void again_take(struct parser *, const struct given *);
/* It was wrong; so is, by itself, one that the lexer calls so. */
void again_seek(struct parser *);
/* What began a statement was meant as this word; NULL: nobody knows. */
void again_meant(struct parser *, const char *word);
/* Reading goes on before what was given last; after that, it does. */
bool again_here(struct parser *);

#endif
