/* Grants of one policy and another, by hand: what is denied, what is only told, and what there is no room for. */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "tests/unit/grant_kit.h"
#include "tests/unit/policy_kit.h"

static const char fleet[] =
    "mode enforce\n"
    "ssh-ports { 22, 2222 }\n"
    "table <deploy> { 10.20.0.0/16, !10.20.9.0/24, 2001:db8::/32 }\n"
    "never-stop group breakglass\n"
    "pass  outbound-ssh user deploy origin 10.0.0.0/8 to <deploy> port 22\n"
    "pass  outbound-ssh to self\n"
    "pass  relay user git exe \"/usr/bin/git\" to 192.0.2.7\n"
    "match user git {\n"
    "  terminate outbound-ssh\n"
    "  isolate   agent-use\n"
    "}\n"
    "block outbound-ssh mode audit user trial\n"
    "block outbound-ssh, relay user { deploy, git }\n"
    "block agent-hijack owner other\n"
    "revoke-agent agent-hijack user deploy as root\n";

static const struct by_hand {
	const char *login, *to;
	uint16_t port;
	bool relay;
	enum pol_verdict want;
} by_hand[] = {
    {"user deploy group x origin 10.1.1.1", "10.20.1.1", 22, false, POL_REPORT},
    {"user deploy group x origin 10.1.1.1", "10.20.9.1", 22, false, POL_DENY},
    {"user deploy group x origin 10.1.1.1", "10.20.1.1", 2222, false, POL_DENY},
    {"user deploy group x origin 10.1.1.1", "10.20.1.1", 8022, false, POL_DENY}, /* SSH by its program */
    {"user deploy group x origin 192.0.2.1", "10.20.1.1", 22, false, POL_DENY},
    {"user deploy group x", "10.20.1.1", 22, false, POL_REPORT}, /* from where? */
    {"user deploy group x", "10.20.9.1", 22, false, POL_DENY},
    {"user deploy group x origin 10.1.1.1", "2001:db8::1", 22, false, POL_REPORT},
    {"user deploy group x origin 10.1.1.1", "2001:db9::1", 22, false, POL_DENY},
    {"user deploy group x origin 10.1.1.1", "127.0.0.1", 22, false, POL_REPORT},
    {"user deploy group x origin 10.1.1.1", "0.0.0.0", 22, false, POL_REPORT},
    {"user deploy group x origin 10.1.1.1", "::", 22, false, POL_REPORT},
    {"user deploy group x origin 10.1.1.1", "192.0.2.1", 22, false, POL_REPORT}, /* own */
    {"user deploy group x origin 10.1.1.1", "192.0.2.2", 22, false, POL_DENY},
    {"user deploy group x origin 10.1.1.1", "127.0.0.1", 22, true, POL_DENY},
    {"user deploy group { x, breakglass } origin 10.1.1.1", "192.0.2.2", 22, false, POL_REPORT},
    {"user deploy origin 10.1.1.1", "192.0.2.2", 22, false, POL_REPORT}, /* perhaps of breakglass */
    {"user trial group x", "192.0.2.2", 22, false, POL_REPORT},
    {"user other group x", "192.0.2.2", 22, false, POL_REPORT},
    {"user git group x", "192.0.2.7", 22, true, POL_REPORT}, /* by git, or not */
    {"user git group x", "192.0.2.8", 22, true, POL_DENY},
    {"group x", "192.0.2.8", 22, true, POL_REPORT}, /* whose? */
};

static void
login_of(const struct policy *pol, const char *text, struct question *q, struct question_store **store)
{
	struct buf all = BUF_INIT, diag = BUF_INIT;

	buf_printf(&all, "login %s hours 2026-11-23T09:30", text);
	if (!question_parse(pol, buf_bytes(&all), q, store, &diag))
		fail_msg("%s", diag.p);
	buf_free(&all);
	buf_free(&diag);
}

static void
a_fleet(void **state)
{
	const struct addr own[] = {kit_addr("192.0.2.1"), kit_addr("2001:db8:1:2::3")};
	struct policy *pol = kit_policy(fleet);
	struct pol_space *space;

	(void)state;
	space = pol_space_new(pol, own, 2);
	assert_non_null(space);
	assert_false(pol_space_blurred(space));
	assert_false(pol_has_time(pol));
	for (size_t i = 0; i < sizeof(by_hand) / sizeof(by_hand[0]); i++) {
		const struct by_hand *h = &by_hand[i];
		struct question_store *store = NULL;
		struct question q;
		struct pol_grant g;
		unsigned pc, ac;
		bool ssh;

		login_of(pol, h->login, &q, &store);
		pol_grant_of(pol, space, &q, &g);
		pc = kit_port_class(space, h->port, &ssh);
		ac = kit_addr_class(space, kit_addr(h->to));
		if ((h->relay ? g.relay : g.ssh)[pc][ac] != h->want)
			fail_msg("%s to %s port %u: %d", h->login, h->to, h->port,
			    (h->relay ? g.relay : g.ssh)[pc][ac]);
		question_free(&store);
	}
	pol_space_free(&space);
	assert_null(space);
	pol_free(&pol);
}

static struct pol_grant
grant_for(const char *policy, const char *login)
{
	struct policy *pol = kit_policy(policy);
	struct pol_space *space = pol_space_new(pol, NULL, 0);
	struct question_store *store = NULL;
	struct question q;
	struct pol_grant g;

	assert_non_null(space);
	login_of(pol, login, &q, &store);
	pol_grant_of(pol, space, &q, &g);
	question_free(&store);
	pol_space_free(&space);
	pol_free(&pol);
	return g;
}

static void
agents(void **state)
{
	struct pol_grant g = grant_for(fleet, "user git group x");

	(void)state;
	assert_int_equal(g.agent[OWNER_SELF], POL_DENY);
	assert_int_equal(g.agent[OWNER_SAME_LOGIN], POL_DENY);
	assert_int_equal(g.agent[OWNER_SAME_USER], POL_REPORT);
	assert_int_equal(g.agent[OWNER_OTHER], POL_DENY);
	assert_int_equal(g.agent[OWNER_UNKNOWN], POL_REPORT);
	assert_int_equal(g.mux[OWNER_SELF], POL_ALLOW);
	assert_int_equal(g.mux[OWNER_SAME_LOGIN], POL_REPORT);
	assert_int_equal(g.mux[OWNER_OTHER], POL_REPORT);
	g = grant_for(fleet, "user deploy group x");
	assert_int_equal(g.agent[OWNER_SELF], POL_ALLOW);
	assert_int_equal(g.agent[OWNER_SAME_USER], POL_REPORT); /* as root, or not */
	/* No socket is at an address, nor has a port. */
	g = grant_for("mode enforce\npass agent-hijack to 10.0.0.0/8\npass agent-hijack port 22\n"
	              "block agent-hijack\n", "user a");
	assert_int_equal(g.agent[OWNER_OTHER], POL_DENY);
	g = grant_for("mode enforce\npass agent-hijack to unix \"/run/x\"\nblock agent-hijack\n", "user a");
	assert_int_equal(g.agent[OWNER_OTHER], POL_REPORT);
	g = grant_for("block agent-use\n", "user a");
	assert_int_equal(g.agent[OWNER_SELF], POL_REPORT); /* audit mode: to be told */
	assert_false(g.denies);
}

static void
no_destination(void **state)
{
	static const char *const none[] = {"mode enforce\nterminate outbound-ssh user git\n",
	    "mode enforce\nblock outbound-ssh to 10.0.0.0/8\nterminate outbound-ssh user git\n",
	    "mode audit\nblock any mode enforce\n", "mode enforce\nblock any port 22\nisolate any !port 22\n"};
	static const char *const some[] = {"mode enforce\npass outbound-ssh to 10.0.0.1\nblock outbound-ssh\n",
	    "mode enforce\nblock outbound-ssh to 0.0.0.0/0\n", "block outbound-ssh\n", "",
	    "mode enforce\nblock outbound-ssh !exe \"/x\"\n", "mode enforce\nblock relay\n",
	    "mode enforce\nnever-stop user git\nblock any\n",
	    "mode enforce\nblock outbound-ssh hours 10:00-11:00\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (!grant_for(none[i], "user git").no_destination)
			fail_msg("there is a destination in:\n%s", none[i]);
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		if (grant_for(some[i], "user git").no_destination)
			fail_msg("there is no destination in:\n%s", some[i]);
}

/* Two hundred networks, each for one user; what is none of them is refused all the same. */
static void
too_many_networks(void **state)
{
	struct buf text = BUF_INIT;
	struct policy *pol;
	struct pol_space *space;
	struct question_store *store = NULL;
	struct question q;
	struct pol_grant g;

	(void)state;
	buf_puts(&text, "mode enforce\n");
	for (int i = 0; i < 200; i++)
		buf_printf(&text, "pass outbound-ssh user u%d to 10.1.%d.0/24\n", i, i);
	buf_puts(&text, "block outbound-ssh\n");
	pol = kit_policy(text.p);
	space = pol_space_new(pol, NULL, 0);
	assert_non_null(space);
	assert_true(pol_space_blurred(space));
	login_of(pol, "user u3", &q, &store);
	pol_grant_of(pol, space, &q, &g);
	assert_int_equal(g.ssh[0][kit_addr_class(space, kit_addr("10.1.3.1"))], POL_REPORT);
	assert_int_equal(g.ssh[0][kit_addr_class(space, kit_addr("10.1.4.1"))], POL_DENY);
	assert_int_equal(g.ssh[0][kit_addr_class(space, kit_addr("10.1.199.1"))], POL_REPORT); /* one of the rest */
	assert_int_equal(g.ssh[0][kit_addr_class(space, kit_addr("192.0.2.1"))], POL_DENY);
	assert_int_equal(g.ssh[0][kit_addr_class(space, kit_addr("2001:db8::1"))], POL_DENY);
	question_free(&store);
	/* Who may go nowhere is refused in all of them. */
	login_of(pol, "user eve", &q, &store);
	pol_grant_of(pol, space, &q, &g);
	assert_int_equal(g.ssh[0][kit_addr_class(space, kit_addr("10.1.4.1"))], POL_DENY);
	assert_true(g.no_destination);
	question_free(&store);
	pol_space_free(&space);
	pol_free(&pol);
	buf_free(&text);
}

/* A hole in a network is one prefix, not the hundred that lie around it. */
static void
as_few_prefixes_as_can_be(void **state)
{
	static const struct {
		const char *table;
		size_t want;
	} some[] = {{"", 0}, {"10.0.0.0/8", 1}, {"0.0.0.0/0, !10.1.2.3", 2}, {"::/0, !2001:db8::1", 3},
	    {"10.0.0.0/9, 10.128.0.0/9", 1}, {"10.1.2.2, 10.1.2.3", 1}, {"0.0.0.0/0, ::/0", 2},
	    {"::/0, !::fffe:0:0/96", 3}, {"::fffe:0:0/96", 2}};

	(void)state;
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		struct buf text = BUF_INIT;
		struct policy *pol;
		struct pol_space *space;
		size_t n;

		buf_printf(&text, "table <t> { %s }\nblock relay to <t>\n", some[i].table);
		pol = kit_policy(text.p);
		space = pol_space_new(pol, NULL, 0);
		assert_non_null(space);
		(void)pol_space_prefixes(space, &n);
		if (n != some[i].want)
			fail_msg("%zu prefixes for: %s", n, some[i].table);
		pol_space_free(&space);
		pol_free(&pol);
		buf_free(&text);
	}
}

/* Every second address: a prefix each, and more than a gate holds; ranges, more than are looked at. */
static void
too_many_prefixes(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	for (int more = 0; more < 2; more++) {
		struct policy *pol;
		struct pol_space *space;
		struct question q = {.known = 0};
		struct pol_grant g;
		size_t n;

		buf_puts(&text, "mode enforce\ntable <t> {\n");
		for (unsigned i = 0; i < 140000; i++)
			buf_printf(&text, "10.%u.%u.%u,\n", i >> 15, i >> 7 & 0xff, i << 1 & 0xff);
		buf_puts(&text, "}\n");
		for (int i = 0; i < (more ? 4 : 1); i++)
			buf_printf(&text, "pass outbound-ssh to { <t>, 192.0.2.%d }\n", i);
		buf_puts(&text, "block outbound-ssh, relay\n");
		pol = kit_policy(text.p);
		space = pol_space_new(pol, NULL, 0);
		assert_non_null(space);
		assert_true(pol_space_blurred(space));
		(void)pol_space_prefixes(space, &n);
		assert_int_equal(n, 0);
		pol_grant_of(pol, space, &q, &g);
		assert_int_equal(g.ssh[0][0], POL_REPORT);
		assert_int_equal(g.relay[0][0], POL_DENY);
		assert_false(g.no_destination);
		pol_space_free(&space);
		pol_free(&pol);
		buf_reset(&text);
	}
	buf_free(&text);
}

static void
what_hangs_on_time(void **state)
{
	static const struct {
		const char *text;
		bool want;
	} some[] = {{"block relay\n", false}, {"block relay hours 08:00-09:00\n", true},
	    {"pass relay until 2099-01-01\n", true}, {"match hours mon-fri {\nblock agent-use\n}\n", true},
	    {"deny login hours 08:00-09:00\nblock listen until 2099-01-01\n", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		struct policy *pol = kit_policy(some[i].text);

		assert_int_equal(pol_has_time(pol), some[i].want);
		pol_free(&pol);
	}
}

/* --- no memory -------------------------------------------------------------------------------- */

static long fail_at; /* this allocation fails; 0: none */

void *__real_calloc(size_t, size_t);
void *__real_reallocarray(void *, size_t, size_t);
void *__wrap_calloc(size_t, size_t);
void *__wrap_reallocarray(void *, size_t, size_t);

static bool
fails(void)
{
	return fail_at > 0 && --fail_at == 0;
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *
__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return fails() ? NULL : __real_reallocarray(p, n, size);
}

static void
no_memory(void **state)
{
	struct policy *pol = kit_policy(fleet);
	bool done = false;

	(void)state;
	for (long n = 1; !done; n++) {
		struct pol_space *space;

		fail_at = n;
		space = pol_space_new(pol, NULL, 0);
		done = fail_at != 0;
		fail_at = 0;
		assert_true((space != NULL) == done);
		pol_space_free(&space);
		assert_true(n < 100);
	}
	pol_free(&pol);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_fleet),
	    cmocka_unit_test(agents),
	    cmocka_unit_test(no_destination),
	    cmocka_unit_test(too_many_networks),
	    cmocka_unit_test(as_few_prefixes_as_can_be),
	    cmocka_unit_test(too_many_prefixes),
	    cmocka_unit_test(what_hangs_on_time),
	    cmocka_unit_test(no_memory),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
