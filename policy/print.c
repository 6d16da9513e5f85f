/*
 * print: a policy as canonical text: one way to write each thing, so that print → parse → print is
 * the identity and two policies that say the same differ in nothing but the order of their rules.
 */
#include "policy/hours.h"
#include "policy/keyword.h"
#include "policy/lexer.h"
#include "policy/tree.h"

#define LIST_WIDTH 72 /* longer tables go over lines */

/* A word of the language stands in quotes where it is a value. */
static void
put_text(struct bytes text, bool quoted, struct buf *out)
{
	struct keyword k;

	if (keyword_find(text, &k) || (quoted && bytes_is(text, "self"))) {
		buf_putc(out, '"');
		buf_putb(out, text);
		buf_putc(out, '"');
	} else {
		token_print(text, out);
	}
}

void
print_value(const struct value *v, struct buf *out)
{
	if (v->negate)
		buf_putc(out, '!');
	switch (v->kind) {
	case VAL_TEXT:
		put_text(v->text, v->quoted, out);
		break;
	case VAL_TABLE:
		buf_putc(out, '<');
		buf_putb(out, v->text);
		buf_putc(out, '>');
		break;
	case VAL_ADDR:
		prefix_print(v->as.prefix, out);
		break;
	case VAL_SELF:
		buf_puts(out, "self");
		break;
	case VAL_UNIX:
		buf_puts(out, "unix ");
		put_text(v->text, v->quoted, out);
		break;
	case VAL_PORTS:
		buf_printf(out, "%u", v->as.ports.lo);
		if (v->as.ports.hi != v->as.ports.lo)
			buf_printf(out, "-%u", v->as.ports.hi);
		break;
	case VAL_HOURS:
		hours_print(&v->as.hours, out);
		break;
	case VAL_OWNER:
		buf_puts(out, owner_name(v->as.owner));
		break;
	}
}

static void
put_list(const struct values *l, const char *first, const char *between, const char *last,
    struct buf *out)
{
	buf_puts(out, first);
	for (const struct value *v = l->first; v != NULL; v = v->next) {
		print_value(v, out);
		buf_puts(out, v->next != NULL ? between : last);
	}
}

void
print_values(const struct values *l, struct buf *out)
{
	if (l->n == 1)
		print_value(l->first, out);
	else
		put_list(l, "{ ", ", ", " }", out);
}

void
print_cond(const struct cond *c, struct buf *out)
{
	buf_printf(out, "%s%s %s", c->negate ? "!" : "", fact_word(c->fact), on_scope_word(c->scope));
	print_values(&c->values, out);
}

static void
put_conds(const struct conds *conds, struct buf *out)
{
	for (const struct cond *c = conds->first; c != NULL; c = c->next) {
		buf_putc(out, ' ');
		print_cond(c, out);
	}
}

/* The outermost first; they are ST_POLICY_DEPTH deep at most. */
static void
put_blocks(const struct block *b, struct buf *out)
{
	if (b == NULL)
		return;
	put_blocks(b->parent, out);
	put_conds(&b->conds, out);
}

/* With the conditions of the blocks from around on; NULL: with its own alone. */
static void
put_rule(const struct rule *r, const struct block *around, struct buf *out)
{
	const char *sep = " ";

	buf_puts(out, action_name(r->action));
	if (r->any)
		buf_puts(out, " any");
	for (unsigned a = 0; a < ACT_COUNT && !r->any; a++) {
		if ((r->activities >> a & 1) == 0)
			continue;
		buf_printf(out, "%s%s", sep, activity_info((enum activity)a)->name);
		sep = ", ";
	}
	put_blocks(around, out);
	put_conds(&r->conds, out);
	if (r->until_text.n != 0) {
		buf_puts(out, " until ");
		buf_putb(out, r->until_text);
	}
	if (r->severity >= 0)
		buf_printf(out, " severity %s", severity_name((enum severity)r->severity));
	if (r->mode >= 0)
		buf_printf(out, " mode %s", mode_name((enum mode)r->mode));
	if (r->tag_values.n != 0) {
		buf_puts(out, " tag ");
		print_values(&r->tag_values, out);
	}
	if (r->at_most.n != 0) {
		buf_printf(out, " at most %u/", r->at_most.n);
		duration_print(r->at_most.window_ms, out);
	}
	if (r->message != NULL) {
		buf_puts(out, " message ");
		put_text(bytes_of(r->message), true, out);
	}
}

void
print_rule(const struct rule *r, struct buf *out)
{
	put_rule(r, r->block, out);
}

void
print_expect(const struct expect *e, struct buf *out)
{
	buf_printf(out, "expect %s %s", action_name(e->action),
	    activity_info(e->question.activity)->name);
	put_conds(&e->facts, out);
}

/* --- the whole -------------------------------------------------------------------------------- */

static void
put_head(const struct policy *pol, struct buf *out)
{
	if (pol->has_fleet) {
		buf_puts(out, "fleet ");
		put_text(pol->fleet, true, out);
		buf_putc(out, '\n');
	}
	if (pol->has_serial)
		buf_printf(out, "serial %llu\n", (unsigned long long)pol->serial);
	buf_printf(out, "mode %s\n", mode_name(pol->mode));
	if (pol->ssh_ports.n != 0) {
		buf_puts(out, "ssh-ports ");
		print_values(&pol->ssh_ports, out);
		buf_putc(out, '\n');
	}
	if (pol->has_stop_limit && pol->stop_limit == 0) {
		buf_puts(out, "stop-limit off\n");
	} else if (pol->has_stop_limit) {
		buf_printf(out, "stop-limit %u in ", pol->stop_limit);
		duration_print(pol->stop_window_ms, out);
		buf_putc(out, '\n');
	}
	if (pol->has_ungranted)
		buf_printf(out, "ungranted %s\n", pol->ungranted_deny ? "deny" : "allow");
}

static void
put_table(const struct table *t, struct buf *out)
{
	struct buf line = BUF_INIT;

	buf_puts(out, "table <");
	buf_putb(out, t->name);
	buf_puts(out, "> ");
	if (t->file.n != 0) {
		buf_puts(out, "file ");
		put_text(t->file, true, out);
		buf_puts(out, t->no_signature ? " unsigned\n" : "\n");
		return;
	}
	if (t->values.n == 0)
		buf_puts(&line, "{ }");
	else
		put_list(&t->values, "{ ", ", ", " }", &line);
	if (line.n > LIST_WIDTH) {
		buf_reset(&line);
		put_list(&t->values, "{\n\t", ",\n\t", "\n}", &line);
	}
	buf_putb(out, buf_bytes(&line));
	buf_putc(out, '\n');
	out->failed = out->failed || !buf_ok(&line);
	buf_free(&line);
}

static void
put_lines(const char *word, const struct conds *lines, struct buf *out)
{
	for (const struct cond *c = lines->first; c != NULL; c = c->next) {
		buf_puts(out, word);
		print_cond(c, out);
		buf_putc(out, '\n');
	}
}

static unsigned
depth_of(const struct block *b)
{
	unsigned n = 0;

	for (; b != NULL; b = b->parent)
		n++;
	return n;
}

static void
indent(unsigned depth, struct buf *out)
{
	for (unsigned i = 0; i < depth; i++)
		buf_putc(out, '\t');
}

/* Opens what is between the block and outer, the outermost first. */
static void
open_blocks(const struct block *b, const struct block *outer, struct buf *out)
{
	unsigned depth = depth_of(b);

	for (unsigned at = depth_of(outer) + 1; at <= depth; at++) {
		const struct block *one = b;

		for (unsigned i = at; i < depth; i++)
			one = one->parent;
		indent(at - 1, out);
		buf_puts(out, "match");
		put_conds(&one->conds, out);
		buf_puts(out, " {\n");
	}
}

/* Closes blocks until what is open holds inner too; returns that. */
static const struct block *
close_blocks(const struct block *open, const struct block *inner, struct buf *out)
{
	while (open != NULL) {
		const struct block *b = inner;

		while (b != NULL && b != open)
			b = b->parent;
		if (b == open)
			return open;
		indent(depth_of(open) - 1, out);
		buf_puts(out, "}\n");
		open = open->parent;
	}
	return NULL;
}

static void
put_rules(const struct policy *pol, struct buf *out)
{
	const struct block *open = NULL;

	for (const struct rule *r = pol->first_rule; r != NULL; r = r->next) {
		open = close_blocks(open, r->block, out);
		open_blocks(r->block, open, out);
		open = r->block;
		indent(depth_of(open), out);
		put_rule(r, NULL, out);
		buf_putc(out, '\n');
	}
	close_blocks(open, NULL, out);
}

void
pol_print(const struct policy *pol, struct buf *out)
{
	put_head(pol, out);
	for (const struct table *t = pol->tables; t != NULL; t = t->next)
		put_table(t, out);
	put_lines("never-stop ", &pol->never_stop, out);
	put_lines("no-baseline ", &pol->no_baseline, out);
	put_lines("spare ", &pol->spare, out);
	put_rules(pol, out);
	for (const struct expect *e = pol->expects; e != NULL; e = e->next) {
		print_expect(e, out);
		buf_putc(out, '\n');
	}
}

void
pol_rule_text(const struct policy *pol, size_t rule, struct buf *out)
{
	if (rule < pol->nrules)
		print_rule(pol->rules[rule], out);
}

void
pol_rule_place(const struct policy *pol, size_t rule, const char **file, unsigned *line)
{
	*file = rule < pol->nrules ? pol->compiled[rule].file : pol->source.name;
	*line = rule < pol->nrules ? pol->compiled[rule].line : 0;
}
