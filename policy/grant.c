/*
 * grant: what of a policy can be said at login.  The rules are walked once for each activity, with the facts
 * of the login, and all classes of addresses and ports at the same time: what a rule may decide is a set
 * of pairs of classes.  A pair is denied when every rule that may decide it refuses, so what is denied
 * stays denied whatever the facts turn out to be that no gate knows.
 */
#include "policy/space.h"

#define BIT(f) (1u << (f))
/* Known only when it happens. */
#define UNGRANTED (LATER_FACTS | BIT(QF_AS))

/* --- pairs of classes ------------------------------------------------------------------------- */

/* Where conditions hold, and where they may: of a class whose members differ, nobody knows. */
struct area {
	uint64_t addrs, may_addrs;
	uint64_t ports, may_ports;
};

static const struct area everywhere = {~0ull, ~0ull, ~0ull, ~0ull};

static void
narrow(uint64_t *yes, uint64_t *may, uint64_t holds, uint64_t blur, bool negate)
{
	if (negate)
		holds = ~holds;
	*yes &= holds & ~blur;
	*may &= holds | blur;
}

/* What is left of each port class, as a set of address classes. */
struct field {
	uint64_t left[POL_PORT_CLASSES];   /* no rule has surely decided yet */
	uint64_t passes[POL_PORT_CLASSES]; /* something that does not refuse may decide */
	uint64_t stops[POL_PORT_CLASSES];  /* something that stops may, in whatever mode */
};

static void
field_init(struct field *f)
{
	*f = (struct field){0};
	memset(f->left, 0xff, sizeof(f->left));
}

static bool
field_is_decided(const struct field *f)
{
	for (unsigned p = 0; p < POL_PORT_CLASSES; p++)
		if (f->left[p] != 0)
			return false;
	return true;
}

/* A rule: it may decide where it may hold, and where it holds for sure nothing after it is asked. */
static void
field_rule(struct field *f, const struct area *a, bool refuses, bool stops, bool sure)
{
	for (unsigned p = 0; p < POL_PORT_CLASSES; p++) {
		const uint64_t may = (a->may_ports >> p & 1) != 0 ? f->left[p] & a->may_addrs : 0;

		if (!refuses)
			f->passes[p] |= may;
		if (stops)
			f->stops[p] |= may;
		if (sure && (a->ports >> p & 1) != 0)
			f->left[p] &= ~a->addrs;
	}
}

/* --- rules ------------------------------------------------------------------------------------ */

struct walk {
	const struct policy *policy;
	const struct pol_space *space; /* NULL: it is a Unix socket */
	const struct question *question;
	struct rtime now; /* RTIME_NONE: not known */
	struct memo memo;
};

/* Of a Unix socket whose path is not known. */
static enum tri
socket_holds(const struct cond *c)
{
	const struct name_set *names = &c->test->names;

	if (names->in.nplain != 0 || names->in.nglobs != 0)
		return TRI_UNKNOWN;
	return c->negate ? TRI_YES : TRI_NO;
}

static uint64_t
owners_of(const struct test *t)
{
	uint64_t owners = 0;

	for (const struct value *v = t->values; v != NULL; v = v->next)
		owners |= 1ull << v->as.owner;
	return owners;
}

static enum tri
walk_cond(struct walk *w, const struct cond *c, struct area *a)
{
	const struct pol_space *s = w->space;

	if (c->fact == QF_TO && s == NULL)
		return socket_holds(c);
	if (c->fact == QF_OWNER && s == NULL)
		narrow(&a->addrs, &a->may_addrs, owners_of(c->test), 0, c->negate);
	else if (c->fact == QF_TO)
		narrow(&a->addrs, &a->may_addrs, s->addrs[c->test->id], s->addr_blur, c->negate);
	else if (c->fact == QF_PORT && s != NULL)
		narrow(&a->ports, &a->may_ports, s->port_bits[c->test->id], s->port_blur, c->negate);
	else
		return cond_holds_memo(&w->memo, c, w->question);
	return TRI_YES;
}

/* False: one of them does not hold. */
static bool
walk_conds(struct walk *w, const struct conds *conds, struct area *a, bool *sure)
{
	for (const struct cond *c = conds->first; c != NULL; c = c->next) {
		enum tri said = walk_cond(w, c, a);

		if (said == TRI_NO)
			return false;
		*sure = *sure && said == TRI_YES;
	}
	return true;
}

static void
walk_rule(struct walk *w, const struct rule *r, struct field *f)
{
	struct area a = everywhere;
	bool sure = r->until_text.n == 0 || w->now.ms != 0;

	if (rule_is_over(r, w->now))
		return;
	if (!walk_conds(w, &r->conds, &a, &sure))
		return;
	for (const struct block *b = r->block; b != NULL; b = b->parent)
		if (!walk_conds(w, &b->conds, &a, &sure))
			return;
	field_rule(f, &a, rule_refuses(w->policy, r), r->action > DO_ALERT, sure);
}

static void
walk_rules(const struct policy *pol, const struct pol_space *space, const struct question *q,
    struct field *f)
{
	struct walk w = {.policy = pol, .space = space, .question = q,
	    .now = (q->known & BIT(QF_TIME)) != 0 ? q->time : RTIME_NONE};
	const uint32_t *rules = pol->by_activity[q->activity];

	field_init(f);
	for (size_t i = 0; i < pol->nby_activity[q->activity] && !field_is_decided(f); i++)
		walk_rule(&w, pol->rules[rules[i]], f);
	/* What no rule matches is never refused. */
	for (unsigned p = 0; p < POL_PORT_CLASSES; p++)
		f->passes[p] |= f->left[p];
}

/* --- the grant -------------------------------------------------------------------------------- */

/* Returns how many are denied. */
static unsigned
grant_tcp(const struct policy *pol, const struct pol_space *space, const struct question *login,
    enum activity activity, enum pol_verdict out[POL_PORT_CLASSES][POL_ADDR_CLASSES])
{
	struct question q = *login;
	unsigned denied = 0;
	struct field f;

	q.activity = activity;
	walk_rules(pol, space, &q, &f);
	for (unsigned p = 0; p < POL_PORT_CLASSES; p++) {
		for (unsigned a = 0; a < POL_ADDR_CLASSES; a++) {
			out[p][a] = (f.passes[p] >> a & 1) != 0 ? POL_REPORT : POL_DENY;
			denied += out[p][a] == POL_DENY;
		}
	}
	return denied;
}

/* Owners stand where addresses do elsewhere.  Returns whether any is denied. */
static bool
grant_sockets(const struct policy *pol, const struct question *login, enum activity activity,
    enum owner first, enum owner last, enum pol_verdict out[OWNER_COUNT])
{
	struct question q = *login;
	bool denied = false;
	struct field f;

	q.activity = activity;
	q.known |= BIT(QF_PORT); /* a socket has none */
	q.port = 0;
	walk_rules(pol, NULL, &q, &f);
	for (unsigned o = first; o <= last; o++) {
		const bool passes = (f.passes[0] >> o & 1) != 0, stops = (f.stops[0] >> o & 1) != 0;

		out[o] = !passes ? POL_DENY : o == OWNER_SELF && !stops ? POL_ALLOW : POL_REPORT;
		denied = denied || out[o] == POL_DENY;
	}
	return denied;
}

/* What is whose nobody knows is never denied. */
static bool
grant_use(const struct policy *pol, const struct question *login, enum activity use, enum activity hijack,
    enum pol_verdict out[OWNER_COUNT])
{
	const bool own = grant_sockets(pol, login, use, OWNER_SELF, OWNER_SAME_LOGIN, out);
	const bool others = grant_sockets(pol, login, hijack, OWNER_SAME_USER, OWNER_OTHER, out);

	out[OWNER_UNKNOWN] = POL_REPORT;
	return own || others;
}

static const struct pol_grant *
nothing_denied(struct pol_grant *g)
{
	for (unsigned p = 0; p < POL_PORT_CLASSES; p++)
		for (unsigned a = 0; a < POL_ADDR_CLASSES; a++)
			g->ssh[p][a] = g->relay[p][a] = POL_REPORT;
	for (unsigned o = 0; o < OWNER_COUNT; o++)
		g->agent[o] = g->mux[o] = POL_REPORT;
	return g;
}

void
pol_grant_of(const struct policy *pol, const struct pol_space *space, const struct question *login,
    struct pol_grant *out)
{
	const unsigned all = POL_PORT_CLASSES * POL_ADDR_CLASSES;
	struct pol_grant g = {0};
	struct question q = *login;
	unsigned ssh, relay;
	bool agent, mux;

	q.known &= ~UNGRANTED;
	if (never_stop_holds(pol, &q) != TRI_NO) {
		*out = *nothing_denied(&g);
		return;
	}
	ssh = grant_tcp(pol, space, &q, ACT_OUTBOUND_SSH, g.ssh);
	relay = grant_tcp(pol, space, &q, ACT_RELAY, g.relay);
	agent = grant_use(pol, &q, ACT_AGENT_USE, ACT_AGENT_HIJACK, g.agent);
	mux = grant_use(pol, &q, ACT_MUX_USE, ACT_MUX_HIJACK, g.mux);
	g.no_destination = ssh == all;
	g.denies = ssh != 0 || relay != 0 || agent || mux;
	*out = g;
}

/* --- time ------------------------------------------------------------------------------------- */

static bool
has_hours(const struct conds *conds)
{
	for (const struct cond *c = conds->first; c != NULL; c = c->next)
		if (c->fact == QF_TIME)
			return true;
	return false;
}

bool
pol_has_time(const struct policy *pol)
{
	const uint32_t granted = TCP_ACTIVITIES | BIT(ACT_AGENT_USE) | BIT(ACT_AGENT_HIJACK) |
	    BIT(ACT_MUX_USE) | BIT(ACT_MUX_HIJACK);

	for (size_t i = 0; i < pol->nrules; i++) {
		const struct rule *r = pol->rules[i];
		bool hangs = r->until_text.n != 0 || has_hours(&r->conds);

		if ((r->activities & granted) == 0)
			continue;
		for (const struct block *b = r->block; b != NULL; b = b->parent)
			hangs = hangs || has_hours(&b->conds);
		if (hangs)
			return true;
	}
	return false;
}
