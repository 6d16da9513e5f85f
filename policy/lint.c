/*
 * lint: the shape of a policy: what is allowed to be written and yet is hardly meant.  Compares
 * rules pair by pair, so only among the first LINT_RULES, and a rule's conditions; everything else is one pass.
 */
#include "policy/relate.h"
#include "policy/space.h"

#define LINT_RULES 4096

/* Facts that must be there: what is negated holds where there is none. */
static uint32_t
facts_of(const struct conds *conds)
{
	uint32_t facts = 0;

	for (const struct cond *c = conds->first; c != NULL; c = c->next)
		facts |= c->negate ? 0 : 1u << c->fact;
	return facts;
}

static uint32_t
facts_of_rule(const struct rule *r)
{
	uint32_t facts = facts_of(&r->conds);

	for (const struct block *b = r->block; b != NULL; b = b->parent)
		facts |= facts_of(&b->conds);
	return facts;
}

static bool
has_fact(const struct conds *conds, enum pol_fact fact)
{
	for (const struct cond *c = conds->first; c != NULL; c = c->next)
		if (c->fact == fact)
			return true;
	return false;
}

/* "deny login principal admin !ca <ours>": what it stops is the word of any CA but the one that is meant. */
static bool
stops_other_cas(const struct rule *r)
{
	bool named = has_fact(&r->conds, QF_CA);

	for (const struct block *b = r->block; b != NULL && !named; b = b->parent)
		named = has_fact(&b->conds, QF_CA);
	return named && r->action > DO_ALERT;
}

static void
put_activities(uint32_t bits, struct buf *out)
{
	const char *sep = "";

	for (unsigned a = 0; a < ACT_COUNT; a++) {
		if ((bits >> a & 1) == 0)
			continue;
		buf_printf(out, "%s%s", sep, activity_info((enum activity)a)->name);
		sep = ", ";
	}
}

static void
check_shadow(const struct policy *pol, size_t i, struct diag *d)
{
	const struct rule *r = pol->rules[i];
	uint32_t left = r->activities;
	struct buf names = BUF_INIT;
	char place[DIAG_PLACE];

	for (size_t k = 0; k < i; k++) {
		const struct rule *before = pol->rules[k];
		uint32_t taken = left & before->activities;

		if (taken == 0 || !relate_covers(before, r))
			continue;
		left &= ~taken;
		if (left == 0) {
			diag_warn(d, r->at, "this rule can never match: %s comes first",
			    diag_place(before->at, r->at.src, place));
			break;
		}
		put_activities(taken, &names);
		diag_warn(d, r->at, "this rule never matches %s: %s comes first",
		    buf_ok(&names) ? names.p : "", diag_place(before->at, r->at.src, place));
		buf_reset(&names);
	}
	buf_free(&names);
}

static void
check_level(const struct policy *pol, size_t i, unsigned gates, struct diag *d)
{
	const struct rule *r = pol->rules[i];
	const char *why;

	if (r->action <= DO_ALERT || pol_rule_level(pol, i, gates, &why) != LEVEL_OBSERVE)
		return;
	diag_warn(d, r->at, "'%s' cannot be carried out for this: it will only be alerted",
	    action_name(r->action));
	if (why != NULL)
		diag_help(d, "%s", why);
}

static void
check_together(const struct rule *r, struct diag *d)
{
	const struct cond *one, *other;
	struct buf a = BUF_INIT, b = BUF_INIT;
	char place[DIAG_PLACE];

	if (!relate_excluded(r, &one, &other))
		return;
	print_cond(one, &a);
	print_cond(other, &b);
	if (buf_ok(&a) && buf_ok(&b)) {
		diag_warn(d, r->at, "this rule can never match: nothing is both %s and %s", a.p, b.p);
		if (other->at.line != r->at.line || other->at.src != r->at.src)
			diag_help(d, "that stands in %s", diag_place(other->at, r->at.src, place));
	} else {
		d->failed = true;
	}
	buf_free(&a);
	buf_free(&b);
}

static void
check_rule(const struct policy *pol, size_t i, unsigned gates, struct diag *d)
{
	const struct rule *r = pol->rules[i];
	uint32_t facts = facts_of_rule(r), login = 1u << ACT_LOGIN;

	if (r->activities == login && (facts & LATER_FACTS) != 0) {
		diag_warn(d, r->at, "this rule can never match: a login has no destination, "
		    "program or owner yet");
	}
	if ((facts & 1u << QF_PRINCIPAL) != 0 && (facts & 1u << QF_CA) == 0 && !stops_other_cas(r)) {
		diag_warn(d, r->at, "'principal' without 'ca'");
		diag_help(d, "any CA that sshd trusts can write that principal: name the one that is meant");
	}
	check_together(r, d);
	check_level(pol, i, gates, d);
	if (r->any && r->action > DO_ALERT && r->action < DO_DENY) {
		diag_warn(d, r->at, "'%s any' refuses no login", action_name(r->action));
		diag_help(d, "that is a line of its own: deny login");
	}
	if (r->any && r->action > DO_DENY && facts == 0) {
		diag_warn(d, r->at, "'%s any' refuses every login too", action_name(r->action));
		diag_help(d, "say of whom: user, origin, key ...");
	}
}

static bool
holds_nothing(const struct table *t)
{
	return t->as_addr != NULL ? t->addrs.n4 + t->addrs.n6 == 0 : t->names.in.nplain + t->names.in.nglobs == 0;
}

/* The file that a table comes from is written by others, and may be lost on its way. */
static void
check_tables(const struct policy *pol, struct diag *d)
{
	char quoted[DIAG_QUOTE];

	for (const struct table *t = pol->tables; t != NULL; t = t->next) {
		if (t->as_addr == NULL && t->as_name == NULL) {
			diag_warn(d, t->at, "<%s> is never used", diag_quote(t->name, quoted));
		} else if (holds_nothing(t)) {
			diag_warn(d, t->at, "<%s> holds nothing", diag_quote(t->name, quoted));
			diag_help(d, "what asks for it matches nobody; with a '!', everybody");
		}
	}
}

/* A user or a group that no login has. */
static bool
is_nobody(const struct value *v)
{
	const struct name_list *in = v->kind == VAL_TABLE ? &v->as.table->names.in : NULL;

	return in != NULL ? in->nplain + in->nglobs == 0 : v->text.n == 0;
}

static bool
is_everybody(const struct value *v)
{
	return v->kind == VAL_TEXT && bytes_is(v->text, "*");
}

static bool
all_values(const struct cond *c, bool (*is)(const struct value *))
{
	const struct value *v = c->values.first;

	while (v != NULL && is(v))
		v = v->next;
	return v == NULL;
}

static bool
any_value(const struct cond *c, bool (*is)(const struct value *))
{
	const struct value *v = c->values.first;

	while (v != NULL && !is(v))
		v = v->next;
	return v != NULL;
}

static void
check_people(const struct policy *pol, struct diag *d)
{
	for (const struct cond *c = pol->never_stop.first; c != NULL; c = c->next)
		if (all_values(c, is_nobody))
			diag_warn(d, c->at, "this never-stop names nobody");
	for (const struct cond *c = pol->no_baseline.first; c != NULL; c = c->next) {
		if (all_values(c, is_nobody))
			diag_warn(d, c->at, "this no-baseline names nobody");
		if (!any_value(c, is_everybody))
			continue;
		diag_warn(d, c->at, "this no-baseline names everybody: nothing is learned, nothing is unusual");
		diag_help(d, "it is for accounts of services: no-baseline user deploy");
	}
}

static void
check_blocks(const struct policy *pol, struct diag *d)
{
	for (const struct block *b = pol->blocks; b != NULL; b = b->next)
		if (!b->used)
			diag_warn(d, b->at, "this match block holds no rule");
}

/* The addresses of the host, for `to self`, are not known here; they make few classes more. */
static void
check_space(const struct policy *pol, struct diag *d)
{
	struct pol_space *space = pol_space_new(pol, NULL, 0);
	const bool addrs = space != NULL && space->addr_blur != 0;

	if (space == NULL) {
		d->failed = true;
	} else if (pol_space_blurred(space)) {
		diag_warn(d, (struct span){0}, "%s: more kinds of %s than a gate can tell apart (%d)",
		    pol->source.name, addrs ? "addresses" : "ports",
		    addrs ? POL_ADDR_CLASSES : POL_PORT_CLASSES);
		diag_help(d, "connections to the rest are stopped just after; a <table> is one kind");
	}
	pol_space_free(&space);
}

unsigned
pol_lint(const struct policy *pol, unsigned gates, struct buf *out)
{
	struct diag d = DIAG_INIT;
	unsigned n;

	if (pol->nrules == 0)
		diag_warn(&d, (struct span){0}, "%s: there is no rule", pol->source.name);
	check_tables(pol, &d);
	check_people(pol, &d);
	check_blocks(pol, &d);
	check_space(pol, &d);
	for (size_t i = 0; i < pol->nrules; i++)
		check_rule(pol, i, gates, &d);
	for (size_t i = 0; i < pol->nrules && i < LINT_RULES; i++)
		check_shadow(pol, i, &d);
	n = d.warnings + pol->warnings;
	diag_print(&d, out);
	if (pol->nrules > LINT_RULES)
		buf_printf(out, "warning: only the first %d rules were compared with each other\n",
		    LINT_RULES);
	diag_free(&d);
	return n;
}
