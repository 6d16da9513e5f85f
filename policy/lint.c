/*
 * lint: the shape of a policy: what is allowed to be written and yet is hardly meant.  Compares
 * rules pair by pair, so only among the first LINT_RULES; everything else is one pass.
 */
#include "policy/space.h"

#define LINT_RULES 4096

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
	if (a->fact != b->fact || a->negate != b->negate)
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

static bool
follows_from_rule(const struct cond *a, const struct rule *b)
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
		if (!follows_from_rule(c, b))
			return false;
	return true;
}

/* Whenever b's conditions hold, a's do. */
static bool
covers(const struct rule *a, const struct rule *b)
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

/* --- the checks ------------------------------------------------------------------------------- */

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

	for (size_t k = 0; k < i; k++) {
		const struct rule *before = pol->rules[k];
		uint32_t taken = left & before->activities;

		if (taken == 0 || !covers(before, r))
			continue;
		left &= ~taken;
		if (left == 0) {
			diag_warn(d, r->at, "this rule can never match: line %u comes first",
			    before->at.line);
			break;
		}
		put_activities(taken, &names);
		diag_warn(d, r->at, "this rule never matches %s: line %u comes first",
		    buf_ok(&names) ? names.p : "", before->at.line);
		buf_reset(&names);
	}
	buf_free(&names);
}

static void
check_detected(const struct rule *r, struct diag *d)
{
	struct buf names = BUF_INIT;
	uint32_t unseen = 0;

	for (unsigned a = 0; a < ACT_COUNT; a++)
		if (!pol_is_detected((enum activity)a))
			unseen |= r->activities & 1u << a;
	if (r->any || unseen == 0)
		return;
	put_activities(unseen, &names);
	diag_warn(d, r->at, "this version does not detect %s", buf_ok(&names) ? names.p : "it");
	buf_free(&names);
}

/* A rule about nothing that is detected has been told of already. */
static void
check_level(const struct policy *pol, size_t i, unsigned gates, struct diag *d)
{
	const struct rule *r = pol->rules[i];
	const char *why;
	bool detected = false;

	for (unsigned a = 0; a < ACT_COUNT; a++)
		detected = detected || ((r->activities >> a & 1) != 0 && pol_is_detected((enum activity)a));
	if (!detected || r->action <= DO_ALERT || pol_rule_level(pol, i, gates, &why) != LEVEL_OBSERVE)
		return;
	diag_warn(d, r->at, "'%s' cannot be carried out for this: it will only be alerted",
	    action_name(r->action));
	if (why != NULL)
		diag_help(d, "%s", why);
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
	if ((facts & 1u << QF_PRINCIPAL) != 0 && (facts & 1u << QF_CA) == 0) {
		diag_warn(d, r->at, "'principal' without 'ca'");
		diag_help(d, "any CA that sshd trusts can write that principal: name the one that is meant");
	}
	check_detected(r, d);
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

static void
check_tables(const struct policy *pol, struct diag *d)
{
	char quoted[DIAG_QUOTE];

	for (const struct table *t = pol->tables; t != NULL; t = t->next)
		if (t->as_addr == NULL && t->as_name == NULL)
			diag_warn(d, t->at, "<%s> is never used", diag_quote(t->name, quoted));
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

	check_tables(pol, &d);
	check_blocks(pol, &d);
	check_space(pol, &d);
	for (size_t i = 0; i < pol->nrules; i++)
		check_rule(pol, i, gates, &d);
	for (size_t i = 0; i < pol->nrules && i < LINT_RULES; i++)
		check_shadow(pol, i, &d);
	n = d.warnings;
	diag_print(&d, out);
	if (pol->nrules > LINT_RULES)
		buf_printf(out, "warning: only the first %d rules were compared with each other\n",
		    LINT_RULES);
	diag_free(&d);
	return n;
}
