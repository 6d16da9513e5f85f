/*
 * build: the tree, from what the grammar found.  Each function checks what it is given, reports
 * what is wrong and goes on, so that one line can have several errors.  NULL values come from an
 * arena that is full: they are passed over, the load fails on arena.failed.
 */
#include <sshtether/limits.h>

#include "base/utf8.h"
#include "policy/hours.h"
#include "policy/parse.h"
#include "policy/suggest.h"

/* --- values and conditions -------------------------------------------------------------------- */

/* Bare words and strings without escapes are borrowed from the text, which lives as long. */
static bool
decode(struct parser *p, const struct token *t, struct bytes *out)
{
	char *copy;

	*out = t->text;
	if (t->kind != TOK_STRING || t->text.n == 0 || memchr(t->text.p, '\\', t->text.n) == NULL)
		return true;
	copy = arena_get(&p->policy->arena, t->text.n);
	if (copy == NULL)
		return false;
	*out = (struct bytes){.p = copy, .n = token_decode(t, copy)};
	return true;
}

struct value *
build_value(struct parser *p, const struct lexeme *x)
{
	struct value *v = arena_get(&p->policy->arena, sizeof(*v));

	if (v == NULL || !decode(p, &x->token, &v->text))
		return NULL;
	v->kind = x->token.kind == TOK_TABLE ? VAL_TABLE : VAL_TEXT;
	v->quoted = x->token.kind == TOK_STRING;
	v->off = x->token.at.off;
	v->len = x->token.at.len;
	v->line = x->token.at.line;
	if (v->text.n > ST_POLICY_STRING) {
		diag_error(p->diag, x->token.at, "this is too long: %zu bytes, at most %u",
		    v->text.n, ST_POLICY_STRING);
		v->wrong = true;
	}
	return v;
}

struct values
build_list(struct values list, struct value *v)
{
	if (v == NULL)
		return list;
	if (list.last != NULL)
		list.last->next = v;
	else
		list.first = v;
	list.last = v;
	list.n++;
	return list;
}

struct cond *
build_cond(struct parser *p, bool negate, const struct lexeme *word, struct values values,
    struct span at)
{
	struct cond *c = arena_get(&p->policy->arena, sizeof(*c));

	if (c == NULL)
		return NULL;
	*c = (struct cond){.fact = (enum pol_fact)word->word.value, .negate = negate, .at = at,
	    .values = values};
	return c;
}

struct conds
build_conds(struct conds list, struct cond *c)
{
	if (c == NULL)
		return list;
	if (list.last != NULL)
		list.last->next = c;
	else
		list.first = c;
	list.last = c;
	return list;
}

static void
resolve_conds(struct parser *p, const struct conds *conds)
{
	for (struct cond *c = conds->first; c != NULL; c = c->next) {
		for (struct value *v = c->values.first; v != NULL; v = v->next) {
			if (v->negate) {
				diag_error(p->diag, value_span(v, p->lexer.src),
				    "'!' stands before the word, not before its value");
				diag_help(p->diag, "for example: !%s", fact_word(c->fact));
			}
			if (!v->wrong)
				value_resolve(p, p->lexer.src, c->fact, v);
		}
	}
}

/* One line of text that may be shown on a terminal. */
static bool
is_printable(struct bytes t)
{
	uint32_t code;
	size_t n;

	for (; t.n != 0; t.p += n, t.n -= n) {
		n = utf8_next(t, &code);
		if (n == 0 || code < ' ' || (code >= 0x7f && code <= 0x9f))
			return false;
	}
	return true;
}

/* --- statements ------------------------------------------------------------------------------- */

/* Of what is no such rule. */
static bool
only_passes(struct parser *p, struct span at)
{
	diag_error(p->diag, at, "here stand only pass rules with an 'until'");
	return false;
}

static bool
at_top(struct parser *p, struct span at)
{
	if (p->prelude)
		return only_passes(p, at);
	if (p->depth == 0)
		return true;
	diag_error(p->diag, at, "this cannot stand inside a match block");
	diag_help(p->diag, "a block holds rules and other match blocks");
	return false;
}

/* For what a policy says once. */
static bool
once(struct parser *p, struct span at, bool *said)
{
	if (!at_top(p, at))
		return false;
	if (*said)
		diag_error(p->diag, at, "this is given twice");
	*said = true;
	return true;
}

/* The index of v in a vocabulary that ends with NULL; an error is reported, with a correction. */
static bool
one_of(struct parser *p, const struct value *v, const char *what, const char *(*name)(unsigned),
    unsigned *out)
{
	struct buf all = BUF_INIT;
	struct suggest s;
	char quoted[DIAG_QUOTE];

	suggest_init(&s, v->text);
	for (unsigned i = 0; name(i) != NULL; i++) {
		if (v->kind == VAL_TEXT && bytes_is(v->text, name(i))) {
			buf_free(&all);
			*out = i;
			return true;
		}
		suggest_offer(&s, name(i));
		buf_printf(&all, "%s%s", i == 0 ? "" : ", ", name(i));
	}
	diag_error(p->diag, value_span(v, p->lexer.src), "'%s' is not %s",
	    diag_quote(v->text, quoted), what);
	if (s.best != NULL)
		diag_help(p->diag, "did you mean '%s'?", s.best);
	else
		diag_help(p->diag, "expected one of %s", buf_ok(&all) ? all.p : "");
	buf_free(&all);
	return false;
}

static const char *
mode_at(unsigned i)
{
	return i < MODE_COUNT ? mode_name((enum mode)i) : NULL;
}

static const char *
severity_at(unsigned i)
{
	return i < SEV_COUNT ? severity_name((enum severity)i) : NULL;
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

static bool
plain_text(struct parser *p, const struct value *v, const char *what)
{
	if (v->kind == VAL_TEXT && v->text.n != 0)
		return !v->wrong;
	diag_error(p->diag, value_span(v, p->lexer.src), "expected %s", what);
	return false;
}

void
build_fleet(struct parser *p, struct span at, struct value *v)
{
	if (v == NULL || !once(p, at, &p->policy->has_fleet) || !plain_text(p, v, "a name"))
		return;
	if (is_printable(v->text))
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

	if (v != NULL && once(p, at, &p->policy->has_mode) && one_of(p, v, "a mode", mode_at, &mode))
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
	char quoted[DIAG_QUOTE];

	if (!at_top(p, name->token.at) || t == NULL)
		return NULL;
	if (old != NULL)
		diag_error(p->diag, name->token.at, "<%s> is there already, from line %u",
		    diag_quote(name->token.text, quoted), old->at.line);
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
		if (v->kind == VAL_TEXT && v->text.n != 0)
			continue;
		diag_error(p->diag, value_span(v, p->lexer.src),
		    "a table holds addresses, keys, users or programs");
		v->wrong = true;
	}
}

void
build_table_file(struct parser *p, const struct lexeme *name, struct value *file)
{
	struct table *t = new_table(p, name);

	if (t == NULL || file == NULL || !plain_text(p, file, "the name of a file"))
		return;
	t->file = file->text;
	t->file_at = value_span(file, p->lexer.src);
	if (memchr(t->file.p, '\0', t->file.n) != NULL)
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

	resolve_conds(p, &one);
	*lines = build_conds(*lines, c);
}

void
build_never_stop(struct parser *p, struct span at, struct cond *c)
{
	if (c != NULL && at_top(p, at) &&
	    only_facts(p, c, 1u << QF_USER | 1u << QF_GROUP,
	        "expected: never-stop user NAME, or: never-stop group NAME"))
		add_line(p, &p->policy->never_stop, c);
}

void
build_spare(struct parser *p, struct span at, struct cond *c)
{
	if (c != NULL && at_top(p, at) &&
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
	    !one_of(p, v, "allow or deny", ungranted_at, &word))
		return;
	p->policy->ungranted_deny = word == 1;
}

/* --- rules ------------------------------------------------------------------------------------ */

void
build_clause(struct parser *p, struct value **slot, struct span at, struct value *v)
{
	if (*slot != NULL)
		diag_error(p->diag, at, "this is given twice");
	*slot = v;
}

uint32_t
build_activities(struct parser *p, uint32_t before, const struct lexeme *x)
{
	uint32_t bit = 1u << x->word.value;

	if (before & bit)
		diag_warn(p->diag, x->token.at, "this activity is named twice");
	return before | bit;
}

/* Shown to the user by sshd. */
static const char *
message_of(struct parser *p, const struct value *v)
{
	struct span at = value_span(v, p->lexer.src);

	if (!plain_text(p, v, "the text of the message"))
		return NULL;
	if (v->text.n >= ST_MESSAGE_MAX) {
		diag_error(p->diag, at, "a message has at most %d bytes", ST_MESSAGE_MAX - 1);
		return NULL;
	}
	if (!is_printable(v->text)) {
		diag_error(p->diag, at, "a message is one line of printable text");
		return NULL;
	}
	return arena_copy(&p->policy->arena, v->text);
}

static void
apply_clauses(struct parser *p, struct rule *r, const struct clauses *c)
{
	unsigned word;

	if (c->severity != NULL && one_of(p, c->severity, "a severity", severity_at, &word))
		r->severity = (int)word;
	if (c->mode != NULL && one_of(p, c->mode, "a mode", mode_at, &word))
		r->mode = (int)word;
	if (c->message != NULL)
		r->message = message_of(p, c->message);
	if (c->until == NULL)
		return;
	if (c->until->kind == VAL_TEXT && until_parse(c->until->text, &r->until)) {
		r->until_text = c->until->text;
		return;
	}
	diag_error(p->diag, value_span(c->until, p->lexer.src), "this is not a date");
	diag_help(p->diag, "for example: until 2027-03-31 (that day is the last one), "
	    "or until 2027-03-31T18:00");
}

/*
 * A login is refused by name or not at all: a "block any" at the end of a policy, meant for what
 * sessions do, must not lock everybody out.  "terminate any" is said of somebody who shall not be here.
 */
static uint32_t
any_activity(enum action action)
{
	uint32_t all = (uint32_t)((1ull << ACT_COUNT) - 1), login = 1u << ACT_LOGIN;
	bool stops = action == DO_BLOCK || action == DO_ISOLATE || action == DO_REVOKE_AGENT;

	return stops ? all & ~login : all;
}

/* "all" and what goes with login. */
static enum action
rule_action(struct parser *p, const struct lexeme *x, const struct span *all, uint32_t activities,
    bool any)
{
	enum action action = (enum action)x->word.value;
	uint32_t login = 1u << ACT_LOGIN;

	if (all != NULL && action != DO_TERMINATE)
		diag_error(p->diag, *all, "'all' belongs to terminate only");
	else if (all != NULL)
		action = DO_TERMINATE_ALL;
	if (action == DO_DENY && (any || activities != login)) {
		diag_error(p->diag, x->token.at, "deny refuses a login, and nothing else");
		diag_help(p->diag, "write: deny login; for other activities: block");
	}
	if (action == DO_BLOCK && !any && (activities & login) != 0) {
		diag_error(p->diag, x->token.at, "a login is not blocked but denied");
		diag_help(p->diag, "write: deny login");
	}
	return action;
}

void
build_rule(struct parser *p, const struct lexeme *action, const struct span *all,
    uint32_t activities, bool any, const struct clauses *c)
{
	struct policy *pol = p->policy;
	struct rule *r = arena_get(&pol->arena, sizeof(*r));

	if (r == NULL)
		return;
	*r = (struct rule){.at = action->token.at, .any = any, .conds = c->conds, .block = p->block,
	    .severity = -1, .mode = -1};
	r->action = rule_action(p, action, all, activities, any);
	r->activities = any ? any_activity(r->action) : activities;
	resolve_conds(p, &r->conds);
	apply_clauses(p, r, c);
	if (p->prelude && (r->action != DO_PASS || r->until_text.n == 0))
		only_passes(p, r->at);
	for (struct block *b = p->block; b != NULL && !b->used; b = b->parent)
		b->used = true;
	if (pol->nrules++ == ST_POLICY_RULES)
		diag_error(p->diag, r->at, "too many rules: at most %u", ST_POLICY_RULES);
	if (pol->last_rule != NULL)
		pol->last_rule->next = r;
	else
		pol->first_rule = r;
	pol->last_rule = r;
}

void
build_block_open(struct parser *p, struct span at, struct conds conds)
{
	struct block *b = arena_get(&p->policy->arena, sizeof(*b));

	if (p->prelude)
		only_passes(p, at);
	if (p->depth++ == ST_POLICY_DEPTH)
		diag_error(p->diag, at, "match blocks are too deep: at most %u inside each other",
		    ST_POLICY_DEPTH);
	if (b == NULL)
		return;
	resolve_conds(p, &conds);
	*b = (struct block){.parent = p->block, .conds = conds, .at = at};
	p->block = b;
	if (p->policy->last_block != NULL)
		p->policy->last_block->next = b;
	else
		p->policy->blocks = b;
	p->policy->last_block = b;
}

void
build_block_close(struct parser *p)
{
	p->depth--;
	if (p->block != NULL)
		p->block = p->block->parent;
}

/* Also a question: then without an action. */
void
build_expect(struct parser *p, struct span at, const struct lexeme *action, const struct span *all,
    enum activity activity, struct conds facts)
{
	struct policy *pol = p->policy;
	struct expect *e = arena_get(&pol->arena, sizeof(*e));

	if (e == NULL || !at_top(p, at))
		return;
	e->at = at;
	e->facts = facts;
	e->question.activity = activity;
	facts_apply(p, &e->question, &facts);
	if (action == NULL) {
		p->asked = e;
		return;
	}
	e->action = (enum action)action->word.value;
	if (all != NULL && e->action != DO_TERMINATE)
		diag_error(p->diag, *all, "'all' belongs to terminate only");
	else if (all != NULL)
		e->action = DO_TERMINATE_ALL;
	if (pol->last_expect != NULL)
		pol->last_expect->next = e;
	else
		pol->expects = e;
	pol->last_expect = e;
	if (pol->nexpects++ == ST_POLICY_EXPECTS)
		diag_error(p->diag, at, "too many expect lines: at most %u", ST_POLICY_EXPECTS);
}
