/* build_top: the statements of a policy that are no rules; see build.c. */
#include "policy/build.h"
#include "policy/files.h"
#include "policy/hours.h"

/* For what a policy says once, in its own file. */
static bool
once(struct parser *p, struct span at, bool *said)
{
	if (!build_at_top(p, at))
		return false;
	if (p->part->by != NULL) {
		char quoted[DIAG_QUOTE];

		diag_error(p->diag, at, "this can only stand in the policy's own file, not in an included one");
		diag_help(p->diag, "that is %s", diag_quote(bytes_of(p->policy->source.name), quoted));
		return false;
	}
	if (*said)
		diag_error(p->diag, at, "this is given twice");
	*said = true;
	return true;
}

static const char *
ungranted_at(unsigned i)
{
	static const char *const words[] = {"allow", "deny", NULL};

	return words[i];
}

static bool
number(struct parser *p, const struct value *v, const char *what, uint64_t min, uint64_t max,
    uint64_t *out)
{
	uint64_t n;

	if (v->kind == VAL_TEXT && bytes_u64(v->text, &n) && n >= min && n <= max) {
		*out = n;
		return true;
	}
	diag_error(p->diag, value_span(v, p->lexer.src), "%s is a number from %llu to %llu", what,
	    (unsigned long long)min, (unsigned long long)max);
	return false;
}

void
build_fleet(struct parser *p, struct span at, struct value *v)
{
	if (v == NULL || !once(p, at, &p->policy->has_fleet) || !build_plain_text(p, v, "a name"))
		return;
	if (build_is_line(v->text))
		p->policy->fleet = bytes_of(arena_copy(&p->policy->arena, v->text));
	else
		diag_error(p->diag, value_span(v, p->lexer.src), "a name of printable text");
}

void
build_serial(struct parser *p, struct span at, struct value *v)
{
	if (v != NULL && once(p, at, &p->policy->has_serial))
		number(p, v, "a serial", 0, INT64_MAX, &p->policy->serial);
}

void
build_mode(struct parser *p, struct span at, struct value *v)
{
	unsigned mode;

	if (v != NULL && once(p, at, &p->policy->has_mode) && build_one_of(p, v, "a mode", build_mode_word, &mode))
		p->policy->mode = (enum mode)mode;
}

void
build_ssh_ports(struct parser *p, struct span at, struct values values)
{
	bool twice = p->policy->ssh_ports.n != 0;

	if (!once(p, at, &twice))
		return;
	p->policy->ssh_ports = values;
	for (struct value *v = values.first; v != NULL; v = v->next)
		value_resolve(p, p->lexer.src, QF_PORT, v);
}

static struct table *
new_table(struct parser *p, const struct lexeme *name)
{
	struct policy *pol = p->policy;
	const struct table *old = index_get(&p->tables, name->token.text);
	struct table *t = arena_get(&pol->arena, sizeof(*t));
	char quoted[DIAG_QUOTE], place[DIAG_PLACE];

	if (!build_at_top(p, name->token.at) || t == NULL)
		return NULL;
	if (old != NULL)
		diag_error(p->diag, name->token.at, "<%s> is there already, from %s",
		    diag_quote(name->token.text, quoted), diag_place(old->at, p->lexer.src, place));
	t->name = name->token.text;
	t->at = name->token.at;
	index_put(&p->tables, t->name, t);
	if (pol->last_table != NULL)
		pol->last_table->next = t;
	else
		pol->tables = t;
	pol->last_table = t;
	return t;
}

void
build_table(struct parser *p, const struct lexeme *name, struct values values)
{
	struct table *t = new_table(p, name);

	if (t == NULL)
		return;
	t->values = values;
	for (struct value *v = values.first; v != NULL; v = v->next) {
		if (v->kind == VAL_TABLE || (v->kind == VAL_TEXT && v->text.n != 0))
			continue;
		diag_error(p->diag, value_span(v, p->lexer.src),
		    "a table holds addresses, keys, users, programs or other tables");
		v->wrong = true;
	}
}

/* A name in an included file is seen from there. */
static struct bytes
seen_from_policy(struct parser *p, struct bytes name)
{
	struct buf path = BUF_INIT;
	const char *kept;

	if (p->part->dir == NULL)
		return name;
	path_join(p->part->dir, name, &path);
	kept = arena_copy(&p->policy->arena, buf_bytes(&path));
	name.n = path.n;
	if (!buf_ok(&path))
		p->policy->arena.failed = true;
	buf_free(&path);
	return kept != NULL ? (struct bytes){.p = kept, .n = name.n} : name;
}

void
build_table_file(struct parser *p, const struct lexeme *name, struct value *file, bool no_signature)
{
	struct table *t = new_table(p, name);

	if (t == NULL || file == NULL || !build_plain_text(p, file, "the name of a file"))
		return;
	t->file = seen_from_policy(p, file->text);
	t->file_at = value_span(file, p->lexer.src);
	t->no_signature = no_signature;
	if (memchr(file->text.p, '\0', file->text.n) != NULL)
		diag_error(p->diag, t->file_at, "a file name cannot hold a zero byte");
}

static bool
only_facts(struct parser *p, const struct cond *c, uint32_t facts, const char *help)
{
	if (c->negate || (facts & 1u << c->fact) == 0) {
		diag_error(p->diag, c->at, "this condition cannot stand here");
		diag_help(p->diag, "%s", help);
		return false;
	}
	return true;
}

static void
add_line(struct parser *p, struct conds *lines, struct cond *c)
{
	struct conds one = build_conds((struct conds){0}, c);

	build_resolve(p, &one);
	*lines = build_conds(*lines, c);
}

void
build_never_stop(struct parser *p, struct span at, struct cond *c)
{
	if (c != NULL && build_at_top(p, at) &&
	    only_facts(p, c, 1u << QF_USER | 1u << QF_GROUP,
	        "expected: never-stop user NAME, or: never-stop group NAME"))
		add_line(p, &p->policy->never_stop, c);
}

void
build_no_baseline(struct parser *p, struct span at, struct cond *c)
{
	if (c != NULL && build_at_top(p, at) &&
	    only_facts(p, c, 1u << QF_USER | 1u << QF_GROUP,
	        "expected: no-baseline user NAME, or: no-baseline group NAME"))
		add_line(p, &p->policy->no_baseline, c);
}

void
build_spare(struct parser *p, struct span at, struct cond *c)
{
	if (c != NULL && build_at_top(p, at) &&
	    only_facts(p, c, 1u << QF_EXE, "expected: spare exe \"/path/of/the/program\""))
		add_line(p, &p->policy->spare, c);
}

void
build_stop_limit(struct parser *p, struct span at, struct value *n, struct value *window)
{
	struct policy *pol = p->policy;
	uint64_t limit = 0;
	int64_t ms = 0;

	if (!once(p, at, &pol->has_stop_limit))
		return;
	if (n != NULL && window != NULL) {
		if (!number(p, n, "a stop-limit", 1, 1000000, &limit))
			return;
		if (window->kind != VAL_TEXT || !duration_parse(window->text, &ms) ||
		    ms < 1000) {
			diag_error(p->diag, value_span(window, p->lexer.src),
			    "this is not a duration of a second or more");
			diag_help(p->diag, "for example: stop-limit 5 in 10m");
			return;
		}
	}
	pol->stop_limit = (unsigned)limit;
	pol->stop_window_ms = ms;
}

void
build_ungranted(struct parser *p, struct span at, struct value *v)
{
	unsigned word;

	if (v == NULL || !once(p, at, &p->policy->has_ungranted) ||
	    !build_one_of(p, v, "allow or deny", ungranted_at, &word))
		return;
	p->policy->ungranted_deny = word == 1;
}
