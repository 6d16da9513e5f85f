/*
 * table_join: what tables add to the table that they stand in.  Each counts as what it holds, whatever it is made of:
 * <a> adds that, !<a> takes it out.
 */
#include <sshtether/limits.h>
#include <stdlib.h>

#include "policy/set_join.h"
#include "policy/table.h"

bool
table_is_nested(const struct table *t)
{
	for (const struct value *v = t->values.first; v != NULL; v = v->next)
		if (v->kind == VAL_TABLE)
			return true;
	return false;
}

static size_t
how_many(const struct table *t)
{
	return (size_t)t->addrs.n4 + t->addrs.n6 + t->names.in.nplain + t->names.in.nglobs;
}

/* False: an error was reported. */
static bool
may_take(struct table_load *r, const struct table *t, size_t *n)
{
	*n = 0;
	for (const struct value *v = t->values.first; v != NULL; v = v->next)
		*n += v->kind == VAL_TABLE ? how_many(v->as.table) : 0;
	r->taken += *n;
	if (r->taken <= ST_TABLE_NESTED)
		return true;
	diag_error(r->diag, t->at, "tables take too many entries from the tables in them: at most %u in all",
	    ST_TABLE_NESTED);
	return false;
}

/* --- addresses -------------------------------------------------------------------------------- */

static void
sort_out(const struct table *t, struct addr_sets *with, struct addr_sets *without)
{
	for (const struct value *v = t->values.first; v != NULL; v = v->next) {
		struct addr_sets *to = v->negate ? without : with;

		if (v->kind == VAL_TABLE)
			to->list[to->n++] = &v->as.table->addrs;
	}
}

bool
table_join_addrs(struct table_load *r, struct table *t, struct addr_entry *own, size_t n)
{
	struct arena *a = &r->policy->arena;
	struct addr_sets with = {.list = calloc(t->values.n, sizeof(*with.list))};
	struct addr_sets without = {.list = calloc(t->values.n, sizeof(*without.list))};
	struct addr_set mine = t->addrs, covered;
	size_t taken;
	bool ok = with.list != NULL && without.list != NULL;

	for (size_t i = 0; i < n; i++)
		own[i].negate = false;
	ok = ok && addr_set_build(&covered, a, own, n);
	if (ok && may_take(r, t, &taken)) {
		sort_out(t, &with, &without);
		ok = addr_set_join(&t->addrs, a, &mine, &covered, with, without);
	}
	free(with.list);
	free(without.list);
	return ok;
}

/* --- names ------------------------------------------------------------------------------------ */

/* Its names are those of its list and no others. */
static bool
is_plain(const struct table *t)
{
	return t->nest == NULL && t->names.out == NULL;
}

struct entries {
	struct name_entry *list; /* owned */
	size_t n;
};

static void
add_names(struct entries *e, const struct table *t, bool negate)
{
	const struct name_list *in = &t->names.in;

	for (size_t i = 0; i < in->nplain; i++)
		e->list[e->n++] = (struct name_entry){.name = in->plain[i], .negate = negate};
	for (size_t i = 0; i < in->nglobs; i++)
		e->list[e->n++] = (struct name_entry){.name = in->globs[i], .negate = negate};
}

/* Those of all tables in it that are as wanted: lists, and where that is said, also what may hold more. */
static void
add_tables(struct entries *e, const struct table *t, bool also_others)
{
	for (const struct value *v = t->values.first; v != NULL; v = v->next)
		if (v->kind == VAL_TABLE && (is_plain(v->as.table) || (also_others && !v->negate)))
			add_names(e, v->as.table, v->negate);
}

static unsigned
looks_of(const struct table *t)
{
	return t->nest != NULL ? t->nest->looks : 1;
}

static bool
make_nest(struct arena *a, struct table *t, const struct entries *own)
{
	struct nest *nest = arena_get(a, sizeof(*nest));

	if (nest == NULL)
		return false;
	nest->with = arena_array(a, t->values.n, sizeof(const struct table *));
	nest->without = arena_array(a, t->values.n, sizeof(const struct table *));
	if (nest->with == NULL || nest->without == NULL || !name_set_build(&nest->own, a, own->list, own->n))
		return false;
	for (const struct value *v = t->values.first; v != NULL; v = v->next) {
		if (v->kind != VAL_TABLE || is_plain(v->as.table))
			continue;
		nest->looks += looks_of(v->as.table);
		if (v->negate)
			nest->without[nest->nwithout++] = v->as.table;
		else
			nest->with[nest->nwith++] = v->as.table;
	}
	nest->looks++;
	if (nest->nwith + nest->nwithout != 0)
		t->nest = nest;
	return true;
}

static void
check_size(struct table_load *r, const struct table *t)
{
	if (looks_of(t) > ST_TABLE_LOOKS)
		diag_error(r->diag, t->at, "too many tables with a '!' in each other: at most %u", ST_TABLE_LOOKS);
	if (t->names.in.nglobs > ST_TABLE_GLOBS || (t->names.out != NULL && t->names.out->nglobs > ST_TABLE_GLOBS))
		diag_error(r->diag, t->at, "too many patterns in a table, with those in it: at most %u",
		    ST_TABLE_GLOBS);
}

bool
table_join_names(struct table_load *r, struct table *t, const struct name_entry *own, size_t n)
{
	struct arena *a = &r->policy->arena;
	struct entries e = {0};
	size_t taken;
	bool ok;

	if (!may_take(r, t, &taken))
		return true;
	e.list = calloc(n + taken + 1, sizeof(*e.list));
	if (e.list == NULL)
		return false;
	if (n != 0)
		memcpy(e.list, own, n * sizeof(*own));
	e.n = n;
	add_tables(&e, t, false);
	ok = make_nest(a, t, &e);
	e.n = n;
	add_tables(&e, t, true);
	ok = ok && name_set_build(&t->names, a, e.list, e.n);
	free(e.list);
	if (ok)
		check_size(r, t);
	return ok;
}
