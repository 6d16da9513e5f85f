/*
 * nest: tables in tables: which stands in which, that none stands in itself, and what a condition that uses one
 * says of those in it.
 */
#include <sshtether/limits.h>

#include "policy/parse.h"
#include "policy/suggest.h"

struct table *
table_named(struct parser *p, struct span at, struct bytes wanted)
{
	struct table *found = index_get(&p->tables, wanted);
	struct suggest s;
	char quoted[DIAG_QUOTE];

	if (found != NULL)
		return found;
	suggest_init(&s, wanted);
	diag_error(p->diag, at, "there is no table <%s>", diag_quote(wanted, quoted));
	if (diag_full(p->diag))
		return NULL;
	for (const struct table *t = p->policy->tables; t != NULL; t = t->next) {
		char name[32];

		if (bytes_copy(t->name, name, sizeof(name)))
			suggest_offer(&s, name);
		if (s.best == name) {
			diag_help(p->diag, "did you mean <%s>?", name);
			return NULL;
		}
	}
	diag_help(p->diag, "a line like: table <%s> { 10.0.0.0/8 }", quoted);
	return NULL;
}

/* --- cycles ----------------------------------------------------------------------------------- */

/* The tables that are open, each in the one before it. */
struct path {
	struct table *open[ST_TABLE_DEPTH + 1];
	unsigned n;
};

static void
in_itself(struct parser *p, struct span at, const struct path *path, const struct table *again)
{
	struct buf chain = BUF_INIT;
	char quoted[DIAG_QUOTE];
	unsigned i = 0;

	while (path->open[i] != again)
		i++;
	for (; i < path->n; i++)
		buf_printf(&chain, "<%s> holds ", diag_quote(path->open[i]->name, quoted));
	diag_error(p->diag, at, "tables that hold each other: %s<%s>", buf_ok(&chain) ? chain.p : "",
	    diag_quote(again->name, quoted));
	buf_free(&chain);
}

static void
look_into(struct parser *p, struct path *path, struct table *t)
{
	t->state = NEST_OPEN;
	path->open[path->n++] = t;
	for (struct value *v = t->values.first; v != NULL && !diag_full(p->diag); v = v->next) {
		const struct span at = value_span(v, t->at.src);
		struct table *in = v->kind == VAL_TABLE ? table_named(p, at, v->text) : NULL;

		if (in == NULL)
			continue;
		v->as.table = in;
		if (in->state == NEST_OPEN)
			in_itself(p, at, path, in);
		else if (path->n + in->height > ST_TABLE_DEPTH)
			diag_error(p->diag, at, "tables are too deep: at most %u inside each other",
			    ST_TABLE_DEPTH);
		else if (in->state == NEST_NEW)
			look_into(p, path, in);
		if (in->height >= t->height)
			t->height = in->height + 1;
	}
	path->n--;
	t->state = NEST_DONE;
}

bool
nest_link(struct parser *p)
{
	const unsigned before = p->diag->errors;
	struct path path = {.n = 0};

	for (struct table *t = p->policy->tables; t != NULL && !diag_full(p->diag); t = t->next)
		if (t->state == NEST_NEW)
			look_into(p, &path, t);
	return p->diag->errors == before;
}

/* --- kinds ------------------------------------------------------------------------------------ */

static void
both_kinds(struct parser *p, struct span at, const struct table *t, const struct cond *c, const struct cond *other)
{
	char quoted[DIAG_QUOTE], place[DIAG_PLACE];

	diag_error(p->diag, at, "<%s> cannot hold both addresses and names", diag_quote(t->name, quoted));
	diag_help(p->diag, "%s uses it for '%s'", diag_place(other->at, at.src, place), fact_word(other->fact));
	if (c->at.src != at.src || c->at.line != at.line)
		diag_help(p->diag, "%s uses the table around it for '%s'", diag_place(c->at, at.src, place),
		    fact_word(c->fact));
}

static void
use(struct parser *p, struct table *t, const struct cond *c, struct span at, unsigned depth)
{
	const bool addr = fact_is_addr(c->fact);
	const struct cond *other = addr ? t->as_name : t->as_addr;
	const struct cond **mine = addr ? &t->as_addr : &t->as_name;

	if (other != NULL)
		both_kinds(p, at, t, c, other);
	if (other != NULL || *mine != NULL)
		return;
	*mine = c;
	for (const struct value *v = t->values.first; v != NULL && depth < ST_TABLE_DEPTH; v = v->next) {
		struct table *in = v->kind == VAL_TABLE ? index_get(&p->tables, v->text) : NULL;

		if (in != NULL)
			use(p, in, c, value_span(v, t->at.src), depth + 1);
	}
}

void
nest_use(struct parser *p, struct table *t, const struct cond *c, struct span at)
{
	use(p, t, c, at, 0);
}

/* --- when it is asked ------------------------------------------------------------------------- */

bool
table_has_name(const struct table *t, struct bytes name, uint64_t *left)
{
	const struct nest *in = t->nest;

	if (!name_set_has_within(&t->names, name, left))
		return false;
	if (in == NULL)
		return true;
	for (size_t i = 0; i < in->nwithout; i++)
		if (table_has_name(in->without[i], name, left))
			return false;
	if (name_set_has_within(&in->own, name, left))
		return true;
	for (size_t i = 0; i < in->nwith; i++)
		if (table_has_name(in->with[i], name, left))
			return true;
	return false;
}
