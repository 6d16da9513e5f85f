/*
 * fuzz_grant: any bytes as a policy; of what loads, grants for a few logins.  What a grant denies, a
 * question with every fact must find refused; without a rule that stops something nothing is denied; and
 * classes, prefixes and ports are within their bounds.
 */
#include <errno.h>
#include <stdlib.h>

#include "policy/policy.h"
#include "tests/fuzz/fuzz.h"

#define MUST(x) do { if (!(x)) abort(); } while (0)
#define BIT(f)  (1u << (f))

static const struct addr addrs[] = {{.family = 4, .b = {10, 1, 2, 3}}, {.family = 4, .b = {127, 0, 0, 1}},
    {.family = 4}, {.family = 4, .b = {192, 0, 2, 1}}, {.family = 4, .b = {255, 255, 255, 255}},
    {.family = 6, .b = {0x20, 1, 0xd, 0xb8, [15] = 1}}, {.family = 6, .b = {[15] = 1}}, {.family = 6},
    {.family = 6, .b = {0xfe, 0x80, [15] = 9}}};
static const uint16_t ports[] = {22, 2222, 1, 443, 65535};
#define LEN(list) (sizeof(list) / sizeof((list)[0]))

/* IPv4 as IPv4-mapped IPv6, as it stands in the kernel's table. */
static struct addr
mapped(struct addr a)
{
	struct addr m = {.family = 6, .b = {[10] = 0xff, [11] = 0xff}};

	memcpy(m.b + 12, a.b, 4);
	return a.family == 4 ? m : a;
}

static unsigned
class_of(const struct pol_space *space, struct addr a)
{
	const struct pol_prefix *list;
	unsigned class = 0;
	int longest = -1;
	size_t n;

	list = pol_space_prefixes(space, &n);
	MUST(n <= POL_PREFIXES);
	for (size_t i = 0; i < n; i++) {
		struct prefix p = list[i].prefix;
		int bits = p.bits + (p.addr.family == 4 ? 96 : 0);

		MUST(list[i].addr_class < POL_ADDR_CLASSES);
		p = (struct prefix){.addr = mapped(p.addr), .bits = (uint8_t)bits};
		if (bits > longest && prefix_has(p, mapped(a))) {
			longest = bits;
			class = list[i].addr_class;
		}
	}
	return class;
}

static unsigned
port_class_of(const struct pol_space *space, uint16_t port)
{
	const struct pol_ports *list;
	unsigned class = 0, behind = 0;
	size_t n;

	list = pol_space_ports(space, &n);
	for (size_t i = 0; i < n; i++) {
		MUST(list[i].lo <= list[i].hi && list[i].lo >= behind && list[i].port_class < POL_PORT_CLASSES);
		behind = list[i].hi + 1u;
		if (list[i].lo <= port && port <= list[i].hi)
			class = list[i].port_class;
	}
	return class;
}

static bool
refused(const struct policy *pol, const struct question *q)
{
	struct decision d;

	pol_ask(pol, q, &d);
	return !d.undetermined && d.action > DO_ALERT && d.mode == MODE_ENFORCE && !d.never_stop;
}

/* login with all that is not known set to something. */
static void
check_tcp(const struct policy *pol, const struct pol_space *space, const struct question *login,
    const struct pol_grant *g)
{
	for (size_t a = 0; a < LEN(addrs); a++) {
		for (size_t p = 0; p < LEN(ports); p++) {
			const unsigned ac = class_of(space, addrs[a]), pc = port_class_of(space, ports[p]);
			struct question q = *login;

			q.known = BIT(QF_COUNT) - 1;
			q.to_addr = addrs[a];
			q.to_kind = addr_is_loopback(addrs[a]) || addr_is_any(addrs[a]) ? TO_SELF : TO_ADDR;
			q.port = ports[p];
			q.activity = ACT_OUTBOUND_SSH;
			MUST(g->ssh[pc][ac] != POL_DENY || refused(pol, &q));
			MUST(!g->no_destination || g->ssh[pc][ac] == POL_DENY);
			q.activity = ACT_RELAY;
			MUST(g->relay[pc][ac] != POL_DENY || refused(pol, &q));
		}
	}
}

static void
check_sockets(const struct policy *pol, const struct question *login, const struct pol_grant *g)
{
	for (unsigned o = OWNER_SELF; o < OWNER_COUNT; o++) {
		bool own = o == OWNER_SELF || o == OWNER_SAME_LOGIN;
		struct question q = *login;

		q.known = BIT(QF_COUNT) - 1;
		q.to_kind = TO_UNIX;
		q.to_unix = BYTES_LIT("/tmp/ssh-1/agent.2");
		q.owner = (enum owner)o;
		q.activity = own ? ACT_AGENT_USE : ACT_AGENT_HIJACK;
		MUST(g->agent[o] != POL_DENY || refused(pol, &q));
		q.activity = own ? ACT_MUX_USE : ACT_MUX_HIJACK;
		MUST(g->mux[o] != POL_DENY || refused(pol, &q));
	}
}

static bool
stops_anything(const struct policy *pol)
{
	const char *why;

	for (size_t i = 0; i < pol_nrules(pol); i++)
		for (unsigned a = 0; a < ACT_COUNT; a++)
			if ((pol_rule_activities(pol, i) >> a & 1) != 0 &&
			    pol_rule_level_of(pol, i, (enum activity)a, POLG_ALL, &why) != LEVEL_OBSERVE)
				return true;
	return false;
}

static void
grant(const struct policy *pol, const struct pol_space *space, uint32_t known)
{
	static const struct bytes group = BYTES_LIT("staff");
	const struct question login = {.known = known, .user = BYTES_LIT("alice"), .as = BYTES_LIT("root"),
	    .groups = &group, .ngroups = 1, .method = BYTES_LIT("publickey"), .exe = BYTES_LIT("/usr/bin/ssh"),
	    .origin = {.family = 4, .b = {10, 1, 2, 3}}, .time = {.ms = 1790000000000}};
	struct pol_grant g;

	pol_grant_of(pol, space, &login, &g);
	MUST(!g.denies || stops_anything(pol));
	check_tcp(pol, space, &login, &g);
	check_sockets(pol, &login, &g);
}

/* No input names a file of this machine. */
static int
no_file(const char *path, enum pol_file what, size_t max, struct buf *out, const char **why, void *arg)
{
	(void)path;
	(void)what;
	(void)max;
	(void)out;
	(void)why;
	(void)arg;
	return -ENOENT;
}

static int
no_list(const char *pattern, struct buf *out, const char **why, void *arg)
{
	return no_file(pattern, POLF_POLICY, 0, out, why, arg);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct pol_options options = {.read = no_file, .list = no_list, .skip_expect = true, .now = {.ms = 1}};
	struct buf diag = BUF_INIT;
	unsigned errors;
	struct policy *pol =
	    pol_parse("f", (struct bytes){.p = (const char *)data, .n = n}, &options, &diag, &errors);

	if (pol != NULL) {
		struct pol_space *space = pol_space_new(pol, NULL, 0);

		MUST(space != NULL);
		grant(pol, space, UINT32_MAX);
		grant(pol, space, (uint32_t)n * (n % 2 == 0 ? 0 : 2654435761u));
		pol_space_free(&space);
	}
	pol_free(&pol);
	buf_free(&diag);
	return 0;
}
