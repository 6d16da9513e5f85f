/*
 * lexer: the words of a policy and of sshtetherd.conf.  Pure: a source in, tokens out, no table of
 * keywords (whoever parses decides what a word means).  Lines matter: a newline is a token.
 *
 *   word     printable ASCII without blanks and { } < > , " #; '!' cannot begin one
 *   "text"   any bytes but control characters; \" \\ \t \xNN
 *   <name>   a table
 *   # …      a comment, after a blank or at the start of a line
 *   \ at the end of a line joins it to the next
 */
#ifndef POLICY_LEXER_H
#define POLICY_LEXER_H

#include "policy/diag.h"

enum token_kind {
	TOK_END, /* of the text; comes again when asked again */
	TOK_NEWLINE,
	TOK_WORD,
	TOK_STRING,
	TOK_TABLE, /* text: the name without its brackets */
	TOK_OPEN,
	TOK_CLOSE,
	TOK_COMMA,
	TOK_NOT,
	TOK_BAD, /* an error that is in diag already */
};

struct token {
	enum token_kind kind;
	struct span at;
	struct bytes text; /* borrowed from the source; a string without its quotes, not decoded */
};

struct lexer {
	const struct source *src; /* borrowed */
	struct diag *diag;        /* borrowed */
	uint32_t pos, line;
};

/* The source must be shorter than 4 GiB. */
void lexer_init(struct lexer *, const struct source *, struct diag *);
struct token lexer_next(struct lexer *);
/* What stands next on this line: a word, or the first byte of what is none; empty where the line ends. */
struct bytes lexer_ahead(const struct lexer *);
/* Skips to the newline (or the end) that ends this line, which comes next. */
void lexer_skip_line(struct lexer *);

/* What the token means: escapes of a string undone.  out has room for text.n bytes; returns the length. */
size_t token_decode(const struct token *, char *out);
/* The way back: a bare word where that is safe, else a string with escapes; visible text for any value. */
void token_print(struct bytes value, struct buf *out);

#endif
