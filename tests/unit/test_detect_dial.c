/* dial: which connects are TCP, told by the pattern that glibc's UDP probes leave. */
#include "tests/unit/detect_kit.h"

#include "agentd/detect/dial.h"

/*
 * A script: one letter an address (A, B: IPv4, X, Y: IPv6), then what connect returned: '0', '+' in
 * progress, '!' refused, '-' no route; "U" is AF_UNSPEC, "." a moment of quiet, "~" six seconds.
 * The answer is the addresses that were TCP, in order.
 */
static struct endpoint
address(char c)
{
	switch (c) {
	case 'A':
		return kit_endpoint("192.0.2.1", 22);
	case 'B':
		return kit_endpoint("192.0.2.2", 22);
	case 'C':
		return kit_endpoint("192.0.2.3", 22);
	case 'X':
		return kit_endpoint("2001:db8::1", 22);
	default:
		return kit_endpoint("2001:db8::2", 22);
	}
}

static char
letter(struct endpoint e)
{
	for (const char *p = "ABCXY"; *p != '\0'; p++) {
		if (addr_eq(address(*p).addr, e.addr))
			return *p;
	}
	return '?';
}

static int64_t
returned(char c)
{
	switch (c) {
	case '0':
		return 0;
	case '+':
		return LATER;
	case '!':
		return -ECONNREFUSED;
	default:
		return -ENETUNREACH;
	}
}

static void
note(const struct dial_out *out, char *tcp)
{
	for (size_t i = 0; i < out->n; i++) {
		size_t n = strlen(tcp);

		tcp[n] = letter(out->tcp[i].to);
		tcp[n + 1] = '\0';
	}
}

static void
play(const char *script, enum dial_kind kind, const char *expect, bool failed)
{
	struct dial d = {0};
	struct dial_out out;
	struct evidence e = {.time = {.ms = 1000}, .count = 1}, failure;
	char tcp[32] = "";

	for (const char *p = script; *p != '\0'; p++) {
		e.time.ms++;
		if (*p == ' ')
			continue;
		if (*p == 'U') {
			dial_unspec(&d, e.time);
			continue;
		}
		if (*p == '~') {
			e.time.ms += 6000;
			continue;
		}
		if (*p == '.') {
			dial_settle(&d, &out);
			note(&out, tcp);
			continue;
		}
		e.to = address(*p++);
		e.exit = returned(*p);
		dial_step(&d, &e, kind, &out);
		note(&out, tcp);
	}
	if (strcmp(tcp, expect) != 0)
		fail_msg("%s: TCP to \"%s\", not \"%s\"", script, tcp, expect);
	assert_int_equal(dial_take_failure(&d, &failure), failed);
}

static void
what_the_pattern_says(void **state)
{
	static const struct {
		const char *script, *tcp;
		bool failed;
	} cases[] = {
		{"A+", "A", false},
		{"A0 .", "A", false},              /* one address: never probed */
		{"A!", "", true},
		{"A! B0 .", "B", false},           /* the next address of the same name */
		{"A0 U B0 A0", "A", false},        /* probes, then TCP to the one sorted first */
		{"A0 U B0 B0", "B", false},
		{"A0 U B0 .", "", false},          /* asked for a name and connected to nobody */
		{"X0 A0 A0", "A", false},          /* two families: two sockets */
		{"X0 A0 X0", "X", false},
		{"X0 A0 A+", "A", false},
		{"X- A0 X- A0", "A", false},       /* no IPv6 route: neither probe nor TCP */
		{"X- A+", "A", false},
		{"X- A0 .", "A", false},
		{"A0 U B0 U C0 A! B0", "B", false},
		{"A0 U B0 A! B!", "", true},
		{"A0 B0 .", "AB", false},          /* one family and no AF_UNSPEC: two connections */
		{"A0 A0 .", "A", false},           /* again, or probe and TCP: one either way */
		{"A0 U B0 A0 ~ C0 .", "AC", false}, /* a later hop of the same process */
		{"A0 U B0 ~ C0 .", "C", false},
		{"A0 B+", "AB", false},
		{"X0 Y+", "XY", false},
		{"X0 A+", "A", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		play(cases[i].script, DIAL_BLOCKING, cases[i].tcp, cases[i].failed);
}

static void
sshd_never_blocks(void **state)
{
	(void)state;
	play("X0 U A0", DIAL_NONBLOCKING, "", false); /* the X11 listener's own lookup */
	play("A0 U B0 A+", DIAL_NONBLOCKING, "A", false);
	play("A+ B+ A+", DIAL_NONBLOCKING, "ABA", false);
	play("A!", DIAL_NONBLOCKING, "", true);
	play("X- A0 A+", DIAL_NONBLOCKING, "A", false);
}

static void
who_looked_knows(void **state)
{
	(void)state;
	play("A0", DIAL_SURE, "A", false);
	play("A!", DIAL_SURE, "", true);
}

static void
tries_are_counted(void **state)
{
	struct dial d = {0};
	struct dial_out out;
	struct evidence e = {.time = {.ms = 1}, .to = address('A'), .exit = -ECONNREFUSED, .count = 1};

	(void)state;
	dial_step(&d, &e, DIAL_BLOCKING, &out);
	e.to = address('B');
	dial_step(&d, &e, DIAL_BLOCKING, &out);
	e.to = address('C');
	e.exit = LATER;
	dial_step(&d, &e, DIAL_BLOCKING, &out);
	assert_int_equal(out.n, 1);
	assert_int_equal(out.tcp[0].count, 3);
	assert_false(dial_take_failure(&d, &e));
}

static void
asking_again_is_no_connect(void **state)
{
	struct dial d = {0};
	struct dial_out out;
	struct evidence e = {.time = {.ms = 1}, .to = address('A'), .exit = -EISCONN, .count = 1};

	(void)state;
	dial_step(&d, &e, DIAL_BLOCKING, &out);
	assert_int_equal(out.n, 0);
	e.exit = -EALREADY;
	dial_step(&d, &e, DIAL_BLOCKING, &out);
	assert_int_equal(out.n, 0);
	assert_false(dial_take_failure(&d, &e));
}

static void
fast_open_is_tcp(void **state)
{
	struct dial d = {0};
	struct dial_out out;
	struct evidence e = {.time = {.ms = 1}, .to = address('A'), .exit = 21, .way = WAY_FASTOPEN,
	    .count = 1};

	(void)state;
	dial_step(&d, &e, DIAL_BLOCKING, &out);
	assert_int_equal(out.n, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_pattern_says),
		cmocka_unit_test(sshd_never_blocks),
		cmocka_unit_test(who_looked_knows),
		cmocka_unit_test(tries_are_counted),
		cmocka_unit_test(asking_again_is_no_connect),
		cmocka_unit_test(fast_open_is_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
