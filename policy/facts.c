/*
 * facts: what an expect line (or a question on the command line) states, into a question.  A fact
 * is one thing and not a pattern; an empty string says that it is known to be absent.
 */
#include "policy/hours.h"
#include "policy/parse.h"

static bool
is_pattern(struct bytes t)
{
	return t.n != 0 && (memchr(t.p, '*', t.n) != NULL || memchr(t.p, '?', t.n) != NULL);
}

static bool
is_list(enum pol_fact fact)
{
	return fact == QF_GROUP || fact == QF_PRINCIPAL || fact == QF_ON;
}

/* { self, 192.0.2.1 }: an address of this host, and which. */
static bool
is_own_address(const struct cond *c)
{
	const struct value *v = c->values.first;

	return c->fact == QF_TO && c->values.n == 2 && v->kind == VAL_TEXT && !v->quoted && bytes_is(v->text, "self");
}

/* What every fact must be, whatever it says. */
static bool
is_fact(struct parser *p, const struct cond *c)
{
	const struct value *v = c->values.first;
	struct span at = v != NULL ? value_span(v, p->lexer.src) : c->at;

	if (v == NULL)
		return false;
	if (c->negate)
		diag_error(p->diag, c->at, "a fact cannot be negated");
	else if (c->values.n > 1 && !is_list(c->fact) && !is_own_address(c))
		diag_error(p->diag, at, "this fact is one thing, not a list");
	else
		return true;
	return false;
}

static bool
is_literal(struct parser *p, const struct value *v)
{
	if (v->kind == VAL_TABLE || v->negate)
		diag_error(p->diag, value_span(v, p->lexer.src), "a fact is one thing: no <table>, no '!'");
	else if (is_pattern(v->text))
		diag_error(p->diag, value_span(v, p->lexer.src), "a fact is one thing, not a pattern");
	else
		return !v->wrong;
	return false;
}

static bool
is_text(struct parser *p, enum pol_fact fact, const struct value *v)
{
	if (v->kind != VAL_UNIX || fact == QF_TO)
		return true;
	diag_error(p->diag, value_span(v, p->lexer.src), "'unix' belongs to the condition 'to'");
	return false;
}

/* Every value of the list but an empty string. */
static bool
list_fact(struct parser *p, const struct cond *c, const struct bytes **out, size_t *n)
{
	struct bytes *list = arena_array(&p->policy->arena, c->values.n, sizeof(*list));
	size_t used = 0;

	if (list == NULL)
		return false;
	for (const struct value *v = c->values.first; v != NULL; v = v->next) {
		if (!is_text(p, c->fact, v) || !is_literal(p, v))
			return false;
		if (v->text.n != 0)
			list[used++] = v->text;
	}
	*out = list;
	*n = used;
	return true;
}

static bool
address_fact(struct parser *p, const struct value *v, struct addr *out)
{
	struct prefix prefix;

	if (v->text.n == 0)
		return true;
	if (!value_prefix(p->diag, value_span(v, p->lexer.src), v->text, &prefix))
		return false;
	*out = prefix.addr;
	if (prefix.bits == (prefix.addr.family == 4 ? 32 : 128))
		return true;
	diag_error(p->diag, value_span(v, p->lexer.src), "a fact is one address, not a network");
	return false;
}

static bool
to_fact(struct parser *p, const struct value *v, struct question *q)
{
	if (v->kind == VAL_UNIX) {
		q->to_kind = TO_UNIX;
		q->to_unix = v->text;
		q->known |= 1u << QF_PORT; /* it has none */
		return true;
	}
	if (!v->quoted && bytes_is(v->text, "self")) {
		q->to_kind = TO_SELF;
		return v->next == NULL || address_fact(p, v->next, &q->to_addr);
	}
	if (!address_fact(p, v, &q->to_addr))
		return false;
	if (q->to_addr.family != 0)
		q->to_kind = addr_is_loopback(q->to_addr) ? TO_SELF : TO_ADDR;
	return true;
}

static bool
port_fact(struct parser *p, struct value *v, struct question *q)
{
	if (v->quoted && v->text.n == 0)
		return true;
	value_resolve(p, p->lexer.src, QF_PORT, v);
	if (!v->wrong && v->as.ports.lo != v->as.ports.hi) {
		diag_error(p->diag, value_span(v, p->lexer.src), "a fact is one port, not a range");
		v->wrong = true;
	}
	if (!v->wrong)
		q->port = v->as.ports.lo;
	return !v->wrong;
}

static bool
time_fact(struct parser *p, const struct value *v, struct question *q)
{
	if (moment_parse(v->text, &q->time))
		return true;
	diag_error(p->diag, value_span(v, p->lexer.src), "this is not a moment");
	diag_help(p->diag, "for example: hours 2026-11-23T09:30");
	return false;
}

static bool
owner_fact(struct parser *p, struct value *v, struct question *q)
{
	if (v->quoted && v->text.n == 0)
		return true;
	value_resolve(p, p->lexer.src, QF_OWNER, v);
	if (!v->wrong)
		q->owner = v->as.owner;
	return !v->wrong;
}

/*
 * A list without a scope is as print_question() has it: the host and then its roles; one name alone may be either.
 */
static bool
on_fact(struct parser *p, const struct cond *c, struct question *q)
{
	const struct bytes *names;
	size_t n;

	if (!list_fact(p, c, &names, &n))
		return false;
	if (c->scope == ON_HOST && n > 1) {
		diag_error(p->diag, c->at, "a host has one name");
		return false;
	}
	if (c->scope != ON_ROLE && n > 0)
		q->host = names[0];
	if (c->scope == ON_HOST)
		return true;
	q->roles = c->scope == ON_EITHER && n > 1 ? names + 1 : names;
	q->nroles = c->scope == ON_EITHER && n > 1 ? n - 1 : n;
	return true;
}

static bool
one_fact(struct parser *p, struct question *q, const struct cond *c)
{
	struct value *v = c->values.first;
	size_t offset;

	if (c->fact == QF_GROUP)
		return list_fact(p, c, &q->groups, &q->ngroups);
	if (c->fact == QF_PRINCIPAL)
		return list_fact(p, c, &q->principals, &q->nprincipals);
	if (c->fact == QF_ON)
		return on_fact(p, c, q);
	if (!is_text(p, c->fact, v) || !is_literal(p, v))
		return false;
	if (fact_is_string(c->fact, &offset)) {
		*(struct bytes *)(void *)((char *)q + offset) = v->text;
		return true;
	}
	return c->fact == QF_ORIGIN ? address_fact(p, v, &q->origin) :
	    c->fact == QF_TO        ? to_fact(p, v, q) :
	    c->fact == QF_PORT      ? port_fact(p, v, q) :
	    c->fact == QF_TIME      ? time_fact(p, v, q) :
	                              owner_fact(p, v, q);
}

void
facts_apply(struct parser *p, struct question *q, const struct conds *facts)
{
	bool given[QF_COUNT][ON_ROLE + 1] = {{false}};

	for (const struct cond *c = facts->first; c != NULL; c = c->next) {
		uint32_t bit = 1u << c->fact;
		bool twice = given[c->fact][c->scope] ||
		    ((q->known & bit) != 0 && (c->scope == ON_EITHER || given[c->fact][ON_EITHER]));

		given[c->fact][c->scope] = true;
		if (twice)
			diag_error(p->diag, c->at, "this fact is given twice");
		else if (q->activity == ACT_LOGIN && (LATER_FACTS & bit) != 0)
			diag_error(p->diag, c->at, "a login does not have this yet");
		else if (is_fact(p, c))
			one_fact(p, q, c);
		q->known |= bit;
	}
	if (q->activity == ACT_LOGIN)
		q->known |= LATER_FACTS;
}
