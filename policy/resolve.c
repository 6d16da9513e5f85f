/*
 * resolve: after the parse, what could not be known on the way: which table a condition means, and
 * what tables hold: addresses or names, as the conditions that use them say.
 */
#include "policy/compile.h"
#include "policy/parse.h"
#include "policy/suggest.h"
#include "policy/table.h"

static void
unknown_table(struct parser *p, const struct cond *c, const struct value *v)
{
	struct suggest s;
	char quoted[DIAG_QUOTE];

	suggest_init(&s, v->text);
	diag_error(p->diag, value_span(v, c->at.src), "there is no table <%s>",
	    diag_quote(v->text, quoted));
	if (diag_full(p->diag))
		return;
	for (const struct table *t = p->policy->tables; t != NULL; t = t->next) {
		char name[32];

		if (bytes_copy(t->name, name, sizeof(name)))
			suggest_offer(&s, name);
		if (s.best == name) {
			diag_help(p->diag, "did you mean <%s>?", name);
			return;
		}
	}
	diag_help(p->diag, "a line like: table <%s> { 10.0.0.0/8 }", quoted);
}

static void
use_table(struct parser *p, struct cond *c, struct value *v)
{
	struct table *t = index_get(&p->tables, v->text);
	bool addr = fact_is_addr(c->fact);
	const struct cond *other;
	char quoted[DIAG_QUOTE];

	if (t == NULL) {
		unknown_table(p, c, v);
		return;
	}
	v->as.table = t;
	other = addr ? t->as_name : t->as_addr;
	if (other != NULL) {
		diag_error(p->diag, value_span(v, c->at.src),
		    "<%s> cannot hold both addresses and names", diag_quote(t->name, quoted));
		diag_help(p->diag, "line %u uses it for '%s'", other->at.line,
		    fact_word(other->fact));
		return;
	}
	if (addr && t->as_addr == NULL)
		t->as_addr = c;
	if (!addr && t->as_name == NULL)
		t->as_name = c;
}

static void
use_tables(void *arg, struct cond *c)
{
	struct parser *p = arg;

	for (struct value *v = c->values.first; v != NULL; v = v->next)
		if (v->kind == VAL_TABLE && !v->wrong && v->as.table == NULL)
			use_table(p, c, v);
}

bool
resolve(struct parser *p, const struct pol_options *options)
{
	struct policy *pol = p->policy;
	struct table_load load = {.policy = pol, .diag = p->diag, .options = options};

	each_cond(pol, use_tables, p);
	for (struct table *t = pol->tables; t != NULL && !diag_full(p->diag); t = t->next)
		table_compile(&load, t);
	/* Only a policy without an error is worth compiling, and safe to: every value is resolved. */
	if (p->diag->errors == 0 && !pol->arena.failed && !compile(pol))
		pol->arena.failed = true;
	if (pol->arena.failed)
		p->diag->failed = true;
	return p->diag->errors == 0 && !p->diag->failed;
}
