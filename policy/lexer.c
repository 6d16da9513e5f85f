/*
 * lexer: see lexer.h.  Every byte is looked at once; nothing is allocated.  An error is reported at
 * its place and comes out as TOK_BAD, so that the parser can go on with the next line.
 */
#include "policy/lexer.h"

#include <stdio.h>

static struct bytes
rest(const struct lexer *l)
{
	return (struct bytes){.p = l->src->text.p + l->pos, .n = l->src->text.n - l->pos};
}

static bool
ends_line(struct bytes t)
{
	return t.n == 0 || t.p[0] == '\n' || (t.n > 1 && t.p[0] == '\r' && t.p[1] == '\n');
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\f' || c == '\v';
}

static bool
is_word(char c)
{
	return c > ' ' && c < 0x7f && strchr("{}<>,\"#", c) == NULL;
}

void
lexer_init(struct lexer *l, const struct source *src, struct diag *diag)
{
	*l = (struct lexer){.src = src, .diag = diag, .line = 1,
	    .pos = (uint32_t)(src->text.n - bytes_unmarked(src->text).n)};
}

static struct span
here(const struct lexer *l, size_t len)
{
	return (struct span){.src = l->src, .off = l->pos, .len = (uint32_t)len, .line = l->line};
}

/* The next n bytes as a token; skip of them are delimiters on either side. */
static struct token
take(struct lexer *l, enum token_kind kind, size_t n, size_t skip)
{
	struct token t = {.kind = kind, .at = here(l, n)};

	t.text = (struct bytes){.p = l->src->text.p + l->pos + skip, .n = n - 2 * skip};
	l->pos += (uint32_t)n;
	return t;
}

void
lexer_skip_line(struct lexer *l)
{
	struct bytes t = rest(l);
	const char *nl = t.n != 0 ? memchr(t.p, '\n', t.n) : NULL;

	l->pos += (uint32_t)(nl != NULL ? (size_t)(nl - t.p) : t.n);
}

/* "\" and a newline: the length of both, else 0. */
static uint32_t
joined(struct bytes t)
{
	if (t.n >= 2 && t.p[0] == '\\' && t.p[1] == '\n')
		return 2;
	if (t.n >= 3 && t.p[0] == '\\' && t.p[1] == '\r' && t.p[2] == '\n')
		return 3;
	return 0;
}

static void
skip_blanks(struct lexer *l)
{
	for (;;) {
		struct bytes t = rest(l);
		uint32_t n;

		if (t.n != 0 && is_blank(t.p[0])) {
			l->pos++;
		} else if ((n = joined(t)) != 0) {
			l->pos += n;
			l->line++;
		} else if (t.n != 0 && t.p[0] == '#') {
			lexer_skip_line(l);
			return;
		} else {
			return;
		}
	}
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The length of the escape that t begins with, and its value; 0 for one that does not exist. */
static size_t
escape(struct bytes t, char *out)
{
	static const char known[] = "\"\\t", value[] = "\"\\\t";
	const char *k;
	int hi, lo;

	if (t.n < 2 || t.p[1] == '\0')
		return 0;
	if ((k = strchr(known, t.p[1])) != NULL) {
		*out = value[k - known];
		return 2;
	}
	if (t.p[1] != 'x' || t.n < 4 || (hi = hex(t.p[2])) < 0 || (lo = hex(t.p[3])) < 0 ||
	    (hi == 0 && lo == 0))
		return 0;
	*out = (char)(hi * 16 + lo);
	return 4;
}

static struct token
bad_escape(struct lexer *l, size_t at, size_t whole)
{
	struct token t = take(l, TOK_BAD, whole, 0);
	struct span s = t.at;

	s.off += (uint32_t)at;
	s.len = 2;
	diag_error(l->diag, s, "this escape does not exist");
	diag_help(l->diag, "in a string: \\\" \\\\ \\t and \\x01 to \\xff; "
	    "write \\\\ where a backslash is meant");
	return t;
}

/* The end of the string, counted from its first quote, with the first wrong escape in *wrong. */
static size_t
string_end(struct bytes t, size_t *wrong, bool *closed)
{
	size_t i = 1;

	*wrong = 0;
	while (!ends_line((struct bytes){.p = t.p + i, .n = t.n - i})) {
		struct bytes left = {.p = t.p + i, .n = t.n - i};
		char c;
		size_t n;

		if (t.p[i] == '"') {
			*closed = true;
			return i + 1;
		}
		n = t.p[i] == '\\' ? escape(left, &c) : 1;
		if (n == 0 && *wrong == 0)
			*wrong = i;
		i += n != 0 ? n : 1;
	}
	*closed = false;
	return i;
}

static struct token
string(struct lexer *l)
{
	struct bytes t = rest(l);
	bool closed;
	size_t wrong, n = string_end(t, &wrong, &closed);
	struct token tok;

	if (!closed) {
		tok = take(l, TOK_BAD, n, 0);
		diag_error(l->diag, tok.at, "this string has no end");
		diag_help(l->diag, "a string ends on its own line, with another \"");
		return tok;
	}
	if (wrong != 0)
		return bad_escape(l, wrong, n);
	for (size_t i = 1; i < n; i++) {
		if ((unsigned char)t.p[i] >= ' ' || t.p[i] == '\t')
			continue;
		tok = take(l, TOK_BAD, n, 0);
		diag_error(l->diag, tok.at, "a control character inside a string");
		diag_help(l->diag, "write it as \\x%02x", (unsigned char)t.p[i]);
		return tok;
	}
	return take(l, TOK_STRING, n, 1);
}

static size_t
word_length(struct bytes t)
{
	size_t n = 0;

	while (n < t.n && is_word(t.p[n]) &&
	    joined((struct bytes){.p = t.p + n, .n = t.n - n}) == 0)
		n++;
	return n;
}

static struct token
table(struct lexer *l)
{
	struct bytes t = rest(l);
	size_t n = word_length((struct bytes){.p = t.p + 1, .n = t.n - 1});
	struct token bad;

	if (n != 0 && n + 1 < t.n && t.p[n + 1] == '>')
		return take(l, TOK_TABLE, n + 2, 1);
	bad = take(l, TOK_BAD, n + 1, 0);
	diag_error(l->diag, bad.at, "'<' begins the name of a table, which ends with '>'");
	diag_help(l->diag, "for example <office>, without blanks");
	return bad;
}

static struct token
word(struct lexer *l)
{
	size_t n = word_length(rest(l));
	struct token t = take(l, TOK_WORD, n, 0);
	struct bytes next = rest(l);

	if (next.n == 0 || (next.p[0] != '#' && next.p[0] != '"'))
		return t;
	t.kind = TOK_BAD;
	if (next.p[0] == '"') {
		diag_error(l->diag, here(l, 1), "a quote inside a word");
		diag_help(l->diag, "put a blank before it, or quote the whole");
	} else {
		diag_error(l->diag, here(l, 1), "'#' inside a word");
		diag_help(l->diag, "a comment begins after a blank; quote the word when '#' is part of it");
	}
	return t;
}

static bool
is_curly_quote(struct bytes t)
{
	static const char *const quotes[] = {"\u201c", "\u201d", "\u201e", "\u00ab", "\u00bb"};

	for (size_t i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++)
		if (bytes_starts(t, bytes_of(quotes[i])))
			return true;
	return false;
}

static struct token
strange(struct lexer *l)
{
	struct bytes t = rest(l);
	bool curly = is_curly_quote(t), text = (unsigned char)t.p[0] >= 0x80;
	unsigned char first = (unsigned char)t.p[0];
	size_t n = 1;
	struct token bad;

	/* A run of them is one error. */
	while (n < t.n && ((unsigned char)t.p[n] >= 0x80) == text &&
	    (text || ((unsigned char)t.p[n] < ' ' && t.p[n] != '\n' && !is_blank(t.p[n]))))
		n++;
	bad = take(l, TOK_BAD, n, 0);
	if (curly) {
		diag_error(l->diag, bad.at, "a typographic quote");
		diag_help(l->diag, "strings stand between plain quotes: \"text\"");
	} else if (text) {
		diag_error(l->diag, bad.at, "only ASCII can stand outside a string");
		diag_help(l->diag, "quote the text that holds it");
	} else {
		diag_error(l->diag, bad.at, "a control character (0x%02x)", first);
	}
	return bad;
}

struct token
lexer_next(struct lexer *l)
{
	static const struct {
		char c;
		enum token_kind kind;
	} single[] = {
	    {'{', TOK_OPEN}, {'}', TOK_CLOSE}, {',', TOK_COMMA}, {'!', TOK_NOT},
	};
	struct bytes t;

	skip_blanks(l);
	t = rest(l);
	if (t.n == 0)
		return take(l, TOK_END, 0, 0);
	if (ends_line(t)) {
		struct token nl = take(l, TOK_NEWLINE, t.p[0] == '\r' ? 2 : 1, 0);

		l->line++;
		return nl;
	}
	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		if (t.p[0] == single[i].c)
			return take(l, single[i].kind, 1, 0);
	if (t.p[0] == '"')
		return string(l);
	if (t.p[0] == '<')
		return table(l);
	if (is_word(t.p[0]))
		return word(l);
	if (t.p[0] == '>') {
		struct token bad = take(l, TOK_BAD, 1, 0);

		diag_error(l->diag, bad.at, "'>' without its '<'");
		return bad;
	}
	return strange(l);
}

struct bytes
lexer_ahead(const struct lexer *l)
{
	struct lexer at = *l;
	struct bytes t;
	size_t n;

	skip_blanks(&at);
	t = rest(&at);
	n = word_length(t);
	return (struct bytes){.p = t.p, .n = ends_line(t) ? 0 : n != 0 ? n : 1};
}

size_t
token_decode(const struct token *t, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < t->text.n;) {
		struct bytes left = {.p = t->text.p + i, .n = t->text.n - i};
		size_t used = 0;

		if (t->kind == TOK_STRING && left.p[0] == '\\')
			used = escape(left, &out[n]);
		if (used == 0) {
			out[n] = left.p[0];
			used = 1;
		}
		n++;
		i += used;
	}
	return n;
}

static bool
safe_bare(struct bytes v)
{
	if (v.n == 0 || v.p[0] == '!')
		return false;
	for (size_t i = 0; i < v.n; i++)
		if (!is_word(v.p[i]) || v.p[i] == '\\')
			return false;
	return true;
}

void
token_print(struct bytes v, struct buf *out)
{
	if (safe_bare(v)) {
		buf_putb(out, v);
		return;
	}
	/* What buf_put_visible() writes for bytes that are no text are escapes of strings here. */
	buf_putc(out, '"');
	while (v.n != 0) {
		const char *quote = memchr(v.p, '"', v.n);
		size_t n = quote != NULL ? (size_t)(quote - v.p) : v.n;

		buf_put_visible(out, (struct bytes){.p = v.p, .n = n});
		if (quote != NULL)
			buf_puts(out, "\\\"");
		n += quote != NULL;
		v = (struct bytes){.p = v.p + n, .n = v.n - n};
	}
	buf_putc(out, '"');
}
