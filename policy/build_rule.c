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
