/*
 * ask: the answer of a policy to one question.  A condition holds, does not hold, or hangs on a
 * fact that is not known (Kleene's three values).  The rules that the question can concern (sieve.h) are
 * tried in order; what conditions alike said is remembered in a small fixed table.  Nothing is allocated.
 */
#include <limits.h>

#include "base/steps.h"
#include "policy/hours.h"
#include "policy/sieve.h"

/* What else takes time, in the steps of a pattern (base/glob.h): about a nanosecond or two. */
#define RULE_STEPS  4
#define HOURS_STEPS 32

/* --- one condition ---------------------------------------------------------------------------- */

static bool
name_holds(const struct test *t, struct bytes name, uint64_t *left)
{
	if (!steps_take(left, 1 + t->ntables + name.n / 16))
		return false;
	if (name_set_has_within(&t->names, name, left))
		return true;
	for (size_t i = 0; i < t->ntables; i++)
		if (table_has_name(t->tables[i], name, left))
			return true;
	return false;
}

/* What is known to be absent matches no name. */
static bool
present(const struct test *t, struct bytes name, uint64_t *left)
{
	return name.n != 0 && name_holds(t, name, left);
}

static bool
any_name(const struct test *t, const struct bytes *names, size_t n, uint64_t *left)
{
	for (size_t i = 0; i < n; i++)
		if (present(t, names[i], left))
			return true;
	return false;
}

static bool
group_holds(const struct test *t, const struct question *q, uint64_t *left)
{
	return any_name(t, q->groups, q->ngroups, left);
}

static bool
principal_holds(const struct test *t, const struct question *q, uint64_t *left)
{
	return any_name(t, q->principals, q->nprincipals, left);
}

static bool
on_holds(const struct test *t, const struct question *q, uint64_t *left)
{
	return (t->scope != ON_ROLE && present(t, q->host, left)) ||
	    (t->scope != ON_HOST && any_name(t, q->roles, q->nroles, left));
}

static bool
addr_holds(const struct test *t, struct addr a)
{
	if (a.family == 0)
		return false;
	if (addr_set_has(&t->addrs, a))
		return true;
	for (size_t i = 0; i < t->ntables; i++)
		if (addr_set_has(&t->tables[i]->addrs, a))
			return true;
	return false;
}

static bool
origin_holds(const struct test *t, const struct question *q, uint64_t *left)
{
	(void)left;
	return addr_holds(t, q->origin);
}

/* "publickey,keyboard-interactive": the whole, or any of the methods that were needed. */
static bool
method_holds(const struct test *t, const struct question *q, uint64_t *left)
{
	struct bytes method = q->method;

	if (present(t, method, left))
		return true;
	while (method.n != 0) {
		const char *comma = memchr(method.p, ',', method.n);
		size_t n = comma != NULL ? (size_t)(comma - method.p) : method.n;

		if (present(t, (struct bytes){.p = method.p, .n = n}, left))
			return true;
		n += comma != NULL;
		method.p += n;
		method.n -= n;
	}
	return false;
}

static bool
to_holds(const struct test *t, const struct question *q, uint64_t *left)
{
	switch (q->to_kind) {
	case TO_NONE:
		return false;
	case TO_UNIX:
		return name_set_has_within(&t->names, q->to_unix, left);
	case TO_SELF:
		return t->self || addr_holds(t, q->to_addr);
	case TO_ADDR:
		return addr_holds(t, q->to_addr);
	}
	return false;
}

static bool
port_holds(const struct test *t, const struct question *q, uint64_t *left)
{
	const struct ports *p = t->ports, *end = p + t->nports;

	steps_take(left, t->nports);
	while (p < end && p->hi < q->port)
		p++;
	return p < end && p->lo <= q->port;
}

static bool
owner_holds(const struct test *t, const struct question *q, uint64_t *left)
{
	steps_take(left, t->nvalues);
	for (const struct value *v = t->values; v != NULL; v = v->next)
		if (v->as.owner == q->owner)
			return true;
	return false;
}

static bool
time_holds(const struct test *t, const struct question *q, uint64_t *left)
{
	steps_take(left, t->nvalues * HOURS_STEPS);
	for (const struct value *v = t->values; v != NULL; v = v->next)
		if (hours_hold(&v->as.hours, q->time))
			return true;
	return false;
}

/* Facts that are more than one string. */
static bool (*const holds_by_fact[QF_COUNT])(const struct test *, const struct question *, uint64_t *) = {
    [QF_GROUP] = group_holds,
    [QF_ORIGIN] = origin_holds,
    [QF_PRINCIPAL] = principal_holds,
    [QF_METHOD] = method_holds,
    [QF_ON] = on_holds,
    [QF_TIME] = time_holds,
    [QF_TO] = to_holds,
    [QF_PORT] = port_holds,
    [QF_OWNER] = owner_holds,
};

static bool
test_holds(const struct test *t, const struct question *q, uint64_t *left)
{
	size_t offset;

	if (holds_by_fact[t->fact] != NULL)
		return holds_by_fact[t->fact](t, q, left);
	return fact_is_string(t->fact, &offset) && present(t, question_string(q, offset), left);
}

/* What the test said is what the condition says, but where a list is known in part and it found nothing. */
static enum tri
term_says(struct term t, const struct question *q, bool found)
{
	if (!found && (q->partial & 1u << t.fact) != 0)
		return TRI_UNKNOWN;
	return found != t.negate ? TRI_YES : TRI_NO;
}

static enum tri
cond_holds_within(const struct cond *c, const struct question *q, uint64_t *left)
{
	if ((q->known & 1u << c->fact) == 0)
		return TRI_UNKNOWN;
	return term_says(term_of(c), q, test_holds(c->test, q, left));
}

enum tri
cond_holds(const struct cond *c, const struct question *q)
{
	return cond_holds_within(c, q, NULL);
}

/* --- rules ------------------------------------------------------------------------------------ */

static enum tri
term_holds(struct memo *m, struct term t, const struct question *q)
{
	const size_t i = (uintptr_t)t.test / ARENA_LINE % MEMO;

	if ((q->known & 1u << t.fact) == 0)
		return TRI_UNKNOWN;
	if (m->test[i] != t.test) {
		m->said[i] = test_holds(t.test, q, m->left);
		m->test[i] = t.test;
	}
	return term_says(t, q, m->said[i]);
}

enum tri
cond_holds_memo(struct memo *m, const struct cond *c, const struct question *q)
{
	return term_holds(m, term_of(c), q);
}

/* False when one of them does not hold; the unknown ones are added to *missing. */
static bool
may_hold(struct memo *m, struct terms terms, const struct question *q, uint32_t *missing)
{
	for (size_t i = 0; i < terms.n; i++) {
		enum tri said = term_holds(m, terms.list[i], q);

		if (said == TRI_NO || !steps_take(m->left, 1))
			return false;
		if (said == TRI_UNKNOWN)
			*missing |= 1u << terms.list[i].fact;
	}
	return true;
}

bool
rule_is_over(const struct rule *r, struct rtime now)
{
	return r->until_text.n != 0 && now.ms != 0 && now.ms >= r->until.ms;
}

bool
rule_refuses(const struct policy *pol, const struct rule *r)
{
	enum mode mode = r->mode >= 0 ? (enum mode)r->mode : pol->mode;

	return r->action > DO_ALERT && mode == MODE_ENFORCE;
}

static bool
is_over(struct rtime until, struct rtime now)
{
	return until.ms != 0 && now.ms != 0 && now.ms >= until.ms;
}

static enum tri
holds(struct memo *m, const struct compiled_rule *r, const struct question *q, struct rtime now,
    uint32_t *missing)
{
	uint32_t unknown = 0;

	if (is_over(r->until, now) || !may_hold(m, r->terms, q, &unknown))
		return TRI_NO;
	for (const struct block *b = r->block; b != NULL; b = b->parent)
		if (!may_hold(m, b->terms, q, &unknown))
			return TRI_NO;
	*missing |= unknown;
	return unknown != 0 ? TRI_UNKNOWN : TRI_YES;
}

static struct rtime
time_of(const struct question *q)
{
	return (q->known & 1u << QF_TIME) != 0 ? q->time : RTIME_NONE;
}

enum tri
rule_holds(const struct rule *r, const struct question *q)
{
	struct memo m = {0};
	uint32_t missing = 0;

	return holds(&m, r->compiled, q, time_of(q), &missing);
}

/* One of the lines does. */
static enum tri
any_holds(const struct conds *lines, const struct question *q, uint64_t *left)
{
	enum tri answer = TRI_NO;

	for (const struct cond *c = lines->first; c != NULL && steps_take(left, RULE_STEPS); c = c->next) {
		enum tri said = cond_holds_within(c, q, left);

		if (said == TRI_YES)
			return TRI_YES;
		if (said == TRI_UNKNOWN)
			answer = TRI_UNKNOWN;
	}
	return answer;
}

enum tri
never_stop_within(const struct policy *pol, const struct question *q, uint64_t *left)
{
	return any_holds(&pol->never_stop, q, left);
}

enum tri
never_stop_holds(const struct policy *pol, const struct question *q)
{
	return never_stop_within(pol, q, NULL);
}

enum tri
no_baseline_holds(const struct policy *pol, const struct question *q)
{
	return any_holds(&pol->no_baseline, q, NULL);
}

static struct decision
default_decision(const struct policy *pol, const struct question *q)
{
	const struct activity_info *info = activity_info(q->activity);

	return (struct decision){.by_default = true, .action = info->default_action,
	    .severity = info->default_severity, .mode = pol->mode, .rule = UINT_MAX};
}

static struct decision
rule_decision(const struct policy *pol, unsigned index, const struct question *q)
{
	const struct compiled_rule *r = &pol->compiled[index];
	const struct rule *more = r->more ? pol->rules[index] : NULL;

	return (struct decision){
	    .action = (enum action)r->action,
	    .severity = r->severity >= 0 ? (enum severity)r->severity :
	                                   activity_info(q->activity)->default_severity,
	    .severity_given = r->severity >= 0,
	    .mode = r->mode >= 0 ? (enum mode)r->mode : pol->mode,
	    .file = r->file,
	    .line = r->line,
	    .rule = index,
	    .message = more != NULL ? more->message : NULL,
	    .tags = more != NULL ? more->tags : NULL,
	    .ntags = more != NULL ? more->tag_values.n : 0,
	    .at_most = more != NULL ? more->at_most : (struct pol_rate){0},
	};
}

static bool
same_answer(const struct decision *a, const struct decision *b)
{
	return a->action == b->action && a->severity == b->severity && a->mode == b->mode;
}

/* Stops less: what is done when the answer is not certain. */
static bool
is_weaker(const struct decision *a, const struct decision *b)
{
	return a->action != b->action ? a->action < b->action : a->mode < b->mode;
}

/* What could be the answer, as far as the walk has come. */
struct answers {
	bool any, differ;
	struct decision weakest;
	enum action strongest;
};

static void
answers_add(struct answers *a, const struct decision *d)
{
	a->differ = a->differ || (a->any && !same_answer(d, &a->weakest));
	if (!a->any || is_weaker(d, &a->weakest))
		a->weakest = *d;
	if (!a->any || d->action > a->strongest)
		a->strongest = d->action;
	a->any = true;
}

/* What the first of each list says comes from far memory while other things are made ready. */
static void
fetch(const struct found *f, const struct compiled_rule *rules)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->list[i].at < f->list[i].end)
			__builtin_prefetch(&rules[*f->list[i].at]);
}

/* The rules from first on. */
static void
ask_from(const struct policy *pol, size_t first, const struct question *q, struct rtime now,
    uint64_t *left, struct decision *out)
{
	struct answers all = {0};
	struct decision d;
	struct found found;
	struct memo m;
	uint32_t missing = 0, i;

	found_init(&found, pol->sieves[q->activity], q);
	fetch(&found, pol->compiled);
	memset(&m, 0, sizeof(m));
	m.left = left;
	d = default_decision(pol, q);
	while ((i = found_next(&found)) != FOUND_NONE && steps_take(left, RULE_STEPS)) {
		enum tri said = TRI_NO;

		if (i >= first)
			said = holds(&m, &pol->compiled[i], q, now, &missing);
		if (said == TRI_NO)
			continue;
		d = rule_decision(pol, i, q);
		if (said == TRI_YES)
			break;
		/* It may be this one; go on as if it was not. */
		answers_add(&all, &d);
		d = default_decision(pol, q);
	}
	answers_add(&all, &d);
	if (all.differ) {
		d = all.weakest;
		d.undetermined = true;
		d.missing = missing;
	}
	d.strongest = all.strongest;
	d.never_stop = never_stop_within(pol, q, left) != TRI_NO;
	*out = d;
}

void
pol_ask(const struct policy *pol, const struct question *q, struct decision *out)
{
	ask_from(pol, 0, q, time_of(q), NULL, out);
}

void
pol_ask_file(const struct policy *pol, const struct question *q, struct rtime now, uint64_t *left,
    struct decision *out)
{
	ask_from(pol, pol->nprelude, q, now, left, out);
}

bool
pol_learns(const struct policy *pol, const struct question *q)
{
	return no_baseline_holds(pol, q) == TRI_NO;
}

bool
pol_leaves_out(const struct policy *pol, struct bytes user)
{
	return no_baseline_holds(pol, &(struct question){.known = 1u << QF_USER, .user = user}) == TRI_YES;
}

bool
pol_spares(const struct policy *pol, struct bytes exe)
{
	struct question q = {.known = 1u << QF_EXE, .exe = exe};

	for (const struct cond *c = pol->spare.first; c != NULL; c = c->next)
		if (cond_holds(c, &q) == TRI_YES)
			return true;
	return false;
}

bool
pol_is_ssh_port(const struct policy *pol, uint16_t port)
{
	return pol->ssh_port_bits[port / 8] >> port % 8 & 1;
}
