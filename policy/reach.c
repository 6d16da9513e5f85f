/*
 * reach: what a rule of a policy comes to on a host with these gates: level.h says it of an activity and
 * an action, here the rule's conditions take their part.
 */
#include "policy/relate.h"

/* What a gate never knows: a rule that hangs on it is carried out once the record tells. */
#define GATELESS (1u << QF_AS | 1u << QF_EXE | 1u << QF_PARENT | 1u << QF_VIA)

static bool
names_unix(const struct cond *c)
{
	for (const struct value *v = c->values.first; v != NULL; v = v->next)
		if (v->kind == VAL_UNIX)
			return true;
	return false;
}

static bool
may_be(const struct cond *c, enum owner owner)
{
	const struct question q = {.known = 1u << QF_OWNER, .owner = owner};

	return c->fact != QF_OWNER || cond_holds(c, &q) == TRI_YES;
}

static const char *
hangs_on(const struct cond *c, enum activity a)
{
	if ((GATELESS & 1u << c->fact) != 0)
		return "it hangs on what no gate knows: as, exe, parent or via";
	if (c->fact == QF_TO && names_unix(c))
		return "it hangs on the path of a socket, which is whatever the caller writes";
	if (a == ACT_MUX_HIJACK && !may_be(c, OWNER_OTHER))
		return "between logins of one user it is decided by who listens";
	return NULL;
}

/* The next condition of a rule: its own, then those of the blocks around it.  NULL: that was the last. */
static const struct cond *
next_cond(const struct cond *c, const struct block **around)
{
	while (c == NULL && *around != NULL) {
		c = (*around)->conds.first;
		*around = (*around)->parent;
	}
	return c;
}

/* What keeps the rule from being part of a grant; NULL: nothing. */
static const char *
not_in_grant(const struct rule *r, enum activity a)
{
	const struct block *around = r->block;
	const char *why = NULL;

	for (const struct cond *c = next_cond(r->conds.first, &around); c != NULL && why == NULL;
	    c = next_cond(c->next, &around))
		why = hangs_on(c, a);
	return why;
}

uint32_t
pol_rule_activities(const struct policy *pol, size_t rule)
{
	return pol->rules[rule]->activities;
}

enum level
pol_rule_level_of(const struct policy *pol, size_t rule, enum activity a, unsigned gates, const char **why)
{
	const struct rule *r = pol->rules[rule];
	enum level level = pol_level(a, r->action, gates, why);
	const char *hangs = not_in_grant(r, a);

	if (level != LEVEL_PREVENT || a == ACT_LOGIN || hangs == NULL)
		return level;
	*why = hangs;
	return LEVEL_REACT;
}

enum level
pol_rule_level(const struct policy *pol, size_t rule, unsigned gates, const char **why)
{
	const struct rule *r = pol->rules[rule];
	enum level best = LEVEL_OBSERVE;
	bool first = true;

	*why = NULL;
	for (unsigned a = 0; a < ACT_COUNT; a++) {
		const char *because;
		enum level level;

		if ((r->activities >> a & 1) == 0)
			continue;
		level = pol_rule_level_of(pol, rule, (enum activity)a, gates, &because);
		if (!first && level <= best)
			continue;
		best = level;
		*why = because;
		first = false;
	}
	return best;
}

/* --- what may come first ---------------------------------------------------------------------- */

#define LOOK_BACK 4096

/* Both hold for no login: plain names that have none in common, or one thing and its opposite. */
static bool
conds_apart(const struct cond *a, const struct cond *b)
{
	const struct name_list *in = &a->test->names.in;

	if (a->fact != b->fact)
		return false;
	if (a->test == b->test)
		return a->negate != b->negate;
	if (a->negate || b->negate || a->fact != QF_USER || a->test->ntables != 0 || in->nglobs != 0 ||
	    b->test->ntables != 0)
		return false;
	for (size_t i = 0; i < in->nplain; i++)
		if (name_set_has(&b->test->names, in->plain[i]))
			return false;
	return true;
}

static bool
rules_apart(const struct rule *a, const struct rule *b)
{
	const struct block *around = a->block;

	for (const struct cond *c = next_cond(a->conds.first, &around); c != NULL;
	    c = next_cond(c->next, &around)) {
		const struct block *other = b->block;

		for (const struct cond *d = next_cond(b->conds.first, &other); d != NULL;
		    d = next_cond(d->next, &other))
			if (conds_apart(c, d))
				return true;
	}
	return false;
}

/* But for what no gate knows, r holds wherever the other does. */
static bool
may_hold_everywhere(const struct rule *r, const struct rule *other, enum activity a)
{
	const struct block *around = r->block;

	for (const struct cond *c = next_cond(r->conds.first, &around); c != NULL; c = next_cond(c->next, &around))
		if (hangs_on(c, a) == NULL && !relate_follows(c, other))
			return false;
	return true;
}

static void
look_before(const struct policy *pol, size_t rule, enum activity a, struct pol_reach *reach)
{
	for (size_t i = 0; i < rule && i < LOOK_BACK && reach->level == LEVEL_PREVENT; i++) {
		const struct rule *r = pol->rules[i];

		if ((r->activities >> a & 1) == 0 || rule_refuses(pol, r) || not_in_grant(r, a) == NULL ||
		    rules_apart(r, pol->rules[rule]))
			continue;
		if (may_hold_everywhere(r, pol->rules[rule], a))
			reach->level = LEVEL_REACT;
		if (reach->before == SIZE_MAX || reach->level == LEVEL_REACT)
			reach->before = i;
	}
}

struct pol_reach
pol_rule_reach(const struct policy *pol, size_t rule, enum activity a, unsigned gates)
{
	struct pol_reach reach = {.before = SIZE_MAX};

	reach.level = pol_rule_level_of(pol, rule, a, gates, &reach.why);
	if (reach.level != LEVEL_OBSERVE && pol->rules[rule]->mode == MODE_AUDIT)
		return (struct pol_reach){LEVEL_OBSERVE, "the rule itself says mode audit", SIZE_MAX};
	if (a != ACT_LOGIN)
		look_before(pol, rule, a, &reach);
	return reach;
}

/* --- more than the host can do ---------------------------------------------------------------- */

/* An activity that nothing can be done about; of `any`, only when that goes for all of them. */
static bool
is_beyond(const struct policy *pol, size_t i, unsigned gates, enum activity *which, const char **why)
{
	const struct rule *r = pol->rules[i];

	if (r->any && pol_rule_level(pol, i, gates, why) != LEVEL_OBSERVE)
		return false;
	for (unsigned a = 0; a < ACT_COUNT; a++) {
		*which = (enum activity)a;
		if ((r->activities >> a & 1) != 0 &&
		    pol_rule_level_of(pol, i, *which, gates, why) == LEVEL_OBSERVE)
			return true;
	}
	return false;
}

/* An activity that is stopped less strongly than with all the gates. */
static bool
is_weaker(const struct policy *pol, size_t i, unsigned gates, enum activity *which, const char **why)
{
	const char *best;

	for (unsigned a = 0; a < ACT_COUNT; a++) {
		*which = (enum activity)a;
		if ((pol->rules[i]->activities >> a & 1) != 0 && pol_rule_level_of(pol, i, *which, gates, why) <
		    pol_rule_level_of(pol, i, *which, POLG_ALL, &best))
			return true;
	}
	return false;
}

static unsigned
put_rules(const struct policy *pol, unsigned gates, const char *cannot, struct buf *out,
    bool (*is)(const struct policy *, size_t, unsigned, enum activity *, const char **))
{
	unsigned n = 0;

	for (size_t i = 0; i < pol->nrules; i++) {
		const struct rule *r = pol->rules[i];
		enum activity which;
		const char *why;

		if (!rule_refuses(pol, r) || !is(pol, i, gates, &which, &why))
			continue;
		buf_put_visible(out, bytes_of(r->at.src->name));
		buf_printf(out, ":%u: this host cannot %s %s%s: %s\n", r->at.line, action_name(r->action),
		    activity_info(which)->name, cannot, why);
		n++;
	}
	return n;
}

unsigned
pol_beyond(const struct policy *pol, unsigned gates, struct buf *out)
{
	return put_rules(pol, gates, "", out, is_beyond);
}

unsigned
pol_weaker(const struct policy *pol, unsigned gates, struct buf *out)
{
	return put_rules(pol, gates, " as others can", out, is_weaker);
}
