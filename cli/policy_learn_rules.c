/*
 * policy_learn_rules: what was seen, as few rules.  Each thing begins as a rule of its own; rules that differ in
 * one respect only (the port, the place, the user …) become one, until none does.  So a rule stands for all
 * combinations of what it names, each of them was seen, and no two stand for the same: none can go, and none says
 * more.
 */
#include "cli/policy_learn.h"

#include <stdlib.h>

/* Orders in which respects are merged; the one that leads to fewer rules is taken. */
static const enum learn_dim orders[][DIM_COUNT] = {
	{DIM_PORT, DIM_OWNER, DIM_DEST, DIM_KEY, DIM_USER, DIM_ACTIVITY},
	{DIM_PORT, DIM_OWNER, DIM_KEY, DIM_USER, DIM_DEST, DIM_ACTIVITY},
};

#define NORDERS (sizeof(orders) / sizeof(orders[0]))

void
learn_rules_free(struct learn_rule *rules, size_t n)
{
	for (size_t i = 0; rules != NULL && i < n; i++)
		for (unsigned d = 0; d < DIM_COUNT; d++)
			free(rules[i].dim[d].v);
	free(rules);
}

/* --- merging ------------------------------------------------------------------------------------ */

static int
compare_sets(const struct learn_set *x, const struct learn_set *y)
{
	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	for (size_t i = 0; i < x->n; i++)
		if (x->v[i] != y->v[i])
			return x->v[i] < y->v[i] ? -1 : 1;
	return 0;
}

/* In all but one respect. */
static int
compare_but(const void *a, const void *b, void *but)
{
	const struct learn_rule *x = a, *y = b;
	int c;

	if (x->wants != y->wants)
		return x->wants < y->wants ? -1 : 1;
	for (unsigned d = 0; d < DIM_COUNT; d++)
		if (d != *(const enum learn_dim *)but && (c = compare_sets(&x->dim[d], &y->dim[d])) != 0)
			return c;
	return 0;
}

static int
by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* y goes into x; what y owned is freed. */
static bool
merge(struct learn_rule *x, struct learn_rule *y, enum learn_dim d)
{
	struct learn_set *s = &x->dim[d];
	uint32_t *v = reallocarray(s->v, s->n + y->dim[d].n, sizeof(*v));

	if (v == NULL)
		return false;
	memcpy(v + s->n, y->dim[d].v, y->dim[d].n * sizeof(*v));
	s->v = v;
	s->n += y->dim[d].n;
	learn_evidence_add(&x->seen, &y->seen);
	x->joined = x->joined || y->joined;
	for (unsigned k = 0; k < DIM_COUNT; k++) {
		free(y->dim[k].v);
		y->dim[k] = (struct learn_set){0};
	}
	return true;
}

static bool
merge_all(struct learn_rule *rules, size_t *n, enum learn_dim d)
{
	size_t kept = 0;
	bool ok = true;

	qsort_r(rules, *n, sizeof(*rules), compare_but, &d);
	for (size_t i = 0; i < *n; i++) {
		if (kept > 0 && ok && compare_but(&rules[kept - 1], &rules[i], &d) == 0)
			ok = merge(&rules[kept - 1], &rules[i], d);
		else
			rules[kept++] = rules[i];
	}
	*n = kept;
	for (size_t i = 0; i < kept; i++)
		qsort(rules[i].dim[d].v, rules[i].dim[d].n, sizeof(uint32_t), by_number);
	return ok;
}

static bool
set_one(struct learn_rule *r, enum learn_dim d, uint32_t value)
{
	r->dim[d].v = malloc(sizeof(value));
	if (r->dim[d].v == NULL)
		return false;
	r->dim[d].v[0] = value;
	r->dim[d].n = 1;
	return true;
}

/* A rule for each thing.  NULL: out of memory. */
static struct learn_rule *
rules_of_cells(const struct learn *l)
{
	struct learn_rule *rules = calloc(l->ncells + 1, sizeof(*rules));
	bool ok = rules != NULL;

	for (size_t i = 0; ok && i < l->ncells; i++) {
		const struct learn_cell *c = &l->cells[i];
		struct learn_rule *r = &rules[i];

		r->wants = learn_wants(c->activity);
		r->seen = c->seen;
		r->joined = c->joined;
		ok = set_one(r, DIM_ACTIVITY, c->activity) && set_one(r, DIM_USER, c->user) && set_one(r, DIM_KEY, c->key) &&
		    set_one(r, DIM_DEST, c->dest) && set_one(r, DIM_PORT, c->port) && set_one(r, DIM_OWNER, c->owner);
	}
	if (!ok && rules != NULL)
		learn_rules_free(rules, l->ncells);
	return ok ? rules : NULL;
}

static struct learn_rule *
rules_in_order(const struct learn *l, const enum learn_dim order[DIM_COUNT], size_t *n)
{
	struct learn_rule *rules = rules_of_cells(l);
	bool ok = rules != NULL;
	size_t before;

	*n = l->ncells;
	do {
		before = *n;
		for (unsigned i = 0; ok && i < DIM_COUNT; i++)
			ok = merge_all(rules, n, order[i]);
	} while (ok && *n < before);
	if (!ok && rules != NULL)
		learn_rules_free(rules, *n);
	return ok ? rules : NULL;
}

/* --- groups ------------------------------------------------------------------------------------- */

/* Was each of the rule's users in it whenever he did such a thing? */
static bool
all_in(const struct learn *l, const struct learn_rule *r, unsigned occasion, uint32_t group)
{
	for (size_t i = 0; i < r->dim[DIM_USER].n; i++) {
		const struct learn_groups *g = &l->users[r->dim[DIM_USER].v[i]].always[occasion];

		if (g->n == 0 || bsearch(&group, g->ids, g->n, sizeof(group), by_number) == NULL)
			return false;
	}
	return true;
}

/* The group of which all members that were ever seen are the rule's users. */
static void
find_group(const struct learn *l, struct learn_rule *r)
{
	const bool logins = r->dim[DIM_ACTIVITY].v[0] == ACT_LOGIN;
	const bool others = r->dim[DIM_ACTIVITY].n > 1 || !logins;
	const struct learn_groups *first = &l->users[r->dim[DIM_USER].v[0]].always[others];

	if (r->dim[DIM_USER].n < LEARN_GROUP)
		return;
	for (size_t i = 0; i < first->n && r->group == NULL; i++)
		if (l->members[first->ids[i]] == r->dim[DIM_USER].n && (!logins || all_in(l, r, 0, first->ids[i])) &&
		    (!others || all_in(l, r, 1, first->ids[i])))
			r->group = l->groups[first->ids[i]];
}

/* --- as people read them -------------------------------------------------------------------------- */

static int
by_name(const void *a, const void *b, void *arg)
{
	const struct learn *l = arg;

	return strcmp(l->users[*(const uint32_t *)a].name, l->users[*(const uint32_t *)b].name);
}

/* The host itself comes first. */
static int
by_place(const void *a, const void *b, void *arg)
{
	const struct learn *l = arg;
	const struct learn_dest *x = &l->dests[*(const uint32_t *)a], *y = &l->dests[*(const uint32_t *)b];
	int c;

	if (x->self != y->self)
		return x->self ? -1 : 1;
	if ((c = addr_cmp(x->prefix.addr, y->prefix.addr)) != 0)
		return c;
	return x->prefix.bits < y->prefix.bits ? -1 : x->prefix.bits > y->prefix.bits;
}

/* From here on the numbers of a set are no longer in their order, but what they stand for is. */
static void
sort_names(struct learn *l, struct learn_rule *r)
{
	qsort_r(r->dim[DIM_USER].v, r->dim[DIM_USER].n, sizeof(uint32_t), by_name, l);
	if ((r->wants & (WANT_TO | WANT_ORIGIN)) != 0)
		qsort_r(r->dim[DIM_DEST].v, r->dim[DIM_DEST].n, sizeof(uint32_t), by_place, l);
}

/* --- all of it ------------------------------------------------------------------------------------ */

static int
in_order(const void *a, const void *b)
{
	const struct learn_rule *x = a, *y = b;
	int c;

	if (x->dim[DIM_ACTIVITY].v[0] != y->dim[DIM_ACTIVITY].v[0])
		return x->dim[DIM_ACTIVITY].v[0] < y->dim[DIM_ACTIVITY].v[0] ? -1 : 1;
	if (x->seen.count != y->seen.count)
		return x->seen.count > y->seen.count ? -1 : 1;
	for (unsigned d = 0; d < DIM_COUNT; d++)
		if ((c = compare_sets(&x->dim[d], &y->dim[d])) != 0)
			return c;
	return 0;
}

bool
learn_rules(struct learn *l)
{
	for (size_t i = 0; i < NORDERS; i++) {
		size_t n;
		struct learn_rule *rules = rules_in_order(l, orders[i], &n);

		if (rules == NULL)
			return false;
		if (l->rules != NULL && l->nrules <= n) {
			learn_rules_free(rules, n);
			continue;
		}
		learn_rules_free(l->rules, l->nrules);
		l->rules = rules;
		l->nrules = n;
	}
	for (size_t i = 0; i < l->nrules; i++) {
		if (!l->options.exact)
			find_group(l, &l->rules[i]);
		sort_names(l, &l->rules[i]);
	}
	qsort(l->rules, l->nrules, sizeof(*l->rules), in_order);
	return true;
}
