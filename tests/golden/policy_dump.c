/*
 * policy-dump: what the lexer and the parser make of a policy, for golden files; not installed.
 *
 *   policy_dump tokens FILE    line by line: the column of each token, its kind and its text
 *   policy_dump tree FILE      statements, tables, rules in their blocks, tests; each value with its kind
 *
 * Exits with 1 where the tree of a broken policy is wanted, 2 on wrong usage.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/safe.h"
#include "policy/lexer.h"
#include "policy/tree.h"

#include <sshtether/limits.h>

/* --- tokens ---------------------------------------------------------------------------------------- */

static const char *const token_words[] = {
    [TOK_END] = "end", [TOK_NEWLINE] = "newline", [TOK_WORD] = "word", [TOK_STRING] = "string",
    [TOK_TABLE] = "table", [TOK_OPEN] = "open", [TOK_CLOSE] = "close", [TOK_COMMA] = "comma",
    [TOK_NOT] = "not", [TOK_BAD] = "bad",
};

static unsigned
column(struct span at)
{
	unsigned n = 1;

	for (uint32_t i = at.off; i > 0 && at.src->text.p[i - 1] != '\n'; i--)
		n++;
	return n;
}

static void
put_token(const struct token *t, struct buf *out)
{
	char *text = malloc(t->text.n + 1);

	if (text == NULL)
		abort();
	buf_printf(out, " %u %s", column(t->at), token_words[t->kind]);
	if (t->kind == TOK_WORD || t->kind == TOK_STRING || t->kind == TOK_TABLE) {
		buf_putc(out, '(');
		buf_put_visible(out, (struct bytes){.p = text, .n = token_decode(t, text)});
		buf_putc(out, ')');
	}
	free(text);
}

/* Those of a line on one line; lines with nothing on them are left out. */
static void
put_tokens(const char *name, struct bytes text, struct buf *out)
{
	struct source src = {.name = name, .text = text};
	struct diag diag = DIAG_INIT;
	struct token t = {.kind = TOK_NEWLINE};
	enum token_kind before;
	uint32_t line = 0;
	struct lexer l;

	lexer_init(&l, &src, &diag);
	do {
		before = t.kind;
		t = lexer_next(&l);
		if (t.kind == TOK_NEWLINE && before == TOK_NEWLINE)
			continue;
		if (t.at.line != line)
			buf_printf(out, "%s%u:", line != 0 ? "\n" : "", t.at.line);
		line = t.at.line;
		put_token(&t, out);
	} while (t.kind != TOK_END);
	buf_putc(out, '\n');
	diag_free(&diag);
}

/* --- tree -------------------------------------------------------------------------------------------- */

static const char *const value_words[] = {
    [VAL_TEXT] = "text", [VAL_TABLE] = "table", [VAL_ADDR] = "addr", [VAL_SELF] = "self",
    [VAL_UNIX] = "unix", [VAL_PORTS] = "ports", [VAL_HOURS] = "hours", [VAL_OWNER] = "owner",
};

static void
indent(unsigned depth, struct buf *out)
{
	for (; depth > 0; depth--)
		buf_puts(out, "  ");
}

/* Texts as they are, decoded: how they would be written is the printer's. */
static void
put_value(const struct value *v, struct buf *out)
{
	buf_printf(out, " %s%s", v->negate ? "not-" : "", value_words[v->kind]);
	if (v->kind == VAL_SELF)
		return;
	buf_putc(out, '(');
	if (v->kind == VAL_TEXT || v->kind == VAL_TABLE || v->kind == VAL_UNIX)
		buf_put_visible(out, v->text);
	else
		print_value(&(struct value){.kind = v->kind, .as = v->as}, out);
	buf_putc(out, ')');
}

static void
put_values(const char *word, const struct values *values, unsigned depth, struct buf *out)
{
	if (values->n == 0)
		return;
	indent(depth, out);
	buf_puts(out, word);
	for (const struct value *v = values->first; v != NULL; v = v->next)
		put_value(v, out);
	buf_putc(out, '\n');
}

static void
put_conds(const struct conds *conds, unsigned depth, struct buf *out)
{
	for (const struct cond *c = conds->first; c != NULL; c = c->next) {
		char word[32];

		(void)snprintf(word, sizeof(word), "%s%s%s:", c->negate ? "not " : "",
		    on_scope_word(c->scope), fact_word(c->fact));
		put_values(word, &c->values, depth, out);
	}
}

static void
put_place(struct span at, struct buf *out)
{
	buf_printf(out, "  # %s:%u:%u\n", at.src->name, at.line, column(at));
}

__attribute__((format(printf, 3, 4))) static void
put_option(struct buf *out, unsigned depth, const char *fmt, ...)
{
	char line[128];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	indent(depth, out);
	buf_printf(out, "%s\n", line);
}

static void
put_options(const struct rule *r, unsigned depth, struct buf *out)
{
	put_values("tag:", &r->tag_values, depth, out);
	if (r->severity >= 0)
		put_option(out, depth, "severity=%s", severity_name((enum severity)r->severity));
	if (r->mode >= 0)
		put_option(out, depth, "mode=%s", mode_name((enum mode)r->mode));
	if (r->at_most.n != 0)
		put_option(out, depth, "at-most=%u/%lldms", r->at_most.n, (long long)r->at_most.window_ms);
	if (r->until_text.n != 0)
		put_option(out, depth, "until=%.*s=%lldms", (int)r->until_text.n, r->until_text.p,
		    (long long)r->until.ms);
	if (r->message == NULL)
		return;
	indent(depth, out);
	buf_puts(out, "message=");
	buf_put_visible(out, bytes_of(r->message));
	buf_putc(out, '\n');
}

static void
put_rule(const struct rule *r, unsigned depth, struct buf *out)
{
	indent(depth, out);
	buf_printf(out, "rule %s:%s", action_name(r->action), r->any ? " any" : "");
	for (unsigned a = 0; a < ACT_COUNT && !r->any; a++)
		if ((r->activities >> a & 1) != 0)
			buf_printf(out, " %s", activity_info((enum activity)a)->name);
	put_place(r->at, out);
	put_conds(&r->conds, depth + 1, out);
	put_options(r, depth + 1, out);
}

static unsigned
depth_of(const struct block *b)
{
	unsigned n = 0;

	for (; b != NULL; b = b->parent)
		n++;
	return n;
}

static bool
is_in(const struct block *b, const struct block *outer)
{
	while (b != NULL && b != outer)
		b = b->parent;
	return b == outer;
}

/* The blocks around b that do not stand around what came before it. */
static void
put_blocks(const struct block *b, const struct block *before, struct buf *out)
{
	if (b == NULL || is_in(before, b))
		return;
	put_blocks(b->parent, before, out);
	indent(depth_of(b) - 1, out);
	buf_puts(out, "match");
	put_place(b->at, out);
	put_conds(&b->conds, depth_of(b), out);
}

static void
put_table(const struct table *t, struct buf *out)
{
	buf_printf(out, "table <%.*s>%s%s", (int)t->name.n, t->name.p,
	    t->as_addr != NULL     ? " of addresses" :
	        t->as_name != NULL ? " of names" :
	                             " unused",
	    t->no_signature ? " unsigned" : "");
	if (t->file.n != 0)
		buf_printf(out, " file=%.*s", (int)t->file.n, t->file.p);
	put_place(t->at, out);
	put_values("entries:", &t->values, 1, out);
}

static void
put_head(const struct policy *pol, struct buf *out)
{
	if (pol->has_fleet) {
		buf_puts(out, "fleet=");
		buf_put_visible(out, pol->fleet);
		buf_putc(out, '\n');
	}
	if (pol->has_serial)
		buf_printf(out, "serial=%llu\n", (unsigned long long)pol->serial);
	buf_printf(out, "mode=%s\n", mode_name(pol->mode));
	if (pol->has_stop_limit)
		buf_printf(out, "stop-limit=%u/%lldms\n", pol->stop_limit, (long long)pol->stop_window_ms);
	if (pol->has_ungranted)
		buf_printf(out, "ungranted=%s\n", pol->ungranted_deny ? "deny" : "allow");
	put_values("ssh-ports:", &pol->ssh_ports, 0, out);
}

static void
put_tree(const struct policy *pol, struct buf *out)
{
	const struct block *before = NULL;

	put_head(pol, out);
	for (const struct table *t = pol->tables; t != NULL; t = t->next)
		put_table(t, out);
	if (pol->never_stop.first != NULL)
		buf_puts(out, "never-stop\n");
	put_conds(&pol->never_stop, 1, out);
	if (pol->no_baseline.first != NULL)
		buf_puts(out, "no-baseline\n");
	put_conds(&pol->no_baseline, 1, out);
	if (pol->spare.first != NULL)
		buf_puts(out, "spare\n");
	put_conds(&pol->spare, 1, out);
	for (const struct rule *r = pol->first_rule; r != NULL; r = r->next) {
		put_blocks(r->block, before, out);
		before = r->block;
		put_rule(r, depth_of(r->block), out);
	}
	for (const struct expect *e = pol->expects; e != NULL; e = e->next) {
		buf_printf(out, "expect %s: %s", action_name(e->action),
		    activity_info(e->question.activity)->name);
		put_place(e->at, out);
		put_conds(&e->facts, 1, out);
	}
}

/* --- both ----------------------------------------------------------------------------------------------- */

static int
tokens(const char *path, struct buf *out)
{
	struct buf text = BUF_INIT;
	int err = plain_read(path, ST_POLICY_BYTES, &text);

	if (err == 0)
		put_tokens(path, buf_bytes(&text), out);
	else
		(void)fprintf(stderr, "%s: %s\n", path, strerror(-err));
	buf_free(&text);
	return err == 0 ? 0 : 1;
}

static int
tree(const char *path, struct buf *out)
{
	const struct pol_options options = {.now = {.ms = 1}};
	struct buf diag = BUF_INIT;
	unsigned errors;
	struct policy *pol = pol_load(path, &options, &diag, &errors);
	const int status = pol != NULL ? 0 : 1;

	if (pol != NULL)
		put_tree(pol, out);
	else
		(void)fprintf(stderr, "%s", diag.p);
	buf_free(&diag);
	pol_free(&pol);
	return status;
}

int
main(int argc, char **argv)
{
	struct buf out = BUF_INIT;
	int status = 2;

	if (argc == 3 && strcmp(argv[1], "tokens") == 0)
		status = tokens(argv[2], &out);
	else if (argc == 3 && strcmp(argv[1], "tree") == 0)
		status = tree(argv[2], &out);
	else
		(void)fprintf(stderr, "usage: policy_dump tokens | tree FILE\n");
	if (buf_ok(&out) && out.n != 0)
		(void)fwrite(out.p, 1, out.n, stdout);
	buf_free(&out);
	return status;
}
