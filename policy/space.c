/*
 * space: which addresses, and which ports, the rules about connections can tell from each other.  Made
 * once for a policy; afterwards only read.
 */
#include "policy/space.h"

#include <sshtether/limits.h>
#include <stdlib.h>

#include "policy/cover.h"

struct surveyor {
	const struct policy *policy;
	const struct addr *own;
	size_t nown;
	bool *seen; /* by test */
	struct overlay v4, v6, ports;
	struct classes addr_classes, port_classes;
};

/* --- what the rules ask ----------------------------------------------------------------------- */

static void
add_addr(struct surveyor *s, uint32_t test, struct addr a)
{
	overlay_add(a.family == 4 ? &s->v4 : &s->v6, test, a.b, a.b);
}

static void
put4(uint32_t v, uint8_t out[4])
{
	for (unsigned i = 0; i < 4; i++)
		out[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void
add_set(struct surveyor *s, uint32_t test, const struct addr_set *set)
{
	for (size_t i = 0; i < set->n4; i++) {
		uint8_t lo[4], hi[4];

		put4(set->v4[i].lo, lo);
		put4(set->v4[i].hi, hi);
		overlay_add(&s->v4, test, lo, hi);
	}
	for (size_t i = 0; i < set->n6; i++)
		overlay_add(&s->v6, test, set->v6[i].lo, set->v6[i].hi);
}

/* Loopback, what means loopback, and what the caller says. */
static void
add_self(struct surveyor *s, uint32_t test)
{
	static const uint8_t loopback[2][4] = {{127}, {127, 255, 255, 255}};
	static const struct addr others[] = {
	    {.family = 4}, {.family = 6}, {.family = 6, .b = {[15] = 1}}};

	overlay_add(&s->v4, test, loopback[0], loopback[1]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		add_addr(s, test, others[i]);
	for (size_t i = 0; i < s->nown; i++)
		if (s->own[i].family != 0)
			add_addr(s, test, s->own[i]);
}

static void
add_test(struct surveyor *s, const struct test *t)
{
	if (t->fact == QF_PORT) {
		for (const struct value *v = t->values; v != NULL; v = v->next) {
			const struct ports p = v->as.ports;
			const uint8_t lo[2] = {(uint8_t)(p.lo >> 8), (uint8_t)p.lo};
			const uint8_t hi[2] = {(uint8_t)(p.hi >> 8), (uint8_t)p.hi};

			overlay_add(&s->ports, t->id, lo, hi);
		}
		return;
	}
	add_set(s, t->id, &t->addrs);
	for (size_t i = 0; i < t->ntables; i++)
		add_set(s, t->id, &t->tables[i]->addrs);
	if (t->self)
		add_self(s, t->id);
}

static void
survey_conds(struct surveyor *s, const struct conds *conds)
{
	for (const struct cond *c = conds->first; c != NULL; c = c->next) {
		if ((c->fact != QF_TO && c->fact != QF_PORT) || s->seen[c->test->id])
			continue;
		s->seen[c->test->id] = true;
		add_test(s, c->test);
	}
}

static void
survey(struct surveyor *s)
{
	for (size_t i = 0; i < s->policy->nrules; i++) {
		const struct rule *r = s->policy->rules[i];

		if ((r->activities & TCP_ACTIVITIES) == 0)
			continue;
		survey_conds(s, &r->conds);
		for (const struct block *b = r->block; b != NULL; b = b->parent)
			survey_conds(s, &b->conds);
	}
}

/* --- addresses -------------------------------------------------------------------------------- */

/*
 * ::ffff:0:0/96 is IPv4 to everybody who asks, and in a table that holds both families the prefix of all
 * of IPv4 stands there.
 */
static size_t
drop_mapped(struct pol_prefix *list, size_t n)
{
	static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff};
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (list[i].prefix.bits < 96 || memcmp(list[i].prefix.addr.b, mapped, 12) != 0)
			list[kept++] = list[i];
	return kept;
}

/* IPv6 first: where it has prefixes, one of them may cover what stands for IPv4, which then has its own. */
static bool
make_prefixes(struct surveyor *s, struct pol_space *out)
{
	struct cover c = {.max = POL_PREFIXES};

	cover_add(&c, 6, s->v6.stretches, s->v6.nstretches, 0);
	c.n = drop_mapped(c.list, c.n);
	cover_add(&c, 4, s->v4.stretches, s->v4.nstretches, c.n == 0 ? 0 : COVER_NOTHING);
	out->prefixes = c.list;
	out->nprefixes = c.n;
	if (c.too_many) {
		out->nprefixes = 0; /* all is class 0, and nothing is told apart */
		out->addr_blur |= 1;
	}
	return !c.failed || c.too_many;
}

static bool
classify_addrs(struct surveyor *s, struct pol_space *out)
{
	if (!overlay_classify(&s->v4, &s->addr_classes) || !overlay_classify(&s->v6, &s->addr_classes))
		return false;
	out->addr_blur = s->addr_classes.blur;
	return make_prefixes(s, out);
}

/* --- ports ------------------------------------------------------------------------------------ */

static struct pol_ports
ports_at(const struct surveyor *s, const struct stretch *class, unsigned port)
{
	return (struct pol_ports){.lo = (uint16_t)port, .hi = (uint16_t)port, .port_class = class->class,
	    .ssh = pol_is_ssh_port(s->policy, (uint16_t)port)};
}

/* Ranges of ports alike, but those that are nothing special; returns how many. */
static size_t
make_ports(const struct surveyor *s, struct pol_ports *list)
{
	const struct stretch *at = s->ports.stretches, *end = at + s->ports.nstretches;
	struct pol_ports open = ports_at(s, at, 0);
	size_t n = 0;

	for (unsigned port = 1; port <= 65536; port++) {
		struct pol_ports next;

		while (at + 1 < end && port >= (unsigned)(at[1].from[0] << 8 | at[1].from[1]))
			at++;
		next = ports_at(s, at, port & 0xffff);
		if (port < 65536 && next.port_class == open.port_class && next.ssh == open.ssh) {
			open.hi = next.hi;
			continue;
		}
		if (open.port_class != 0 || open.ssh)
			list[n++] = open;
		open = next;
	}
	return n;
}

static bool
classify_ports(struct surveyor *s, struct pol_space *out)
{
	/* A range of SSH ports begins two: itself, and what is behind it. */
	const size_t nssh = s->policy->ssh_ports.n != 0 ? s->policy->ssh_ports.n : 1;

	if (!overlay_classify(&s->ports, &s->port_classes))
		return false;
	out->port_blur = s->port_classes.blur;
	out->ports = calloc(s->ports.nstretches + 2 * nssh, sizeof(*out->ports));
	if (out->ports == NULL)
		return false;
	out->nports = make_ports(s, out->ports);
	return true;
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool
make(struct surveyor *s, struct pol_space *out)
{
	const size_t n = s->policy->ntests + 1;
	uint32_t *open = calloc(n, sizeof(*open));
	bool ok = false;

	s->seen = calloc(n, sizeof(*s->seen));
	out->addrs = calloc(n, sizeof(*out->addrs));
	out->port_bits = calloc(n, sizeof(*out->port_bits));
	if (open == NULL || s->seen == NULL || out->addrs == NULL || out->port_bits == NULL)
		goto out;
	s->addr_classes = (struct classes){.max = POL_ADDR_CLASSES, .holds = out->addrs, .open = open,
	    .ntests = n};
	s->port_classes = (struct classes){.max = POL_PORT_CLASSES, .holds = out->port_bits,
	    .open = open, .ntests = n};
	survey(s);
	ok = classify_addrs(s, out) && classify_ports(s, out);
out:
	free(open);
	free(s->seen);
	return ok;
}

struct pol_space *
pol_space_new(const struct policy *pol, const struct addr *own, size_t nown)
{
	struct surveyor s = {.policy = pol, .own = own, .nown = nown,
	    .v4 = {.width = 4, .max = ST_POLICY_EDGES}, .v6 = {.width = 16, .max = ST_POLICY_EDGES},
	    .ports = {.width = 2, .max = ST_POLICY_EDGES}};
	struct pol_space *space = calloc(1, sizeof(*space));

	if (space != NULL && !make(&s, space))
		pol_space_free(&space);
	overlay_free(&s.v4);
	overlay_free(&s.v6);
	overlay_free(&s.ports);
	return space;
}

void
pol_space_free(struct pol_space **space)
{
	if (*space != NULL) {
		free((*space)->addrs);
		free((*space)->port_bits);
		free((*space)->prefixes);
		free((*space)->ports);
	}
	free(*space);
	*space = NULL;
}

const struct pol_prefix *
pol_space_prefixes(const struct pol_space *space, size_t *n)
{
	*n = space->nprefixes;
	return space->prefixes;
}

const struct pol_ports *
pol_space_ports(const struct pol_space *space, size_t *n)
{
	*n = space->nports;
	return space->ports;
}

bool
pol_space_blurred(const struct pol_space *space)
{
	return space->addr_blur != 0 || space->port_blur != 0;
}
