/*
 * compile: conditions become tests, alike ones the same, and rules are found by activity and by sieves.
 * What pol_ask() reads is made here and never changes again.
 */
#include "policy/compile.h"

#include <sshtether/limits.h>
#include <stdlib.h>

#include "policy/index.h"
#include "policy/sieve.h"

#define CLAUSE_TERMS 12

struct compiler {
	struct policy *policy; /* borrowed */
	struct index tests;    /* printed condition → struct test */
	struct arena printed;  /* its keys */
	unsigned ntests;
};

static void
each_of(const struct conds *conds, cond_fn *fn, void *arg)
{
	for (struct cond *c = conds->first; c != NULL; c = c->next)
		fn(arg, c);
}

void
each_cond(const struct policy *pol, cond_fn *fn, void *arg)
{
	each_of(&pol->never_stop, fn, arg);
	each_of(&pol->no_baseline, fn, arg);
	each_of(&pol->spare, fn, arg);
	for (const struct block *b = pol->blocks; b != NULL; b = b->next)
		each_of(&b->conds, fn, arg);
	for (const struct rule *rule = pol->first_rule; rule != NULL; rule = rule->next)
		each_of(&rule->conds, fn, arg);
}

/* --- conditions ------------------------------------------------------------------------------- */

static bool
compile_addr_list(struct compiler *r, struct test *test)
{
	struct arena *a = &r->policy->arena;
	struct addr_entry *addrs = calloc(test->nvalues + 1, sizeof(*addrs));
	struct name_entry *sockets = calloc(test->nvalues + 1, sizeof(*sockets));
	size_t na = 0, ns = 0;
	bool ok;

	for (const struct value *v = test->values; addrs != NULL && sockets != NULL && v != NULL;
	    v = v->next) {
		if (v->kind == VAL_ADDR)
			addrs[na++].prefix = v->as.prefix;
		else if (v->kind == VAL_UNIX)
			sockets[ns++].name = v->text;
		else if (v->kind == VAL_SELF)
			test->self = true;
	}
	ok = addrs != NULL && sockets != NULL && addr_set_build(&test->addrs, a, addrs, na) &&
	    name_set_build(&test->names, a, sockets, ns);
	free(addrs);
	free(sockets);
	return ok;
}

/* A few names stand beside their test, for the same reason as compiled rules stand together. */
static struct bytes
near(struct compiler *r, const struct test *test, struct bytes name)
{
	if (test->nvalues <= 4)
		name.p = arena_copy(&r->policy->arena, name);
	return name.p != NULL ? name : BYTES_NONE;
}

static bool
compile_name_list(struct compiler *r, struct test *test)
{
	struct name_entry *names = calloc(test->nvalues + 1, sizeof(*names));
	size_t n = 0;
	bool ok;

	for (const struct value *v = test->values; names != NULL && v != NULL; v = v->next)
		if (v->kind == VAL_TEXT)
			names[n++].name = near(r, test, v->text);
	ok = names != NULL && name_set_build(&test->names, &r->policy->arena, names, n);
	free(names);
	return ok;
}

static int
by_port(const void *va, const void *vb)
{
	const struct ports *a = va, *b = vb;

	return a->lo != b->lo ? (int)a->lo - (int)b->lo : (int)a->hi - (int)b->hi;
}

static bool
compile_ports(struct compiler *r, struct test *test)
{
	struct ports *list = arena_array(&r->policy->arena, test->nvalues, sizeof(*list));
	size_t n = 0;

	if (list == NULL)
		return false;
	for (const struct value *v = test->values; v != NULL; v = v->next)
		list[n++] = v->as.ports;
	qsort(list, n, sizeof(*list), by_port);
	for (size_t i = 0; i < n; i++) {
		struct ports *last = test->nports > 0 ? &list[test->nports - 1] : NULL;

		if (last == NULL || list[i].lo > last->hi)
			list[test->nports++] = list[i];
		else if (list[i].hi > last->hi)
			last->hi = list[i].hi;
	}
	test->ports = list;
	return true;
}

static bool
compile_tables(struct compiler *r, struct test *test)
{
	size_t n = 0;

	for (const struct value *v = test->values; v != NULL; v = v->next)
		n += v->kind == VAL_TABLE;
	if (n == 0)
		return true;
	test->tables = arena_array(&r->policy->arena, n, sizeof(const struct table *));
	if (test->tables == NULL)
		return false;
	for (const struct value *v = test->values; v != NULL; v = v->next)
		if (v->kind == VAL_TABLE)
			test->tables[test->ntables++] = v->as.table;
	return true;
}

static struct test *
compile_test(struct compiler *r, const struct cond *c)
{
	struct test *t = arena_lines(&r->policy->arena, sizeof(*t));
	bool ok;

	if (t == NULL)
		return NULL;
	*t = (struct test){.id = r->ntests++, .scope = c->scope & 3, .fact = (uint8_t)c->fact, .values = c->values.first,
	    .nvalues = (uint32_t)c->values.n};
	ok = fact_is_addr(c->fact) ? compile_addr_list(r, t) :
	    fact_is_name(c->fact)  ? compile_name_list(r, t) :
	    c->fact == QF_PORT     ? compile_ports(r, t) :
	                             true;
	return ok && compile_tables(r, t) ? t : NULL;
}

/* Conditions that print alike are one. */
static void
intern_cond(void *arg, struct cond *c)
{
	struct compiler *r = arg;
	struct policy *pol = r->policy;
	struct buf text = BUF_INIT;
	struct test *test = NULL;
	const char *kept;

	buf_printf(&text, "%s %s", fact_word(c->fact), on_scope_word(c->scope));
	print_values(&c->values, &text);
	if (buf_ok(&text)) {
		test = index_get(&r->tests, buf_bytes(&text));
		if (test == NULL && (test = compile_test(r, c)) != NULL &&
		    (kept = arena_copy(&r->printed, buf_bytes(&text))) != NULL)
			index_put(&r->tests, (struct bytes){.p = kept, .n = text.n}, test);
		c->test = test;
	}
	if (c->test == NULL || r->tests.failed || r->printed.failed)
		pol->arena.failed = true;
	buf_free(&text);
}

static bool
index_rules(struct policy *pol)
{
	size_t i = 0;

	pol->rules = arena_array(&pol->arena, pol->nrules, sizeof(const struct rule *));
	if (pol->rules == NULL)
		return false;
	for (const struct rule *r = pol->first_rule; r != NULL; r = r->next) {
		pol->rules[i++] = r;
		for (unsigned a = 0; a < ACT_COUNT; a++)
			pol->nby_activity[a] += (r->activities >> a) & 1;
	}
	for (unsigned a = 0; a < ACT_COUNT; a++) {
		pol->by_activity[a] =
		    arena_array(&pol->arena, pol->nby_activity[a], sizeof(uint32_t));
		if (pol->by_activity[a] == NULL)
			return false;
		pol->nby_activity[a] = 0;
	}
	for (i = 0; i < pol->nrules; i++)
		for (unsigned a = 0; a < ACT_COUNT; a++)
			if ((pol->rules[i]->activities >> a) & 1)
				pol->by_activity[a][pol->nby_activity[a]++] = (uint32_t)i;
	return true;
}

static size_t
count_conds(const struct conds *conds)
{
	size_t n = 0;

	for (const struct cond *c = conds->first; c != NULL; c = c->next)
		n++;
	return n;
}

/* Its blocks' conditions stand with its own: they are few. */
static bool
takes_blocks(const struct rule *r, size_t *n)
{
	size_t own = count_conds(&r->conds);

	*n = own;
	for (const struct block *b = r->block; b != NULL && *n <= CLAUSE_TERMS; b = b->parent)
		*n += count_conds(&b->conds);
	if (*n <= CLAUSE_TERMS)
		return true;
	*n = own;
	return false;
}

static void
add_terms(struct terms *terms, struct term *room, const struct conds *conds)
{
	for (const struct cond *c = conds->first; c != NULL; c = c->next)
		room[terms->n++] = term_of(c);
	terms->list = room;
}

static bool
block_terms(struct policy *pol, struct block *b)
{
	struct term *room = arena_array(&pol->arena, count_conds(&b->conds), sizeof(*room));

	if (room != NULL)
		add_terms(&b->terms, room, &b->conds);
	return room != NULL;
}

static bool
compile_rule(struct policy *pol, struct compiled_rule *c, const struct rule *r)
{
	size_t n;
	const bool whole = takes_blocks(r, &n);
	struct term *room = n <= NEAR_TERMS ? c->near : arena_array(&pol->arena, n, sizeof(*room));

	if (room == NULL)
		return false;
	add_terms(&c->terms, room, &r->conds);
	for (const struct block *b = r->block; whole && b != NULL; b = b->parent)
		add_terms(&c->terms, room, &b->conds);
	c->block = whole ? NULL : r->block;
	c->until = r->until_text.n != 0 ? r->until : RTIME_NONE;
	c->file = r->at.src->name;
	c->line = r->at.line;
	c->action = (uint8_t)r->action;
	c->severity = (int8_t)r->severity;
	c->mode = (int8_t)r->mode;
	c->more = r->message != NULL || r->tag_values.n != 0 || r->at_most.n != 0;
	return true;
}

static bool
compile_rules(struct policy *pol)
{
	struct compiled_rule *c = arena_lines(&pol->arena, pol->nrules * sizeof(*c));

	if (c == NULL)
		return false;
	pol->compiled = c;
	for (struct block *b = pol->blocks; b != NULL; b = b->next)
		if (!block_terms(pol, b))
			return false;
	for (struct rule *r = pol->first_rule; r != NULL; r = r->next, c++) {
		if (!compile_rule(pol, c, r))
			return false;
		r->compiled = c;
	}
	return true;
}

/* Another activity that is ruled by the same rules; itself when there is none before it. */
static unsigned
ruled_alike(const struct policy *pol, unsigned a)
{
	unsigned b = 0;

	while (b < a &&
	    (pol->nby_activity[b] != pol->nby_activity[a] || (pol->nby_activity[a] > 0 &&
		memcmp(pol->by_activity[b], pol->by_activity[a],
		    pol->nby_activity[a] * sizeof(uint32_t)) != 0)))
		b++;
	return b;
}

static bool
sieve_rules(struct policy *pol)
{
	struct sieve_room room = {.rules = ST_POLICY_SIEVES, .looks = SIEVE_LOOKS};

	for (unsigned a = 0; a < ACT_COUNT; a++) {
		unsigned b = ruled_alike(pol, a);

		pol->sieves[a] = b < a ? pol->sieves[b] :
		                         sieve_new(pol, pol->by_activity[a], pol->nby_activity[a], &room);
		if (pol->sieves[a] == NULL)
			return false;
	}
	return true;
}

static void
index_ports(struct policy *pol)
{
	static const struct ports ssh = {22, 22};
	const struct value *v = pol->ssh_ports.first;

	do {
		struct ports range = v != NULL ? v->as.ports : ssh;

		for (unsigned port = range.lo; port <= range.hi; port++)
			pol->ssh_port_bits[port / 8] |= (uint8_t)(1u << port % 8);
		v = v != NULL ? v->next : NULL;
	} while (v != NULL);
}

bool
compile(struct policy *pol)
{
	struct compiler r = {.policy = pol};

	each_cond(pol, intern_cond, &r);
	index_free(&r.tests);
	arena_free(&r.printed);
	pol->ntests = r.ntests;
	index_ports(pol);
	return !pol->arena.failed && index_rules(pol) && compile_rules(pol) && sieve_rules(pol);
}
