/* policy_shapes: see policy_shapes.h. */
#include "tests/bench/policy_shapes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BIT(f)    (1u << (f))
#define QUESTIONS 1000
#define REPEAT    5 /* all questions so many times a round: short, so that all sizes meet the same noise */

/* --- questions ------------------------------------------------------------------------------------- */

static struct addr
address(uint32_t network, unsigned host)
{
	return (struct addr){.family = 4,
	    .b = {(uint8_t)(network >> 16), (uint8_t)(network >> 8), (uint8_t)network, (uint8_t)host}};
}

static struct addr
address6(uint32_t network, unsigned host)
{
	return (struct addr){.family = 6,
	    .b = {0x20, 1, 0xd, 0xb8, (uint8_t)(network >> 16), (uint8_t)(network >> 8), (uint8_t)network, 0,
	        [14] = (uint8_t)(host >> 8), [15] = (uint8_t)host}};
}

/* A network /24 of its own for each, somewhere. */
static uint32_t
scattered(unsigned i)
{
	return i * 0x9e3779u & 0xffffff;
}

static void
ask_plain(unsigned i, struct asked *a)
{
	*a = (struct asked){.origin = address(scattered(i), i * 7), .to = address(10u << 16 | i, i * 5),
	    .port = 22};
	(void)snprintf(a->user, sizeof(a->user), "user-%u", i);
	(void)snprintf(a->principal, sizeof(a->principal), "principal-%u", i);
	(void)snprintf(a->exe, sizeof(a->exe), "/opt/tool-%u/bin/ssh", i);
}

static const struct bytes groups[] = {BYTES_LIT("staff"), BYTES_LIT("developers"), BYTES_LIT("ssh-users")};

static const struct question common = {
    .activity = ACT_OUTBOUND_SSH,
    .known = BIT(QF_COUNT) - 1,
    .groups = groups,
    .ngroups = 3,
    .key = BYTES_LIT("SHA256:0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"),
    .nprincipals = 1,
    .cert_id = BYTES_LIT("somebody@laptop"),
    .ca = BYTES_LIT("SHA256:ca"),
    .method = BYTES_LIT("publickey"),
    .host = BYTES_LIT("bastion-1"),
    .time = {.ms = 1790000000000},
    .to_kind = TO_ADDR,
    .parent = BYTES_LIT("/usr/bin/bash"),
    .owner = OWNER_SELF,
};

/* As it comes: just made. */
static void
ask(const struct policy *pol, struct question *q, const struct asked *a, struct decision *out)
{
	struct bytes principal = bytes_of(a->principal);

	q->user = q->as = bytes_of(a->user);
	q->principals = &principal;
	q->exe = bytes_of(a->exe);
	q->origin = a->origin;
	q->to_addr = a->to;
	q->port = a->port;
	pol_ask(pol, q, out);
}

/* --- shapes ---------------------------------------------------------------------------------------- */

static void
rule_user(unsigned i, struct buf *out)
{
	buf_printf(out, "pass outbound-ssh user user-%u\n", i);
}

static void
rule_principal(unsigned i, struct buf *out)
{
	buf_printf(out, "pass outbound-ssh, relay principal principal-%u ca \"SHA256:ca\"\n", i);
}

static void
rule_destination(unsigned i, struct buf *out)
{
	buf_printf(out, "pass outbound-ssh to 10.%u.%u.0/24 port 22\n", i >> 8, i & 255);
}

static void
rule_origin(unsigned i, struct buf *out)
{
	uint32_t network = scattered(i);

	buf_printf(out, "block any origin %u.%u.%u.0/24 mode enforce\n", network >> 16, network >> 8 & 255,
	    network & 255);
}

static void
rule_exe(unsigned i, struct buf *out)
{
	buf_printf(out, "alert outbound-ssh exe \"/opt/tool-%u/*\"\n", i);
}

static void
rule_nested(unsigned i, struct buf *out)
{
	buf_printf(out, "match group { wheel, staff } !via tmux {\n pass outbound-ssh user { user-%u, admin-%u }\n}\n",
	    i, i);
}

static void
rule_mixed(unsigned i, struct buf *out)
{
	static void (*const rules[])(unsigned, struct buf *) = {rule_user, rule_principal, rule_destination,
	    rule_origin, rule_nested};

	rules[i % 7 % 5](i, out);
}

static void
rule_ports(unsigned i, struct buf *out)
{
	buf_printf(out, "pass outbound-ssh user alice port %u\n", i + 1);
}

static void
ask_ports(unsigned i, struct asked *a)
{
	ask_plain(i, a);
	memcpy(a->user, "alice", sizeof("alice"));
	a->port = (uint16_t)(i + 1);
}

/* About as many users as ports. */
#define SIDE 97

static void
rule_grid(unsigned i, struct buf *out)
{
	buf_printf(out, "pass outbound-ssh user user-%u port %u\n", i % SIDE, 1000 + i / SIDE);
}

static void
ask_grid(unsigned i, struct asked *a)
{
	ask_plain(i % SIDE, a);
	a->port = (uint16_t)(1000 + i / SIDE);
}

static void
rule_ranges(unsigned i, struct buf *out)
{
	buf_printf(out, "pass outbound-ssh port %u-%u\n", 6 * i + 1, 6 * i + 6);
}

static void
ask_ranges(unsigned i, struct asked *a)
{
	ask_plain(i, a);
	a->port = (uint16_t)(6 * i + 1 + i % 6);
}

static void
rule_origin6(unsigned i, struct buf *out)
{
	uint32_t network = scattered(i);

	buf_printf(out, "pass any origin 2001:db8:%x:%x00::/56\n", network >> 8, network & 255);
}

static void
ask_origin6(unsigned i, struct asked *a)
{
	ask_plain(i, a);
	a->origin = address6(scattered(i), i);
}

static void
rule_not(unsigned i, struct buf *out)
{
	buf_printf(out, "pass outbound-ssh !user root !origin 192.0.2.0/24 !exe \"/tmp/*\" principal principal-%u\n", i);
}

/* As teams have them: who, in a block; whereto, inside. */
static void
rule_team(unsigned i, struct buf *out)
{
	buf_printf(out, "match principal principal-%u ca \"SHA256:ca\" {\n match !as root {\n", i);
	buf_printf(out, "  block outbound-ssh to 192.0.2.0/24\n  pass outbound-ssh, relay to 10.%u.%u.0/24 port { 22, 2222 }\n",
	    i >> 8, i & 255);
	buf_puts(out, " }\n}\n");
}

/* --- tables: half of the questions are about something in it --- */

static uint32_t
entry_of(unsigned i)
{
	return i * 2654435761u;
}

static void
entry_addr(unsigned i, struct buf *out)
{
	uint32_t a = entry_of(i);

	buf_printf(out, "%u.%u.%u.%u%s\n", a >> 24, a >> 16 & 255, a >> 8 & 255, i % 10 == 0 ? 0 : a & 255,
	    i % 10 == 0 ? "/24" : "");
}

static bool
is_listed(unsigned i)
{
	return i / 1000 % 2 == 1;
}

static struct addr
listed_addr(unsigned i)
{
	uint32_t a = entry_of(i);

	return address(a >> 8, a & 255);
}

static void
ask_listed_origin(unsigned i, struct asked *a)
{
	ask_plain(i, a);
	if (is_listed(i))
		a->origin = listed_addr(i);
}

static void
ask_listed_to(unsigned i, struct asked *a)
{
	ask_plain(i, a);
	if (is_listed(i))
		a->to = listed_addr(i);
}

static void
entry_addr6(unsigned i, struct buf *out)
{
	buf_printf(out, "2001:db8:%x:%x00::%x\n", entry_of(i) >> 16, entry_of(i) >> 8 & 255, i & 0xffff);
}

static void
ask_listed_origin6(unsigned i, struct asked *a)
{
	ask_plain(i, a);
	a->origin = address6(is_listed(i) ? entry_of(i) >> 8 : scattered(i), i);
}

static void
entry_name(unsigned i, struct buf *out)
{
	buf_printf(out, "listed-%u\n", i);
}

static void
ask_listed_user(unsigned i, struct asked *a)
{
	ask_plain(i, a);
	if (is_listed(i))
		(void)snprintf(a->user, sizeof(a->user), "listed-%u", i);
}

const struct shape shapes[] = {
    {.name = "by user", rule_user, ask_plain},
    {.name = "by principal", rule_principal, ask_plain},
    {.name = "by destination", rule_destination, ask_plain},
    {.name = "by origin", rule_origin, ask_plain},
    {.name = "by origin, IPv6", rule_origin6, ask_origin6},
    {.name = "by program (globs)", rule_exe, ask_plain},
    {.name = "blocks and lists", rule_nested, ask_plain},
    {.name = "teams in blocks", rule_team, ask_plain},
    {.name = "negations", rule_not, ask_plain},
    {.name = "mixed", rule_mixed, ask_plain},
    {.name = "one user, many ports", rule_ports, ask_ports},
    {.name = "port ranges", rule_ranges, ask_ranges},
    {.name = "users times ports", rule_grid, ask_grid},
    {.name = "listed origins", rule_user, ask_listed_origin, "block any origin <t>", entry_addr},
    {.name = "listed destinations", rule_user, ask_listed_to, "block outbound-ssh to <t>", entry_addr},
    {.name = "listed origins, IPv6", rule_user, ask_listed_origin6, "block any origin <t>", entry_addr6},
    {.name = "listed users", rule_principal, ask_listed_user, "block any user <t>", entry_name},
};
const size_t nshapes = sizeof(shapes) / sizeof(shapes[0]);

/* Numbers of as many digits in a small policy as in a large one. */
static unsigned
number(unsigned nth, unsigned nrules)
{
	return nrules < SHAPE_RULES ? nth * (SHAPE_RULES / nrules) : nth;
}

/* --- measuring --------------------------------------------------------------------------------------- */

static int
table_of(const char *path, enum pol_file what, size_t max, struct buf *out, const char **why, void *arg)
{
	(void)path;
	(void)what;
	(void)max;
	(void)why;
	buf_putb(out, buf_bytes(arg));
	return buf_ok(out) ? 0 : -ENOMEM;
}

struct policy *
shape_policy(const struct shape *s, unsigned nrules, unsigned entries)
{
	struct buf text = BUF_INIT, diag = BUF_INIT, table = BUF_INIT;
	const struct pol_options options = {.read = table_of, .arg = &table};
	struct policy *pol;
	unsigned errors;

	for (unsigned i = 0; s->entry != NULL && i < entries; i++)
		s->entry(number(i, entries), &table);
	if (s->table_rule != NULL)
		buf_printf(&text, "table <t> file \"t\"\n%s\n", s->table_rule);
	for (unsigned i = 0; i < nrules; i++)
		s->rule(number(i, nrules), &text);
	pol = pol_parse(s->name, buf_bytes(&text), &options, &diag, &errors);
	if (pol == NULL)
		(void)fprintf(stderr, "%s", diag.p);
	buf_free(&table);
	buf_free(&text);
	buf_free(&diag);
	return pol;
}

double
thread_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
one_round(const struct policy *pol, const struct asked *asked)
{
	double begin = thread_seconds();
	struct question q = common;
	struct decision d;

	for (unsigned r = 0; r < REPEAT; r++)
		for (unsigned i = 0; i < QUESTIONS; i++) {
			ask(pol, &q, &asked[i], &d);
			if (d.by_default) {
				(void)fprintf(stderr, "question %u: no rule answers it\n", i);
				abort();
			}
		}
	return (thread_seconds() - begin) * 1e9 / (REPEAT * QUESTIONS);
}

static struct asked *
make_questions(const struct shape *s, unsigned nrules)
{
	struct asked *asked = calloc(QUESTIONS, sizeof(*asked));
	uint64_t x = 88172645463325252u;

	for (unsigned i = 0; asked != NULL && i < QUESTIONS; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		s->ask(number((unsigned)(x % nrules), nrules), &asked[i]);
	}
	return asked;
}

void
shape_measure(const struct shape *s, const unsigned *nrules, struct policy *const *policies, size_t n,
    unsigned rounds, double *ns)
{
	for (unsigned r = 0; r < rounds; r++)
		for (size_t i = 0; i < n; i++) {
			struct asked *asked = make_questions(s, nrules[i]);
			double took;

			if (asked == NULL)
				abort();
			(void)one_round(policies[i], asked); /* the first finds nothing in the caches */
			took = one_round(policies[i], asked);
			ns[i] = ns[i] == 0 || took < ns[i] ? took : ns[i];
			free(asked);
		}
}
