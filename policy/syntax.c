/*
 * syntax: see syntax.h.  Symbols of the grammar have readable names; three of them are classes of
 * words, listed here with what they hold.
 */
#include "policy/syntax.h"

#include "policy/again.h"
#include "policy/grammar.h"
#include "policy/suggest.h"

static const struct class {
	const char *symbol;
	int token;
} classes[] = {
    {"an action", T_ACTION},
    {"an activity", T_ACTIVITY},
    {"a condition", T_COND},
};

#define NCLASSES (sizeof(classes) / sizeof(classes[0]))

void
syntax_expected(struct syntax_error *r, const char *symbol)
{
	if (r->n < SYNTAX_EXPECTED)
		r->expected[r->n++] = symbol;
}

static bool
expects(const struct syntax_error *r, const char *symbol)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->expected[i], symbol) == 0)
			return true;
	return false;
}

static const struct class *
class_of(const char *symbol)
{
	for (size_t i = 0; i < NCLASSES; i++)
		if (strcmp(classes[i].symbol, symbol) == 0)
			return &classes[i];
	return NULL;
}

/* Words of other tools, and of everyday. */
static const struct synonym {
	const char *word, *ours; /* where `ours` could stand, `say` is meant */
	const char *say;         /* NULL: 'ours' */
} synonyms[] = {
    {"from", "origin", NULL},
    {"source", "origin", NULL},
    {"src", "origin", NULL},
    {"allow", "pass", NULL},
    {"accept", "pass", NULL},
    {"permit", "pass", NULL},
    {"drop", "block", "'block', or of a login 'deny'"},
    {"reject", "block", "'block', or of a login 'deny'"},
    {"refuse", "block", "'block', or of a login 'deny'"},
    {"kill", "terminate", "'terminate' (the session), or 'block' (what it does)"},
    {"log", "record", NULL},
    {"label", "tag", NULL},
    {"ssh", "outbound-ssh", NULL},
    {"not", "'!'", "'!', as in: !user eve"},
    {"time", "hours", NULL},
    {"when", "hours", NULL},
    {"limit", "at", "'at most N/TIME', as in: at most 5/10m"},
    {"rate", "at", "'at most N/TIME', as in: at most 5/10m"},
    {"atmost", "at", "'at most N/TIME', as in: at most 5/10m"},
    {"at-most", "at", "'at most N/TIME', as in: at most 5/10m"},
    {"dest", "to", NULL},
    {"dst", "to", NULL},
    {"destination", "to", NULL},
    {"host", "to", "'to' (where it goes), or 'on' (the host that it is on)"},
    {"hostname", "to", "'to' (where it goes), or 'on' (the host that it is on)"},
};

static bool
could_stand(const struct syntax_error *r, const char *word)
{
	struct keyword k;

	if (expects(r, word))
		return true;
	for (size_t i = 0; keyword_find(bytes_of(word), &k) && i < NCLASSES; i++)
		if (classes[i].token == k.token)
			return expects(r, classes[i].symbol);
	return false;
}

/* What of the language was named; NULL: nothing. */
static const char *
put_synonym(const struct syntax_error *r, struct bytes word, struct diag *d)
{
	for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++) {
		const struct synonym *s = &synonyms[i];

		if (!bytes_is(word, s->word) || !could_stand(r, s->ours))
			continue;
		if (s->say != NULL)
			diag_help(d, "did you mean %s?", s->say);
		else
			diag_help(d, "did you mean '%s'?", s->ours);
		return s->ours;
	}
	return NULL;
}

static const char *
closest(const struct syntax_error *r, struct bytes word)
{
	struct suggest s;
	struct keyword k;

	suggest_init(&s, word);
	for (size_t e = 0; e < r->n; e++) {
		const struct class *c = class_of(r->expected[e]);

		for (size_t i = 0; keyword_at(i, &k); i++)
			if (c != NULL ? k.token == c->token : strcmp(k.name, r->expected[e]) == 0)
				suggest_offer(&s, k.name);
	}
	return s.best;
}

/* "a condition (user, as, …)" */
static void
put_class(const struct class *c, struct buf *out)
{
	struct keyword k;
	const char *sep = " (";

	buf_puts(out, c->symbol);
	for (size_t i = 0; keyword_at(i, &k); i++) {
		if (k.token != c->token)
			continue;
		buf_printf(out, "%s%s", sep, k.name);
		sep = ", ";
	}
	buf_putc(out, ')');
}

/* Where any word will do, the words of the language are not worth a line. */
static bool
worth_saying(const struct syntax_error *r, const char *symbol)
{
	struct keyword k;

	if (strcmp(symbol, "end of file") == 0)
		return false;
	if (expects(r, "'}'") && expects(r, "','") && strcmp(symbol, "the end of the line") == 0)
		return false;
	if (!expects(r, "a word"))
		return true;
	return strcmp(symbol, "a string") != 0 && class_of(symbol) == NULL &&
	    (!keyword_find(bytes_of(symbol), &k) || k.token == T_UNIX);
}

/* Where a word stands there, some other was meant: those that there are, unless they are too many. */
static bool
name_all(const struct class *c, size_t nsaid, struct bytes text)
{
	const bool word = text.n > 0 && ((text.p[0] | 0x20) >= 'a' && (text.p[0] | 0x20) <= 'z');

	return nsaid <= 6 || (word && c->token != T_ACTIVITY);
}

static void
put_expected(const struct syntax_error *r, struct bytes text, struct buf *out)
{
	const char *say[SYNTAX_EXPECTED];
	struct keyword k;
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		if (worth_saying(r, r->expected[i]))
			say[n++] = r->expected[i];
	for (size_t i = 0; i < n; i++) {
		const struct class *c = class_of(say[i]);

		buf_puts(out, i == 0 ? "" : i + 1 == n ? " or " : ", ");
		if (c != NULL && name_all(c, n, text))
			put_class(c, out);
		else if (strcmp(say[i], "a word") == 0)
			buf_puts(out, "a word or string");
		else if (keyword_find(bytes_of(say[i]), &k))
			buf_printf(out, k.token == T_AT ? "'%s most'" : "'%s'", say[i]);
		else
			buf_puts(out, say[i]);
	}
}

/* The word that ends before at, on its line. */
static struct bytes
word_before(const struct source *src, uint32_t at)
{
	const char *p = src->text.p;
	uint32_t begin;

	while (at > 0 && (p[at - 1] == ' ' || p[at - 1] == '\t'))
		at--;
	for (begin = at; begin > 0 && (unsigned char)p[begin - 1] > ' ';)
		begin--;
	return (struct bytes){.p = p + begin, .n = at - begin};
}

/* "hours mon-fri 08:00-18:00", "port 22, 2222", "user=eve": of a condition's values but the first.  True: said. */
static bool
loose_value(struct parser *p, const struct syntax_error *r, struct bytes text)
{
	const struct bytes value = word_before(r->at.src, r->at.off);
	const struct bytes before = word_before(r->at.src, (uint32_t)(value.p - r->at.src->text.p));
	const char *equals = text.n > 0 ? memchr(text.p, '=', text.n) : NULL;
	struct bytes head = {.p = text.p, .n = equals != NULL ? (size_t)(equals - text.p) : 0};
	struct keyword k;
	char quoted[DIAG_QUOTE];

	if (expects(r, "a condition") && keyword_find(head, &k) && k.token == T_COND) {
		diag_error(p->diag, r->at, "'%s' cannot stand here", diag_quote(text, quoted));
		diag_help(p->diag, "its value follows behind a blank: %s VALUE", k.name);
		return true;
	}
	if (!keyword_find(before, &k) || k.token != T_COND)
		return false;
	if (bytes_is(text, ",")) {
		diag_error(p->diag, r->at, "',' cannot stand here");
		diag_help(p->diag, "several values stand in braces: %s { A, B }", k.name);
		return true;
	}
	if (k.value != QF_TIME || text.n == 0 || text.p[0] <= ' ' || keyword_find(text, &k))
		return false;
	diag_error(p->diag, r->at, "'%s' cannot stand here", diag_quote(text, quoted));
	diag_help(p->diag, "hours of several words stand in quotes: hours \"mon-fri 08:00-18:00 Europe/Berlin\"");
	return true;
}

/* Mistakes that have a better answer than a list of what could stand there.  True: said. */
static bool
well_known(struct parser *p, const struct syntax_error *r, struct bytes text)
{
	struct keyword k;

	if (text.n == 0 && p->block != NULL && expects(r, "'}'")) {
		diag_error(p->diag, p->block->at, "this match block is never closed");
		diag_help(p->diag, "a line with a '}' alone ends it");
		return true;
	}
	if (bytes_is(text, "}") && expects(r, "end of file")) {
		diag_error(p->diag, r->at, "this '}' closes nothing");
		return true;
	}
	if (bytes_is(text, "}") && expects(r, "a word")) {
		diag_error(p->diag, r->at, "an empty list holds nothing");
		return true;
	}
	if (keyword_find(text, &k) && k.token == T_ACTIVITY && expects(r, "','")) {
		diag_error(p->diag, r->at, "a comma is missing before '%s'", k.name);
		diag_help(p->diag, "several activities: block outbound-ssh, relay");
		return true;
	}
	if (bytes_is(text, "!") && expects(r, "a word")) {
		diag_error(p->diag, r->at, "'!' stands before the word, not before its value");
		diag_help(p->diag, "for example: !user eve, !origin <office>");
		return true;
	}
	if (expects(r, "a word") && keyword_find(text, &k)) {
		diag_error(p->diag, r->at, "a value is missing before '%s'", k.name);
		diag_help(p->diag, "write \"%s\" where the value itself is meant", k.name);
		return true;
	}
	return false;
}

/* What follows these words is little, and better shown than listed. */
static const char *
shown_behind(struct bytes word)
{
	static const struct {
		const char *word, *show;
	} shown[] = {
	    {"table", "table <NAME> { ENTRY, ENTRY }, or: table <NAME> file \"FILE\""},
	    {"never-stop", "never-stop user NAME, or: never-stop group NAME"},
	    {"no-baseline", "no-baseline user NAME, or: no-baseline group NAME"},
	    {"spare", "spare exe \"/path/of/the/program\""},
	    {"stop-limit", "stop-limit 5 in 10m, or: stop-limit off"},
	    {"severity", "severity info, low, medium, high or critical"},
	    {"until", "until 2027-03-31"},
	};

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		if (bytes_is(word, shown[i].word))
			return shown[i].show;
	return NULL;
}

void
syntax_report(struct parser *p, const struct syntax_error *r)
{
	struct bytes text = {.p = r->at.src->text.p + r->at.off, .n = r->at.len};
	struct buf expected = BUF_INIT;
	const char *better, *named, *shown = shown_behind(word_before(r->at.src, r->at.off));
	char quoted[DIAG_QUOTE];

	if (well_known(p, r, text) || loose_value(p, r, text))
		return;
	better = closest(r, text);
	put_expected(r, text, &expected);
	if (text.n == 0)
		diag_error(p->diag, r->at, "the text ends too early");
	else if (text.p[0] == '\n' || text.p[0] == '\r')
		diag_error(p->diag, r->at, "the line ends too early");
	else
		diag_error(p->diag, r->at, "'%s' cannot stand here", diag_quote(text, quoted));
	if ((named = put_synonym(r, text, p->diag)) != NULL)
		better = named;
	else if (better != NULL)
		diag_help(p->diag, "did you mean '%s'?", better);
	else if (shown != NULL)
		diag_help(p->diag, "expected: %s", shown);
	else if (expected.n != 0)
		diag_help(p->diag, "expected %s", expected.p);
	again_meant(p, better);
	buf_free(&expected);
}
