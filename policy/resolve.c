/*
 * resolve: after the parse, what could not be known on the way: which tables hold what, the files they
 * name, and the compiled form of conditions and rules.  A table holds addresses or names, as the
 * conditions that use it say.
 */
#include <errno.h>
#include <sshtether/limits.h>
#include <stdlib.h>

#include "base/glob.h"
#include "base/safe.h"
#include "policy/parse.h"
#include "policy/suggest.h"

struct resolver {
	struct parser *p;
	const struct pol_options *options;
	size_t file_bytes;  /* of table files, so far */
	unsigned files;
	struct index tests; /* printed condition → struct test */
	unsigned ntests;
};

typedef void cond_fn(struct resolver *, struct cond *);

static void
each_of(struct resolver *r, const struct conds *conds, cond_fn *fn)
{
	for (struct cond *c = conds->first; c != NULL; c = c->next)
		fn(r, c);
}

/* Every condition of the policy, once. */
static void
each_cond(struct resolver *r, cond_fn *fn)
{
	const struct policy *pol = r->p->policy;

	each_of(r, &pol->never_stop, fn);
	each_of(r, &pol->spare, fn);
	for (const struct block *b = pol->blocks; b != NULL; b = b->next)
		each_of(r, &b->conds, fn);
	for (const struct rule *rule = pol->first_rule; rule != NULL; rule = rule->next)
		each_of(r, &rule->conds, fn);
}

/* --- which table holds what --------------------------------------------------------------------------- */

static void
unknown_table(struct resolver *r, const struct value *v)
{
	struct parser *p = r->p;
	struct suggest s;
	char quoted[DIAG_QUOTE];

	suggest_init(&s, v->text);
	diag_error(p->diag, value_span(v, &p->policy->source), "there is no table <%s>",
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
use_table(struct resolver *r, struct cond *c, struct value *v)
{
	struct parser *p = r->p;
	struct table *t = index_get(&p->tables, v->text);
	bool addr = fact_is_addr(c->fact);
	const struct cond *other;
	char quoted[DIAG_QUOTE];

	if (t == NULL) {
		unknown_table(r, v);
		return;
	}
	v->as.table = t;
	other = addr ? t->as_name : t->as_addr;
	if (other != NULL) {
		diag_error(p->diag, value_span(v, &p->policy->source),
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
use_tables(struct resolver *r, struct cond *c)
{
	for (struct value *v = c->values.first; v != NULL; v = v->next)
		if (v->kind == VAL_TABLE && !v->wrong && v->as.table == NULL)
			use_table(r, c, v);
}

/* --- table files ------------------------------------------------------------------------------------- */

static int
read_with(struct resolver *r, const char *path, size_t max, struct buf *out, const char **why)
{
	const struct pol_options *o = r->options;

	*why = NULL;
	if (o != NULL && o->read != NULL)
		return o->read(path, max, out, why, o->arg);
	return plain_read(path, max, out);
}

static bool
read_file(struct resolver *r, struct table *t)
{
	struct policy *pol = r->p->policy;
	struct buf path = BUF_INIT, text = BUF_INIT;
	const char *why;
	char *kept;
	int err = -ENOMEM;

	if (t->file.p[0] != '/') {
		buf_puts(&path, pol->dir);
		buf_putc(&path, '/');
	}
	buf_putb(&path, t->file);
	buf_putc(&path, '\0');
	if (buf_ok(&path))
		err = read_with(r, path.p, ST_TABLE_BYTES - r->file_bytes, &text, &why);
	if (err == -EFBIG)
		why = "table files may have 64 MiB in all";
	if (err != 0) {
		diag_error(r->p->diag, t->file_at, "cannot read this table: %s",
		    why != NULL ? why : strerror(-err));
		if (buf_ok(&path))
			diag_help(r->p->diag, "looked for %s", path.p);
	} else if ((kept = arena_copy(&pol->arena, buf_bytes(&text))) != NULL) {
		r->file_bytes += text.n;
		t->source = (struct source){.name = arena_copy(&pol->arena, t->file),
		    .text = {.p = kept, .n = text.n}, .order = ++r->files};
	}
	buf_free(&path);
	buf_free(&text);
	return err == 0 && !pol->arena.failed;
}

/* One entry after the other, from the file or from the list. */
struct entries {
	const struct table *table;
	const struct value *value;
	size_t pos;
	uint32_t line;
	/* the one that stands now */
	struct bytes text;
	bool negate;
	struct span at;
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* A line without its comment and outer blanks. */
static struct bytes
trim(struct bytes line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == '#' && (i == 0 || is_space(line.p[i - 1])))
			line.n = i;
	while (line.n != 0 && is_space(line.p[0]))
		line = (struct bytes){.p = line.p + 1, .n = line.n - 1};
	while (line.n != 0 && is_space(line.p[line.n - 1]))
		line.n--;
	return line;
}

static bool
next_line(struct entries *e)
{
	struct bytes all = e->table->source.text;

	while (e->pos < all.n) {
		const char *from = all.p + e->pos, *nl = memchr(from, '\n', all.n - e->pos);
		size_t n = nl != NULL ? (size_t)(nl - from) : all.n - e->pos;
		struct bytes text = trim((struct bytes){.p = from, .n = n});

		e->line++;
		e->pos += n + 1;
		if (text.n == 0)
			continue;
		e->at = (struct span){.src = &e->table->source, .off = (uint32_t)(text.p - all.p),
		    .len = (uint32_t)text.n, .line = e->line};
		e->negate = text.p[0] == '!';
		if (e->negate)
			text = trim((struct bytes){.p = text.p + 1, .n = text.n - 1});
		e->text = text;
		return true;
	}
	return false;
}

static bool
next_value(struct entries *e, const struct source *src)
{
	if (e->value == NULL)
		return false;
	e->text = e->value->text;
	e->negate = e->value->negate;
	e->at = value_span(e->value, src);
	e->value = e->value->next;
	return true;
}

static bool
entries_next(struct entries *e, const struct policy *pol)
{
	return e->table->file.n != 0 ? next_line(e) : next_value(e, &pol->source);
}

static struct entries
entries_of(const struct table *t)
{
	return (struct entries){.table = t, .value = t->values.first};
}

static size_t
count_entries(const struct table *t, const struct policy *pol)
{
	struct entries e = entries_of(t);
	size_t n = 0;

	while (entries_next(&e, pol))
		n++;
	return n;
}

static void
compile_addrs(struct resolver *r, struct table *t, size_t n)
{
	struct policy *pol = r->p->policy;
	struct addr_entry *list = calloc(n + 1, sizeof(*list));
	struct entries e = entries_of(t);
	size_t i = 0;

	while (list != NULL && i < n && entries_next(&e, pol) && !diag_full(r->p->diag)) {
		list[i].negate = e.negate;
		if (value_prefix(r->p->diag, e.at, e.text, &list[i].prefix))
			i++;
	}
	if (list == NULL || !addr_set_build(&t->addrs, &pol->arena, list, i))
		pol->arena.failed = true;
	free(list);
}

static void
compile_names(struct resolver *r, struct table *t, size_t n)
{
	struct policy *pol = r->p->policy;
	struct name_entry *list = calloc(n + 1, sizeof(*list));
	struct entries e = entries_of(t);
	size_t i = 0, globs = 0;

	while (list != NULL && i < n && entries_next(&e, pol) && !diag_full(r->p->diag)) {
		list[i++] = (struct name_entry){.name = e.text, .negate = e.negate};
		if (e.text.n == 0 || e.text.n > ST_POLICY_STRING)
			diag_error(r->p->diag, e.at, "this is not a name");
		if (!glob_is_plain(e.text) && globs++ == ST_TABLE_GLOBS)
			diag_error(r->p->diag, e.at, "too many patterns in a table: at most %u",
			    ST_TABLE_GLOBS);
	}
	if (list == NULL || !name_set_build(&t->names, &pol->arena, list, i))
		pol->arena.failed = true;
	free(list);
}

static void
compile_table(struct resolver *r, struct table *t)
{
	size_t n;

	if (t->file.n != 0 && !read_file(r, t))
		return;
	n = count_entries(t, r->p->policy);
	if (t->as_addr != NULL)
		compile_addrs(r, t, n);
	else if (t->as_name != NULL)
		compile_names(r, t, n);
}

/* --- conditions and rules ------------------------------------------------------------------------------ */

static bool
compile_addr_list(struct resolver *r, struct test *test)
{
	struct arena *a = &r->p->policy->arena;
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

static bool
compile_name_list(struct resolver *r, struct test *test)
{
	struct name_entry *names = calloc(test->nvalues + 1, sizeof(*names));
	size_t n = 0;
	bool ok;

	for (const struct value *v = test->values; names != NULL && v != NULL; v = v->next)
		if (v->kind == VAL_TEXT)
			names[n++].name = v->text;
	ok = names != NULL && name_set_build(&test->names, &r->p->policy->arena, names, n);
	free(names);
	return ok;
}

static bool
compile_tables(struct resolver *r, struct test *test)
{
	size_t n = 0;

	for (const struct value *v = test->values; v != NULL; v = v->next)
		n += v->kind == VAL_TABLE;
	test->tables = arena_array(&r->p->policy->arena, n, sizeof(const struct table *));
	if (test->tables == NULL)
		return false;
	for (const struct value *v = test->values; v != NULL; v = v->next)
		if (v->kind == VAL_TABLE)
			test->tables[test->ntables++] = v->as.table;
	return true;
}

static struct test *
compile_test(struct resolver *r, const struct cond *c)
{
	struct test *t = arena_get(&r->p->policy->arena, sizeof(*t));
	bool ok;

	if (t == NULL)
		return NULL;
	*t = (struct test){.id = r->ntests++, .fact = c->fact, .values = c->values.first,
	    .nvalues = c->values.n};
	ok = fact_is_addr(c->fact) ? compile_addr_list(r, t) :
	    fact_is_name(c->fact)  ? compile_name_list(r, t) :
	                             true;
	return ok && compile_tables(r, t) ? t : NULL;
}

/* Conditions that print alike are one. */
static void
intern_cond(struct resolver *r, struct cond *c)
{
	struct policy *pol = r->p->policy;
	struct buf text = BUF_INIT;
	struct test *test = NULL;
	const char *kept;

	buf_puts(&text, fact_word(c->fact));
	buf_putc(&text, ' ');
	print_values(&c->values, &text);
	if (buf_ok(&text)) {
		test = index_get(&r->tests, buf_bytes(&text));
		if (test == NULL && (test = compile_test(r, c)) != NULL &&
		    (kept = arena_copy(&pol->arena, buf_bytes(&text))) != NULL)
			index_put(&r->tests, (struct bytes){.p = kept, .n = text.n}, test);
		c->test = test;
	}
	if (c->test == NULL || r->tests.failed)
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
resolve(struct parser *p, const struct pol_options *options)
{
	struct resolver r = {.p = p, .options = options};
	struct policy *pol = p->policy;

	each_cond(&r, use_tables);
	for (struct table *t = pol->tables; t != NULL && !diag_full(p->diag); t = t->next)
		compile_table(&r, t);
	/* Only a policy without an error is worth compiling, and safe to: every value is resolved. */
	if (p->diag->errors == 0 && !pol->arena.failed) {
		each_cond(&r, intern_cond);
		index_ports(pol);
		if (!index_rules(pol))
			pol->arena.failed = true;
	}
	index_free(&r.tests);
	if (pol->arena.failed)
		p->diag->failed = true;
	return p->diag->errors == 0 && !p->diag->failed;
}
