/* policy_shapes: see policy_shapes.h. */
#include "tests/bench/policy_shapes.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BIT(f)    (1u << (f))
#ifndef QUESTIONS
#define QUESTIONS 1000
#endif
#define REPEAT    20 /* all questions so many times a round */

/* --- questions ------------------------------------------------------------------------------------- */

static struct bytes
numbered(char *out, size_t cap, const char *before, unsigned i, const char *behind)
{
	(void)snprintf(out, cap, "%s%u%s", before, i, behind);
	return bytes_of(out);
}

static struct addr
address(unsigned first, unsigned i)
{
	return (struct addr){.family = 4,
	    .b = {(uint8_t)first, (uint8_t)(i >> 8), (uint8_t)i, (uint8_t)(i * 7 + 1)}};
}

/* A login as they are: all is known. */
static void
common(unsigned i, struct asked *a)
{
	struct question *q = &a->q;

	*a = (struct asked){0};
	a->group[0] = BYTES_LIT("staff");
	a->group[1] = BYTES_LIT("developers");
	a->group[2] = BYTES_LIT("ssh-users");
	a->principals[0] = numbered(a->principal, sizeof(a->principal), "principal-", i, "");
	*q = (struct question){.activity = ACT_OUTBOUND_SSH, .known = BIT(QF_COUNT) - 1,
	    .user = numbered(a->user, sizeof(a->user), "user-", i, ""), .groups = a->group, .ngroups = 3,
	    .origin = address(11, i), .key = BYTES_LIT("SHA256:0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"),
	    .principals = a->principals, .nprincipals = 1, .cert_id = BYTES_LIT("somebody@laptop"),
	    .ca = BYTES_LIT("SHA256:ca"), .method = BYTES_LIT("publickey"), .host = BYTES_LIT("bastion-1"),
	    .time = {.ms = 1790000000000}, .to_kind = TO_ADDR, .to_addr = address(10, i), .port = 22,
	    .exe = numbered(a->exe, sizeof(a->exe), "/opt/tool-", i, "/bin/ssh"),
	    .parent = BYTES_LIT("/usr/bin/bash"), .owner = OWNER_SELF};
	q->as = q->user;
}

/* --- shapes ---------------------------------------------------------------------------------------- */

static void
rule_user(unsigned i, unsigned n, struct buf *out)
{
	(void)n;
	buf_printf(out, "pass outbound-ssh user user-%u\n", i);
}

static void
rule_principal(unsigned i, unsigned n, struct buf *out)
{
	(void)n;
	buf_printf(out, "pass outbound-ssh, relay principal principal-%u ca \"SHA256:ca\"\n", i);
}

static void
rule_destination(unsigned i, unsigned n, struct buf *out)
{
	(void)n;
	buf_printf(out, "pass outbound-ssh to 10.%u.%u.0/24 port 22\n", i >> 8, i & 255);
}

static void
rule_origin(unsigned i, unsigned n, struct buf *out)
{
	(void)n;
	buf_printf(out, "block any origin 11.%u.%u.0/24 mode enforce\n", i >> 8, i & 255);
}

static void
rule_exe(unsigned i, unsigned n, struct buf *out)
{
	(void)n;
	buf_printf(out, "alert outbound-ssh exe \"/opt/tool-%u/*\"\n", i);
}

static void
rule_nested(unsigned i, unsigned n, struct buf *out)
{
	(void)n;
	buf_printf(out, "match group { wheel, staff } !via tmux {\n pass outbound-ssh user { user-%u, admin-%u }\n}\n",
	    i, i);
}

static void
rule_mixed(unsigned i, unsigned n, struct buf *out)
{
	static void (*const rules[])(unsigned, unsigned, struct buf *) = {rule_user, rule_principal,
	    rule_destination, rule_origin, rule_nested};

	rules[i % 5](i, n, out);
}

static void
ask_plain(unsigned i, unsigned n, struct asked *a)
{
	(void)n;
	common(i, a);
}

static void
rule_ports(unsigned i, unsigned n, struct buf *out)
{
	(void)n;
	buf_printf(out, "pass outbound-ssh user alice port %u\n", i + 1);
}

static void
ask_ports(unsigned i, unsigned n, struct asked *a)
{
	(void)n;
	common(i, a);
	a->q.user = BYTES_LIT("alice");
	a->q.port = (uint16_t)(i + 1);
}

/* As many users as ports. */
static unsigned
side(unsigned n)
{
	unsigned s = 1;

	while (s * s < n)
		s++;
	return s;
}

static void
rule_grid(unsigned i, unsigned n, struct buf *out)
{
	buf_printf(out, "pass outbound-ssh user user-%u port %u\n", i % side(n), 1000 + i / side(n));
}

static void
ask_grid(unsigned i, unsigned n, struct asked *a)
{
	common(i % side(n), a);
	a->q.port = (uint16_t)(1000 + i / side(n));
}

const struct shape shapes[] = {
    {"by user", rule_user, ask_plain},
    {"by principal", rule_principal, ask_plain},
    {"by destination", rule_destination, ask_plain},
    {"by origin", rule_origin, ask_plain},
    {"by program (globs)", rule_exe, ask_plain},
    {"blocks and lists", rule_nested, ask_plain},
    {"mixed", rule_mixed, ask_plain},
    {"one user, many ports", rule_ports, ask_ports},
    {"users times ports", rule_grid, ask_grid},
};
const size_t nshapes = sizeof(shapes) / sizeof(shapes[0]);

/* --- measuring --------------------------------------------------------------------------------------- */

struct policy *
shape_policy(const struct shape *s, unsigned nrules)
{
	struct buf text = BUF_INIT, diag = BUF_INIT;
	struct policy *pol;
	unsigned errors;

	for (unsigned i = 0; i < nrules; i++)
		s->rule(i, nrules, &text);
	pol = pol_parse(s->name, buf_bytes(&text), NULL, &diag, &errors);
	if (pol == NULL)
		(void)fprintf(stderr, "%s", diag.p);
	buf_free(&text);
	buf_free(&diag);
	return pol;
}

static double
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double
one_round(const struct policy *pol, const struct asked *asked)
{
	double begin = now_ns();
	struct decision d;

	for (unsigned r = 0; r < REPEAT; r++)
		for (unsigned i = 0; i < QUESTIONS; i++) {
			pol_ask(pol, &asked[i].q, &d);
			if (d.by_default) {
				(void)fprintf(stderr, "question %u: no rule answers it\n", i);
				abort();
			}
		}
	return (now_ns() - begin) / (REPEAT * QUESTIONS);
}

/* Slices point into it: it is made where it stays. */
static struct asked *
make_questions(const struct shape *s, unsigned nrules)
{
	struct asked *asked = calloc(QUESTIONS, sizeof(*asked));
	uint64_t x = 88172645463325252u;

	for (unsigned i = 0; asked != NULL && i < QUESTIONS; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		s->ask((unsigned)(x % nrules), nrules, &asked[i]);
	}
	return asked;
}

void
shape_measure(const struct shape *s, const unsigned *nrules, struct policy *const *policies, size_t n,
    unsigned rounds, double *ns)
{
	for (size_t i = 0; i < n; i++)
		ns[i] = 1e12;
	for (unsigned r = 0; r < rounds; r++)
		for (size_t i = 0; i < n; i++) {
			struct asked *asked = make_questions(s, nrules[i]);
			double took;

			if (asked == NULL)
				abort();
			(void)one_round(policies[i], asked); /* the first finds nothing in the caches */
			took = one_round(policies[i], asked);
			ns[i] = took < ns[i] ? took : ns[i];
			free(asked);
		}
}
