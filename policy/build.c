/*
 * build: the tree, from what the grammar found: values and conditions, and what the statements
 * (build_top.c) and the rules (build_rule.c) check alike.  Each function checks what it is given, reports
 * what is wrong and goes on, so that one line can have several errors.  NULL values come from an arena
 * that is full: they are passed over, the load fails on arena.failed.
 */
#include <sshtether/limits.h>

#include "base/utf8.h"
#include "policy/build.h"
#include "policy/suggest.h"

/* Bare words and strings without escapes are borrowed from the text, which lives as long. */
static bool
decode(struct parser *p, const struct token *t, struct bytes *out)
{
	char *copy;

	*out = t->text;
	if (t->kind != TOK_STRING || t->text.n == 0 || memchr(t->text.p, '\\', t->text.n) == NULL)
		return true;
	copy = arena_get(&p->policy->arena, t->text.n);
	if (copy == NULL)
		return false;
	*out = (struct bytes){.p = copy, .n = token_decode(t, copy)};
	return true;
}

struct value *
build_value(struct parser *p, const struct lexeme *x)
{
	struct value *v = arena_get(&p->policy->arena, sizeof(*v));

	if (v == NULL || !decode(p, &x->token, &v->text))
		return NULL;
	v->kind = x->token.kind == TOK_TABLE ? VAL_TABLE : VAL_TEXT;
	v->quoted = x->token.kind == TOK_STRING;
	v->off = x->token.at.off;
	v->len = x->token.at.len;
	v->line = x->token.at.line;
	if (v->text.n > ST_POLICY_STRING) {
		diag_error(p->diag, x->token.at, "this is too long: %zu bytes, at most %u",
		    v->text.n, ST_POLICY_STRING);
		v->wrong = true;
	}
	return v;
}

struct values
build_list(struct values list, struct value *v)
{
	if (v == NULL)
		return list;
	if (list.last != NULL)
		list.last->next = v;
	else
		list.first = v;
	list.last = v;
	list.n++;
	return list;
}

struct cond *
build_cond(struct parser *p, bool negate, const struct lexeme *word, const struct lexeme *scope,
    struct values values, struct span at)
{
	struct cond *c = arena_get(&p->policy->arena, sizeof(*c));

	if (c == NULL)
		return NULL;
	*c = (struct cond){.fact = (enum pol_fact)word->word.value, .negate = negate, .at = at,
	    .values = values};
	if (scope != NULL && c->fact == QF_ON)
		c->scope = (enum on_scope)scope->word.value;
	else if (scope != NULL)
		diag_error(p->diag, scope->token.at, "'%s' belongs to the condition 'on'", scope->word.name);
	return c;
}

struct conds
build_conds(struct conds list, struct cond *c)
{
	if (c == NULL)
		return list;
	if (list.last != NULL)
		list.last->next = c;
	else
		list.first = c;
	list.last = c;
	return list;
}

void
build_resolve(struct parser *p, const struct conds *conds)
{
	for (struct cond *c = conds->first; c != NULL; c = c->next) {
		for (struct value *v = c->values.first; v != NULL; v = v->next) {
			if (v->negate) {
				diag_error(p->diag, value_span(v, p->lexer.src),
				    "'!' stands before the word, not before its value");
				diag_help(p->diag, "for example: !%s", fact_word(c->fact));
			}
			if (!v->wrong)
				value_resolve(p, p->lexer.src, c->fact, v);
		}
	}
}

/* --- what is checked in more than one statement ------------------------------------------------ */

bool
build_is_line(struct bytes t)
{
	uint32_t code;
	size_t n;

	for (; t.n != 0; t.p += n, t.n -= n) {
		n = utf8_next(t, &code);
		if (n == 0 || code < ' ' || (code >= 0x7f && code <= 0x9f))
			return false;
	}
	return true;
}

bool
build_only_passes(struct parser *p, struct span at)
{
	diag_error(p->diag, at, "here stand only pass rules with an 'until'");
	return false;
}

/* After so many it is the block's '}' that is missing. */
#define MISPLACED 4

bool
build_at_top(struct parser *p, struct span at)
{
	if (p->prelude)
		return build_only_passes(p, at);
	if (p->depth == 0)
		return true;
	if (p->block != NULL && p->block->misplaced++ >= MISPLACED)
		return false;
	diag_error(p->diag, at, "this cannot stand inside a match block");
	diag_help(p->diag, "a block holds rules and other match blocks");
	return false;
}

bool
build_one_of(struct parser *p, const struct value *v, const char *what, const char *(*name)(unsigned),
    unsigned *out)
{
	struct buf all = BUF_INIT;
	struct suggest s;
	char quoted[DIAG_QUOTE];

	suggest_init(&s, v->text);
	for (unsigned i = 0; name(i) != NULL; i++) {
		if (v->kind == VAL_TEXT && bytes_is(v->text, name(i))) {
			buf_free(&all);
			*out = i;
			return true;
		}
		suggest_offer(&s, name(i));
		buf_printf(&all, "%s%s", i == 0 ? "" : ", ", name(i));
	}
	diag_error(p->diag, value_span(v, p->lexer.src), "'%s' is not %s",
	    diag_quote(v->text, quoted), what);
	if (s.best != NULL)
		diag_help(p->diag, "did you mean '%s'?", s.best);
	else
		diag_help(p->diag, "expected one of %s", buf_ok(&all) ? all.p : "");
	buf_free(&all);
	return false;
}

bool
build_plain_text(struct parser *p, const struct value *v, const char *what)
{
	if (v->kind == VAL_TEXT && v->text.n != 0)
		return !v->wrong;
	diag_error(p->diag, value_span(v, p->lexer.src), "expected %s", what);
	return false;
}

const char *
build_mode_word(unsigned i)
{
	return i < MODE_COUNT ? mode_name((enum mode)i) : NULL;
}

const char *
build_severity_word(unsigned i)
{
	return i < SEV_COUNT ? severity_name((enum severity)i) : NULL;
}
