/* build_rule: rules, the match blocks around them, and expect lines; see build.c. */
#include <sshtether/limits.h>

#include "policy/build.h"
#include "policy/hours.h"

void
build_clause(struct parser *p, struct value **slot, struct span at, struct value *v)
{
	if (*slot != NULL)
		diag_error(p->diag, at, "this is given twice");
	*slot = v;
}

void
build_tags(struct parser *p, struct values *slot, struct span at, struct values tags)
{
	if (slot->n != 0) {
		diag_error(p->diag, at, "this is given twice");
		diag_help(p->diag, "several tags: tag { a, b }");
	}
	*slot = tags;
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

	if (!build_plain_text(p, v, "the text of the message"))
		return NULL;
	if (v->text.n >= ST_MESSAGE_MAX) {
		diag_error(p->diag, at, "a message has at most %d bytes", ST_MESSAGE_MAX - 1);
		return NULL;
	}
	if (!build_is_line(v->text)) {
		diag_error(p->diag, at, "a message is one line of printable text");
		return NULL;
	}
	return arena_copy(&p->policy->arena, v->text);
}

/* A word that goes into alerts: printable ASCII without blanks. */
static bool
is_tag(struct bytes t)
{
	for (size_t i = 0; i < t.n; i++)
		if (t.p[i] <= ' ' || t.p[i] >= 0x7f)
			return false;
	return t.n != 0;
}

static bool
check_tag(struct parser *p, const struct value *v, const struct bytes *before, size_t n)
{
	struct span at = value_span(v, p->lexer.src);

	if (v->kind != VAL_TEXT || v->negate || !is_tag(v->text)) {
		diag_error(p->diag, at, "a tag is a word: printable ASCII without blanks");
		diag_help(p->diag, "for example: tag contractor, tag { T1021.004, team-db }");
		return false;
	}
	if (v->text.n > ST_TAG_MAX)
		diag_error(p->diag, at, "a tag has at most %u bytes", ST_TAG_MAX);
	for (size_t i = 0; i < n; i++)
		if (bytes_eq(v->text, before[i]))
			diag_error(p->diag, at, "this tag is given twice");
	return true;
}

static const struct bytes *
tags_of(struct parser *p, const struct values *values)
{
	struct bytes *tags;
	size_t n = 0;

	if (values->n > ST_RULE_TAGS) {
		diag_error(p->diag, value_span(values->first, p->lexer.src),
		    "too many tags: a rule has at most %u", ST_RULE_TAGS);
		return NULL;
	}
	if ((tags = arena_array(&p->policy->arena, values->n, sizeof(*tags))) == NULL)
		return NULL;
	for (const struct value *v = values->first; v != NULL; v = v->next)
		if (check_tag(p, v, tags, n))
			tags[n++] = v->text;
	return tags;
}

#define AT_MOST        1000000
#define AT_MOST_WINDOW (366 * INT64_C(24) * 60 * 60 * 1000)

/* "5/10m" */
static bool
rate_parse(struct bytes t, struct pol_rate *out)
{
	const char *slash = t.n != 0 ? memchr(t.p, '/', t.n) : NULL;
	struct bytes number = t, window = BYTES_NONE;
	uint64_t n;

	if (slash == NULL)
		return false;
	number.n = (size_t)(slash - t.p);
	window = (struct bytes){.p = slash + 1, .n = t.n - number.n - 1};
	if (!bytes_u64(number, &n) || n < 1 || n > AT_MOST ||
	    !duration_parse(window, &out->window_ms) || out->window_ms < 1000 ||
	    out->window_ms > AT_MOST_WINDOW)
		return false;
	out->n = (unsigned)n;
	return true;
}

static void
set_at_most(struct parser *p, struct rule *r, const struct value *v)
{
	struct span at = value_span(v, p->lexer.src);
	struct pol_rate rate;

	if (r->action < DO_ALERT) {
		diag_error(p->diag, at, "'%s' sends no alert that could be held back", action_name(r->action));
		diag_help(p->diag, "at most limits alerts, never what is done: it belongs to alert, block ...");
	} else if (v->kind == VAL_TEXT && rate_parse(v->text, &rate)) {
		r->at_most = rate;
	} else {
		diag_error(p->diag, at, "this is not a number of alerts in a time");
		diag_help(p->diag, "for example: at most 1/1d, at most 5/10m; up to %u, in 1s to 366d", AT_MOST);
	}
}

static void
apply_clauses(struct parser *p, struct rule *r, const struct clauses *c)
{
	unsigned word;

	if (c->severity != NULL && build_one_of(p, c->severity, "a severity", build_severity_word, &word))
		r->severity = (int)word;
	if (c->mode != NULL && build_one_of(p, c->mode, "a mode", build_mode_word, &word))
		r->mode = (int)word;
	if (c->message != NULL)
		r->message = message_of(p, c->message);
	r->tag_values = c->tags;
	if (c->tags.n != 0)
		r->tags = tags_of(p, &c->tags);
	if (c->at_most != NULL)
		set_at_most(p, r, c->at_most);
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
 * sessions do, must not lock everybody out.  Nor is anybody stopped for what is inferred of him, unless a rule
 * names it.  "terminate any" is said of somebody who shall not be here.
 */
static uint32_t
any_activity(enum action action)
{
	const uint32_t all = (uint32_t)((1ull << ACT_COUNT) - 1);
	const bool stops = action == DO_BLOCK || action == DO_ISOLATE || action == DO_REVOKE_AGENT;
	uint32_t done = 0;

	for (unsigned a = 0; a < ACT_COUNT; a++)
		if (a != ACT_LOGIN && !activity_is_inferred((enum activity)a))
			done |= 1u << a;
	return stops ? done : all;
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

/* "eve" of eve<mallory: what is wrong with it has been said. */
static bool
is_half(const struct parser *p, const struct value *v)
{
	const struct bytes t = p->lexer.src->text;
	const size_t end = (size_t)v->off + v->len;

	return end < t.n && memchr(" \t\r\n\f\v{},#\\", t.p[end], 11) == NULL;
}

static struct conds
without_halves(struct parser *p, const struct conds *conds)
{
	struct conds whole = {0};

	for (struct cond *c = conds->first, *next; c != NULL; c = next) {
		next = c->next;
		c->next = NULL;
		if (c->values.last != NULL && !is_half(p, c->values.last))
			whole = build_conds(whole, c);
	}
	return whole;
}

void
build_wrong_match(struct parser *p, const struct conds *conds)
{
	const struct conds whole = without_halves(p, conds);

	build_resolve(p, &whole);
}

void
build_wrong_rule(struct parser *p, const struct clauses *c)
{
	struct clauses left = *c;
	struct value **values[] = {&left.severity, &left.mode, &left.message, &left.until, &left.at_most};
	/* What only some actions can have is as good as any other here. */
	struct rule none = {.action = DO_ALERT};

	build_wrong_match(p, &c->conds);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (*values[i] != NULL && is_half(p, *values[i]))
			*values[i] = NULL;
	if (left.tags.last != NULL && is_half(p, left.tags.last))
		left.tags = (struct values){0};
	apply_clauses(p, &none, &left);
}

void
build_wrong_expect(struct parser *p, const struct conds *facts)
{
	struct question none = {.activity = ACT_OUTBOUND_SSH};
	const struct conds whole = without_halves(p, facts);

	facts_apply(p, &none, &whole);
}

void
build_rule(struct parser *p, const struct lexeme *action, const struct span *all,
    uint32_t activities, bool any, const struct clauses *c)
{
	struct policy *pol = p->policy;
	struct rule *r;

	if (c->wrong) {
		build_wrong_rule(p, c);
		return;
	}
	r = arena_get(&pol->arena, sizeof(*r));
	if (r == NULL)
		return;
	*r = (struct rule){.at = action->token.at, .any = any, .conds = c->conds, .block = p->block,
	    .severity = -1, .mode = -1};
	r->action = rule_action(p, action, all, activities, any);
	r->activities = any ? any_activity(r->action) : activities;
	build_resolve(p, &r->conds);
	apply_clauses(p, r, c);
	if (p->prelude && (r->action != DO_PASS || r->until_text.n == 0))
		build_only_passes(p, r->at);
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

	p->again.braces[0] = 0; /* that '{' began no list */
	if (p->prelude)
		build_only_passes(p, at);
	if (p->depth++ == ST_POLICY_DEPTH)
		diag_error(p->diag, at, "match blocks are too deep: at most %u inside each other",
		    ST_POLICY_DEPTH);
	if (b == NULL)
		return;
	build_resolve(p, &conds);
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

	if (e == NULL || !build_at_top(p, at))
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
