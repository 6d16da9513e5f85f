/*
 * resolve: after the parse, what could not be known on the way: which table a condition means, and
 * what tables hold: addresses or names, as the conditions that use them say.
 */
#include "policy/compile.h"
#include "policy/parse.h"
#include "policy/table.h"

static void
use_table(struct parser *p, struct cond *c, struct value *v)
{
	const struct span at = value_span(v, c->at.src);
	struct table *t = table_named(p, at, v->text);

	v->as.table = t;
	if (t != NULL)
		nest_use(p, t, c, at);
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
resolve(struct parser *p)
{
	struct policy *pol = p->policy;
	struct table_load load = {.policy = pol, .tables = &p->tables, .diag = p->diag, .options = p->options,
	    .files = p->nincluded};

	load.nested = nest_link(p);
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
