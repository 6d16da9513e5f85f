/* relate: see relate.h. */
#include "policy/relate.h"

#include "base/glob.h"

#define PAIRS_MAX 1024 /* of values of one rule that are held against each other */

/* --- does one condition follow from another? -------------------------------------------------- */

static bool
has_table(const struct test *t, const struct table *table)
{
	for (size_t i = 0; i < t->ntables; i++)
		if (t->tables[i] == table)
			return true;
	return false;
}

static bool
ports_inside(const struct test *t, struct ports p)
{
	for (const struct value *v = t->values; v != NULL; v = v->next)
		if (v->as.ports.lo <= p.lo && p.hi <= v->as.ports.hi)
			return true;
	return false;
}

static bool
owner_inside(const struct test *t, enum owner owner)
{
	for (const struct value *v = t->values; v != NULL; v = v->next)
		if (v->as.owner == owner)
			return true;
	return false;
}

/* Whether all that v allows, t allows as well.  False when that is not easily seen. */
static bool
value_inside(const struct test *t, const struct value *v)
{
	switch (v->kind) {
	case VAL_TABLE:
		return has_table(t, v->as.table);
	case VAL_TEXT:
		return v->text.n != 0 && name_set_covers(&t->names, v->text);
	case VAL_UNIX:
		return name_set_covers(&t->names, v->text);
	case VAL_ADDR:
		return addr_set_covers(&t->addrs, v->as.prefix);
	case VAL_SELF:
		return t->self;
	case VAL_PORTS:
		return ports_inside(t, v->as.ports);
	case VAL_OWNER:
		return owner_inside(t, v->as.owner);
	case VAL_HOURS:
		return false;
	}
	return false;
}

/* b holds ⇒ a holds */
static bool
follows(const struct cond *a, const struct cond *b)
{
	if (a->fact != b->fact || a->negate != b->negate || (a->scope != ON_EITHER && a->scope != b->scope))
		return false;
	if (a->test == b->test)
		return true;
	if (a->negate)
		return false;
	for (const struct value *v = b->values.first; v != NULL; v = v->next)
		if (!value_inside(a->test, v))
			return false;
	return true;
}

bool
relate_follows(const struct cond *a, const struct rule *b)
{
	for (const struct cond *c = b->conds.first; c != NULL; c = c->next)
		if (follows(a, c))
			return true;
	for (const struct block *k = b->block; k != NULL; k = k->parent)
		for (const struct cond *c = k->conds.first; c != NULL; c = c->next)
			if (follows(a, c))
				return true;
	return false;
}

static bool
all_follow(const struct conds *conds, const struct rule *b)
{
	for (const struct cond *c = conds->first; c != NULL; c = c->next)
		if (!relate_follows(c, b))
			return false;
	return true;
}

bool
relate_covers(const struct rule *a, const struct rule *b)
{
	if (a->until_text.n != 0 && (b->until_text.n == 0 || a->until.ms < b->until.ms))
		return false;
	if (!all_follow(&a->conds, b))
		return false;
	for (const struct block *k = a->block; k != NULL; k = k->parent)
		if (!all_follow(&k->conds, b))
			return false;
	return true;
}

/* --- can two conditions hold together? -------------------------------------------------------- */

/* Of which a question has one at most. */
#define SINGLE_FACTS \
	(1u << QF_USER | 1u << QF_AS | 1u << QF_ORIGIN | 1u << QF_KEY | 1u << QF_CERT_ID | 1u << QF_CA | 1u << QF_TTY | \
	    1u << QF_TO | 1u << QF_PORT | 1u << QF_EXE | 1u << QF_PARENT | 1u << QF_VIA | 1u << QF_OWNER)

static bool
names_part(struct bytes a, struct bytes b)
{
	if (a.n == 0 || b.n == 0)
		return false;
	return glob_is_plain(a) ? !glob_match(b, a) : glob_is_plain(b) && !glob_match(a, b);
}

/* No fact is both.  False when that is not easily seen. */
static bool
values_part(const struct value *a, const struct value *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case VAL_ADDR:
		return !prefix_has(a->as.prefix, b->as.prefix.addr) && !prefix_has(b->as.prefix, a->as.prefix.addr);
	case VAL_TEXT:
	case VAL_UNIX:
		return names_part(a->text, b->text);
	case VAL_PORTS:
		return a->as.ports.hi < b->as.ports.lo || b->as.ports.hi < a->as.ports.lo;
	case VAL_OWNER:
		return a->as.owner != b->as.owner;
	case VAL_TABLE:
	case VAL_SELF:
	case VAL_HOURS:
		return false;
	}
	return false;
}

/* A table, and one address or name that it does not hold. */
static bool
table_parts(const struct value *a, const struct value *b)
{
	if (a->kind != VAL_TABLE)
		return false;
	if (b->kind == VAL_ADDR && a->as.table->as_addr != NULL)
		return b->as.prefix.bits == (b->as.prefix.addr.family == 4 ? 32 : 128) &&
		    !addr_set_has(&a->as.table->addrs, b->as.prefix.addr);
	return b->kind == VAL_TEXT && b->text.n != 0 && glob_is_plain(b->text) && a->as.table->as_name != NULL &&
	    !name_set_has(&a->as.table->names, b->text);
}

/* left: of how many pairs more something may be said. */
static bool
part(const struct cond *a, const struct cond *b, size_t *left)
{
	const size_t pairs = a->values.n * b->values.n + 1;

	if (pairs > *left) {
		*left = 0;
		return false;
	}
	*left -= pairs;
	if (a->fact != b->fact || a->negate || b->negate || (SINGLE_FACTS >> a->fact & 1) == 0)
		return false;
	for (const struct value *v = a->values.first; v != NULL; v = v->next)
		for (const struct value *w = b->values.first; w != NULL; w = w->next)
			if (!values_part(v, w) && !table_parts(v, w) && !table_parts(w, v))
				return false;
	return true;
}

/* The one of these with which c cannot hold. */
static const struct cond *
parted(const struct cond *c, const struct cond *from, size_t *left)
{
	while (from != NULL && !part(c, from, left))
		from = from->next;
	return from;
}

bool
relate_excluded(const struct rule *r, const struct cond **one, const struct cond **other)
{
	const struct conds *own = &r->conds;
	const struct block *k = r->block;
	size_t left = PAIRS_MAX;

	for (;;) {
		for (*one = own->first; *one != NULL && left != 0; *one = (*one)->next) {
			*other = parted(*one, (*one)->next, &left);
			for (const struct block *b = k; b != NULL && *other == NULL; b = b->parent)
				*other = parted(*one, b->conds.first, &left);
			if (*other != NULL)
				return true;
		}
		if (k == NULL)
			return false;
		own = &k->conds;
		k = k->parent;
	}
}
