/*
 * Grants against pol_ask(), on random policies and questions (seeded).  What a grant denies, every full
 * question must find refused, whatever it says of the facts that no gate knows; and where nothing hangs on
 * such facts, nothing that is refused may be left out.  Classes against plain membership, at the borders
 * of every prefix.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "policy/tree.h"
#include "tests/unit/grant_kit.h"
#include "tests/unit/policy_kit.h"

#define BIT(f)     (1u << (f))
#define PICK(list) (list)[(size_t)rand() % (sizeof(list) / sizeof((list)[0]))]

/* --- a policy --------------------------------------------------------------------------------- */

/* More networks and ports than there are classes for. */
static bool crowded;

static struct addr
random_addr(void)
{
	static const char *const some[] = {"10.1.2.3", "10.1.2.2", "10.1.3.1", "10.9.9.9", "192.0.2.1",
	    "192.0.2.77", "198.51.100.1", "127.0.0.1", "127.9.9.9", "0.0.0.0", "::", "::1", "2001:db8::1",
	    "2001:db8:1::1", "2001:db8:1:2::3", "fe80::1", "fd00::1", "255.255.255.255"};
	struct addr a = kit_addr(PICK(some));

	if (crowded && rand() % 2)
		a = (struct addr){.family = 4, .b = {rand() % 2 ? 10 : 192, (uint8_t)(rand() % 4),
		    (uint8_t)(rand() % 64), (uint8_t)rand()}};
	else if (rand() % 3 == 0)
		a.b[a.family == 4 ? 3 : 15] = (uint8_t)rand();
	return a;
}

static const char *const networks[] = {"10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3", "10.1.2.2/31",
    "192.0.2.0/24", "192.0.2.64/26", "0.0.0.0/0", "128.0.0.0/1", "::/0", "2001:db8::/32", "2001:db8:1::/48",
    "2001:db8:1:2::3", "fd00::/8", "::1", "::/16", "::fffe:0:0/96", "8000::/1", "127.0.0.1",
    "0.0.0.0", "255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
static const char *const users[] = {"alice", "bob", "carol"};
static const char *const groups[] = {"staff", "ops", "wheel"};
static const char *const programs[] = {"/usr/bin/ssh", "/usr/bin/git", "/tmp/x"};
static const char *const ports[] = {"22", "20-30", "2222", "1-65535", "{ 22, 443 }", "443", "1-21", "65535"};
static const char *const owners[] = {"self", "same-login", "same-user", "other"};
static const char *const sockets[] = {"/tmp/ssh-1/agent.2", "/run/x"};
static const char *const ways[] = {"tmux", "at"};
static const char *const hours[] = {"08:00-18:00", "mon-fri"};
static const char *const verbs[] = {"record", "pass", "alert", "block", "block", "block", "terminate",
    "isolate", "revoke-agent", "terminate all"};
static const char *const acts[] = {"outbound-ssh", "relay", "agent-use", "agent-hijack", "mux-use",
    "mux-hijack", "listen"};

static void
put_network(struct buf *out)
{
	if (crowded && rand() % 4)
		buf_printf(out, "%d.%d.%d.0/24", rand() % 2 ? 10 : 192, rand() % 4, rand() % 64);
	else
		buf_puts(out, PICK(networks));
}

static void
put_port(struct buf *out)
{
	if (crowded && rand() % 2)
		buf_printf(out, "port %d", 20 + rand() % 20);
	else
		buf_printf(out, "port %s", PICK(ports));
}

static void
put_to(struct buf *out)
{
	unsigned n = 1 + (unsigned)rand() % 3;

	buf_puts(out, n > 1 ? "to { " : "to ");
	for (unsigned i = 0; i < n; i++) {
		buf_puts(out, i > 0 ? ", " : "");
		if (rand() % 6 == 0)
			buf_puts(out, "self");
		else if (rand() % 4 == 0)
			buf_printf(out, "<t%d>", rand() % 3);
		else
			put_network(out);
	}
	buf_puts(out, n > 1 ? " }" : "");
}

/* later: also of what is known only when it happens. */
static void
put_cond(bool later, struct buf *out)
{
	buf_printf(out, " %s", rand() % 4 == 0 ? "!" : "");
	switch (rand() % (later ? 13 : 7)) {
	case 0:
		buf_printf(out, "user %s", PICK(users));
		break;
	case 1:
		buf_printf(out, "group %s", PICK(groups));
		break;
	case 2:
		buf_printf(out, "origin %s", PICK(networks));
		break;
	case 3:
		put_port(out);
		break;
	case 4:
		buf_printf(out, "hours %s", PICK(hours));
		break;
	case 7:
		buf_printf(out, "exe \"%s\"", PICK(programs));
		break;
	case 8:
		buf_printf(out, "parent \"%s\"", PICK(programs));
		break;
	case 9:
		buf_printf(out, "as %s", PICK(users));
		break;
	case 10:
		buf_printf(out, "via %s", PICK(ways));
		break;
	case 11:
		buf_printf(out, "owner %s", PICK(owners));
		break;
	case 12:
		buf_printf(out, "to unix \"%s\"", PICK(sockets));
		break;
	default:
		put_to(out);
	}
}

static void
put_rule(bool later, struct buf *out)
{
	unsigned n = (unsigned)rand() % 4;

	buf_printf(out, "%s", PICK(verbs));
	if (rand() % 4 == 0)
		buf_puts(out, " any");
	else
		buf_printf(out, " %s, %s", acts[rand() % 3], acts[3 + rand() % 4]);
	for (unsigned i = 0; i < n; i++)
		put_cond(later, out);
	if (rand() % 6 == 0)
		buf_printf(out, " mode %s", rand() % 2 ? "audit" : "enforce");
	if (rand() % 12 == 0)
		buf_puts(out, rand() % 2 ? " until 2020-01-01" : " until 2099-01-01");
	buf_putc(out, '\n');
}

static void
put_policy(bool later, unsigned nrules, struct buf *out)
{
	unsigned depth = 0;

	buf_printf(out, "mode %s\n", rand() % 4 ? "enforce" : "audit");
	if (rand() % 2)
		buf_puts(out, "ssh-ports { 22, 2200-2299 }\n");
	if (rand() % 8 == 0)
		buf_printf(out, "never-stop %s\n", rand() % 2 ? "user alice" : "group wheel");
	for (int t = 0; t < 3; t++) {
		buf_printf(out, "table <t%d> { ", t);
		for (int i = rand() % 4; i >= 0; i--)
			buf_printf(out, "%s%s%s", rand() % 3 == 0 ? "!" : "", PICK(networks), i > 0 ? ", " : "");
		buf_puts(out, " }\n");
	}
	for (unsigned i = 0; i < nrules; i++) {
		if (rand() % 5 == 0 && depth < 3) {
			buf_puts(out, "match");
			put_cond(later, out);
			buf_puts(out, " {\n");
			depth++;
		} else if (rand() % 4 == 0 && depth > 0) {
			buf_puts(out, "}\n");
			depth--;
		}
		put_rule(later, out);
	}
	while (depth-- > 0)
		buf_puts(out, "}\n");
}

/* --- questions -------------------------------------------------------------------------------- */

static const char *const own_text[] = {"192.0.2.1", "2001:db8:1:2::3"};
#define NOWN 2

struct room {
	struct bytes group[3];
	struct addr own[NOWN];
};

static void
room_init(struct room *r)
{
	for (size_t i = 0; i < NOWN; i++)
		r->own[i] = kit_addr(own_text[i]);
}

static bool
is_own(const struct room *r, struct addr a)
{
	return addr_is_loopback(a) || addr_is_any(a) || addr_eq(a, r->own[0]) || addr_eq(a, r->own[1]);
}

static void
set_login(struct question *q, struct room *r)
{
	*q = (struct question){.user = bytes_of(PICK(users)), .origin = random_addr(),
	    .time = {.ms = (int64_t)(1790000000 + rand() % 1000000) * 1000}, .groups = r->group};
	q->ngroups = (size_t)rand() % 3;
	for (size_t i = 0; i < q->ngroups; i++)
		r->group[i] = bytes_of(PICK(groups));
	q->known = BIT(QF_USER) | BIT(QF_GROUP) | BIT(QF_ORIGIN) | BIT(QF_TIME);
}

/* What only the moment shows, whatever it is. */
static void
set_moment(struct question *q)
{
	q->exe = bytes_of(PICK(programs));
	q->parent = bytes_of(PICK(programs));
	q->as = bytes_of(PICK(users));
	q->via = rand() % 2 ? bytes_of(PICK(ways)) : BYTES_NONE;
	q->owner = (enum owner)(rand() % OWNER_COUNT);
	q->known = BIT(QF_COUNT) - 1;
}

static void
set_destination(struct question *q, const struct room *r, struct addr to, uint16_t port)
{
	q->to_kind = is_own(r, to) ? TO_SELF : TO_ADDR;
	q->to_addr = to;
	q->port = port;
}

static bool
refused(const struct policy *pol, const struct question *q)
{
	struct decision d;

	pol_ask(pol, q, &d);
	assert_false(d.undetermined);
	return d.action > DO_ALERT && d.mode == MODE_ENFORCE && !d.never_stop;
}

struct trial {
	const struct policy *policy;
	const struct pol_space *space;
	const char *text;
	struct room room;
	bool exact; /* nothing hangs on the moment, every fact of the login is known */
};

static void
try_tcp(struct trial *t, const struct question *login, const struct pol_grant *g, enum activity a,
    struct addr to, uint16_t port)
{
	struct question q = *login;
	char name[ADDR_STRLEN];
	unsigned ac = kit_addr_class(t->space, to), pc;
	enum pol_verdict v;
	bool ssh, stop;

	pc = kit_port_class(t->space, port, &ssh);
	assert_int_equal(ssh, pol_is_ssh_port(t->policy, port));
	v = a == ACT_RELAY ? g->relay[pc][ac] : g->ssh[pc][ac];
	assert_int_not_equal(v, POL_ALLOW);
	q.activity = a;
	set_moment(&q);
	set_destination(&q, &t->room, to, port);
	stop = refused(t->policy, &q);
	if (v == POL_DENY && !stop)
		fail_msg("denied, and yet allowed: %s %s port %u\n%s", activity_info(a)->name,
		    addr_str(to, name), port, t->text);
	if (stop && v != POL_DENY && t->exact && !pol_space_blurred(t->space))
		fail_msg("refused, and not denied: %s %s port %u\n%s", activity_info(a)->name,
		    addr_str(to, name), port, t->text);
	if (a == ACT_OUTBOUND_SSH && g->no_destination)
		assert_true(stop);
}

static void
try_socket(struct trial *t, const struct question *login, const struct pol_grant *g, bool mux, enum owner o)
{
	enum pol_verdict v = mux ? g->mux[o] : g->agent[o];
	bool own = o == OWNER_SELF || o == OWNER_SAME_LOGIN, stop;
	struct question q = *login;

	q.activity = mux ? (own ? ACT_MUX_USE : ACT_MUX_HIJACK) : own ? ACT_AGENT_USE : ACT_AGENT_HIJACK;
	set_moment(&q);
	q.owner = o;
	q.to_kind = TO_UNIX;
	q.to_unix = bytes_of(PICK(sockets));
	stop = refused(t->policy, &q);
	if (v == POL_DENY && !stop)
		fail_msg("denied, and yet allowed: %s\n%s", activity_info(q.activity)->name, t->text);
	if (stop && v == POL_ALLOW)
		fail_msg("refused, and not told: %s\n%s", activity_info(q.activity)->name, t->text);
	if (stop && v != POL_DENY && t->exact)
		fail_msg("refused, and not denied: %s\n%s", activity_info(q.activity)->name, t->text);
}

static unsigned
try_login(struct trial *t)
{
	static const uint16_t some_ports[] = {22, 23, 2222, 443, 21, 31, 1, 65535, 2299, 2300};
	struct question login;
	struct pol_grant g;
	unsigned denied = 0;

	set_login(&login, &t->room);
	if (!t->exact)
		login.known &= (uint32_t)rand();
	pol_grant_of(t->policy, t->space, &login, &g);
	for (unsigned i = 0; i < 30; i++) {
		enum activity a = rand() % 2 ? ACT_RELAY : ACT_OUTBOUND_SSH;

		try_tcp(t, &login, &g, a, random_addr(), PICK(some_ports));
	}
	for (unsigned o = OWNER_SELF; o < OWNER_COUNT; o++) {
		try_socket(t, &login, &g, false, (enum owner)o);
		try_socket(t, &login, &g, true, (enum owner)o);
	}
	assert_int_not_equal(g.agent[OWNER_UNKNOWN], POL_DENY);
	for (unsigned p = 0; p < POL_PORT_CLASSES; p++)
		for (unsigned a = 0; a < POL_ADDR_CLASSES; a++)
			denied += g.ssh[p][a] == POL_DENY || g.relay[p][a] == POL_DENY;
	assert_true(denied == 0 || g.denies);
	return denied;
}

struct tally {
	unsigned denied, blurred;
};

static void
try_policy(struct trial *t, unsigned nrules, struct tally *tally)
{
	struct buf text = BUF_INIT;
	struct policy *pol;
	struct pol_space *space;

	put_policy(!t->exact, nrules, &text);
	pol = kit_policy(text.p);
	room_init(&t->room);
	space = pol_space_new(pol, t->room.own, NOWN);
	assert_non_null(space);
	t->policy = pol;
	t->space = space;
	t->text = text.p;
	for (int i = 0; i < 5; i++)
		tally->denied += try_login(t);
	tally->blurred += pol_space_blurred(space);
	pol_space_free(&space);
	pol_free(&pol);
	buf_free(&text);
}

static void
denied_is_refused(void **state)
{
	struct tally tally = {0};

	(void)state;
	srand(11);
	for (int round = 0; round < 3000; round++) {
		struct trial t = {.exact = round % 2 == 0};

		try_policy(&t, 1 + (unsigned)rand() % 15, &tally);
	}
	assert_true(tally.denied > 1000);
}

/* Where there are more classes than a grant holds. */
static void
blurred_is_never_wrong(void **state)
{
	struct tally tally = {0};

	(void)state;
	srand(13);
	crowded = true;
	for (int round = 0; round < 300; round++) {
		struct trial t = {.exact = round % 2 == 0};

		try_policy(&t, 60 + (unsigned)rand() % 60, &tally);
	}
	crowded = false;
	assert_true(tally.blurred > 100);
	assert_true(tally.denied > 1000);
}

/* --- classes ---------------------------------------------------------------------------------- */

/* Which conditions hold for the address: a line of 0 and 1. */
static void
membership(const struct policy *pol, const struct room *room, struct addr a, uint16_t port, struct buf *out)
{
	struct question q = {.known = BIT(QF_TO) | BIT(QF_PORT)};

	set_destination(&q, room, a, port);
	buf_reset(out);
	for (const struct rule *r = pol->first_rule; r != NULL; r = r->next) {
		if ((r->activities & (BIT(ACT_OUTBOUND_SSH) | BIT(ACT_RELAY))) == 0)
			continue;
		for (const struct cond *c = r->conds.first; c != NULL; c = c->next)
			if (c->fact == QF_TO || c->fact == QF_PORT)
				buf_putc(out, cond_holds(c, &q) == TRI_YES ? '1' : '0');
		for (const struct block *b = r->block; b != NULL; b = b->parent)
			for (const struct cond *c = b->conds.first; c != NULL; c = c->next)
				if (c->fact == QF_TO || c->fact == QF_PORT)
					buf_putc(out, cond_holds(c, &q) == TRI_YES ? '1' : '0');
	}
	buf_putc(out, '\0');
}

/* One more or one less, as a number; at an end it stays. */
static struct addr
beside(struct addr a, bool up)
{
	unsigned n = a.family == 4 ? 4 : 16;
	struct addr was = a;

	for (unsigned i = n; i-- > 0;) {
		a.b[i] = (uint8_t)(up ? a.b[i] + 1 : a.b[i] - 1);
		if (a.b[i] != (up ? 0 : 0xff))
			return a;
	}
	return was;
}

static struct addr
last_of(const char *network)
{
	struct prefix p;

	assert_true(prefix_parse(bytes_of(network), &p));
	for (unsigned i = p.bits; i < (p.addr.family == 4 ? 32u : 128u); i++)
		p.addr.b[i / 8] = (uint8_t)(p.addr.b[i / 8] | 0x80u >> i % 8);
	return p.addr;
}

static struct addr
first_of(const char *network)
{
	struct prefix p;

	assert_true(prefix_parse(bytes_of(network), &p));
	return p.addr;
}

/* Two addresses of one class are members of the same conditions, and the other way round. */
static void
classes_are_memberships(void **state)
{
	(void)state;
	srand(12);
	for (int round = 0; round < 1500; round++) {
		struct buf text = BUF_INIT, of_class[POL_ADDR_CLASSES] = {{0}}, here = BUF_INIT;
		struct policy *pol;
		struct pol_space *space;
		struct room room;

		room_init(&room);
		put_policy(false, 1 + (unsigned)rand() % 12, &text);
		pol = kit_policy(text.p);
		space = pol_space_new(pol, room.own, NOWN);
		assert_non_null(space);
		for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]) * 4 + NOWN; i++) {
			const char *net = networks[i / 4 % (sizeof(networks) / sizeof(networks[0]))];
			struct addr a = i % 4 == 0 ? first_of(net) :
			    i % 4 == 1             ? last_of(net) :
			    i % 4 == 2             ? beside(first_of(net), false) :
			                             beside(last_of(net), true);
			unsigned class;
			char name[ADDR_STRLEN];

			/* What is beside ::fffe:ffff:ffff is an IPv4 address. */
			a = kit_addr(addr_str(a, name));
			class = kit_addr_class(space, a);
			membership(pol, &room, a, 1, &here);
			if (of_class[class].n == 0)
				buf_putb(&of_class[class], buf_bytes(&here));
			for (unsigned c = 0; c < POL_ADDR_CLASSES && !pol_space_blurred(space); c++)
				if (of_class[c].n != 0 && (c == class) != (strcmp(of_class[c].p, here.p) == 0))
					fail_msg("%s is of class %u, and %u\n%s", addr_str(a, name), class, c,
					    text.p);
		}
		for (unsigned c = 0; c < POL_ADDR_CLASSES; c++)
			buf_free(&of_class[c]);
		pol_space_free(&space);
		pol_free(&pol);
		buf_free(&text);
		buf_free(&here);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(denied_is_refused),
	    cmocka_unit_test(blurred_is_never_wrong),
	    cmocka_unit_test(classes_are_memberships),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
