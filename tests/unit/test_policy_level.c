/* How strongly what can be stopped: by activity, action and gates; of a rule, also by its conditions. */
#include "tests/unit/unit.h"

#include <string.h>

#include "policy/policy.h"
#include "tests/unit/policy_kit.h"

static const struct {
	enum activity activity;
	enum action action;
	unsigned gates;
	enum level want;
	const char *why; /* a part of it; NULL: there is none */
} table[] = {
    {ACT_LOGIN, DO_DENY, 0, LEVEL_PREVENT, NULL},
    {ACT_LOGIN, DO_TERMINATE, 0, LEVEL_PREVENT, NULL},
    {ACT_LOGIN, DO_ISOLATE, POLG_ALL, LEVEL_OBSERVE, "deny"},
    {ACT_OUTBOUND_SSH, DO_ALERT, POLG_ALL, LEVEL_OBSERVE, NULL},
    {ACT_OUTBOUND_SSH, DO_BLOCK, POLG_CONNECT, LEVEL_PREVENT, NULL},
    {ACT_OUTBOUND_SSH, DO_TERMINATE, POLG_CONNECT, LEVEL_PREVENT, NULL},
    {ACT_OUTBOUND_SSH, DO_BLOCK, POLG_ALL & ~(unsigned)POLG_CONNECT, LEVEL_REACT, "connect gate"},
    {ACT_RELAY, DO_BLOCK, 0, LEVEL_REACT, "connect gate"},
    {ACT_RELAY, DO_ISOLATE, 0, LEVEL_OBSERVE, "connect gate"},
    {ACT_RELAY, DO_ISOLATE, POLG_CONNECT, LEVEL_PREVENT, NULL},
    {ACT_AGENT_HIJACK, DO_BLOCK, POLG_PATH, LEVEL_PREVENT, NULL},
    {ACT_AGENT_HIJACK, DO_BLOCK, POLG_LISTENER, LEVEL_REACT, "inside connect(2)"},
    {ACT_AGENT_HIJACK, DO_BLOCK, POLG_CONNECT, LEVEL_REACT, "record"},
    {ACT_AGENT_USE, DO_REVOKE_AGENT, 0, LEVEL_REACT, "record"},
    {ACT_MUX_USE, DO_BLOCK, POLG_ALL, LEVEL_REACT, "who listens"},
    {ACT_MUX_HIJACK, DO_BLOCK, POLG_ALL, LEVEL_PREVENT, NULL},
    {ACT_LISTEN, DO_BLOCK, POLG_ALL, LEVEL_REACT, "sshd itself"},
    {ACT_SESSION_ESCAPE, DO_BLOCK, POLG_ALL, LEVEL_OBSERVE, "no session"},
    {ACT_SESSION_ESCAPE, DO_TERMINATE, POLG_ALL, LEVEL_REACT, "the rest"},
    {ACT_SSH_TAMPER, DO_TERMINATE, POLG_ALL, LEVEL_REACT, "record"},
    {ACT_AUDIT_EVASION, DO_BLOCK, POLG_CONNECT, LEVEL_REACT, "already"},
    {ACT_AUDIT_EVASION, DO_BLOCK, 0, LEVEL_OBSERVE, "nothing to hold audit against"},
    {ACT_KEY_READ, DO_BLOCK, POLG_ALL, LEVEL_REACT, "record"},
    {ACT_UNUSUAL_HOUR, DO_BLOCK, POLG_ALL, LEVEL_OBSERVE, "inferred"},
    {ACT_UNUSUAL_HOUR, DO_TERMINATE, POLG_ALL, LEVEL_REACT, "inferred"},
    {ACT_LISTED_ORIGIN, DO_TERMINATE, 0, LEVEL_REACT, "inferred"},
};

static void
by_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *why = "x";
		enum level level = pol_level(table[i].activity, table[i].action, table[i].gates, &why);

		if (level != table[i].want || (why == NULL) != (table[i].why == NULL) ||
		    (why != NULL && strstr(why, table[i].why) == NULL))
			fail_msg("row %zu: %s, %s", i, level_name(level), why != NULL ? why : "-");
	}
}

/* More gates are never worse, and what is less than the best has its reason. */
static void
gates_only_help(void **state)
{
	(void)state;
	for (unsigned a = 0; a < ACT_COUNT; a++) {
		const char *none;

		assert_true(pol_activity_level((enum activity)a, POLG_ALL, &none) > LEVEL_OBSERVE); /* it has a row */
		for (unsigned gates = 0; gates <= POLG_ALL; gates++) {
			const char *why;
			enum level level = pol_activity_level((enum activity)a, gates, &why);

			assert_true(level == LEVEL_PREVENT || why != NULL);
			for (unsigned i = 0; i < POLG_COUNT; i++)
				assert_true(pol_activity_level((enum activity)a, gates | 1u << i, &why) >= level);
		}
	}
}

static void
gates_have_names(void **state)
{
	unsigned bit;

	(void)state;
	for (unsigned i = 0; i < POLG_COUNT; i++) {
		assert_true(pol_gate_parse(bytes_of(pol_gate_name(i)), &bit));
		assert_int_equal(bit, 1u << i);
	}
	assert_null(pol_gate_name(POLG_COUNT));
	assert_false(pol_gate_parse(BYTES_LIT("door"), &bit));
}

static const struct {
	const char *rule;
	enum level want;
} rules[] = {
    {"block outbound-ssh", LEVEL_PREVENT},
    {"block outbound-ssh user eve to 10.0.0.1 port 22 hours mon-fri", LEVEL_PREVENT},
    {"block outbound-ssh exe \"/usr/bin/x\"", LEVEL_REACT},
    {"block relay parent \"/usr/bin/x\"", LEVEL_REACT},
    {"block relay as root", LEVEL_REACT},
    {"block relay via tmux", LEVEL_REACT},
    {"block agent-hijack owner other", LEVEL_PREVENT},
    {"block agent-hijack to unix \"/tmp/*\"", LEVEL_REACT},
    {"block mux-hijack owner other", LEVEL_PREVENT},
    {"block mux-hijack owner same-user", LEVEL_REACT},
    {"block mux-hijack !owner other", LEVEL_REACT},
    {"match as root {\nblock relay\n}", LEVEL_REACT},
    {"block listen, relay", LEVEL_PREVENT},
    {"block listen", LEVEL_REACT},
    {"deny login user eve", LEVEL_PREVENT},
    {"pass relay", LEVEL_OBSERVE},
    {"block key-read", LEVEL_REACT},
    {"block unusual-origin", LEVEL_OBSERVE},
    {"terminate listed-origin", LEVEL_REACT},
    {"isolate any", LEVEL_PREVENT},
    {"terminate any user eve", LEVEL_PREVENT},
};

static void
of_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct policy *pol = kit_policy(rules[i].rule);
		const char *why;
		enum level level = pol_rule_level(pol, 0, POLG_ALL, &why);

		if (level != rules[i].want)
			fail_msg("%s: %s", rules[i].rule, level_name(level));
		if (level == LEVEL_REACT)
			assert_non_null(why);
		pol_free(&pol);
	}
}

static void
more_than_the_host_can_do(void **state)
{
	static const char text[] = "mode enforce\n"
	                           "isolate relay\n"
	                           "block relay\n"
	                           "block listen, unusual-hour\n"
	                           "block any\n"
	                           "isolate any\n"
	                           "isolate relay mode audit\n"
	                           "alert unusual-hour\n";
	struct policy *pol = kit_policy(text);
	struct buf out = BUF_INIT;

	(void)state;
	assert_int_equal(pol_beyond(pol, POLG_ALL, &out), 1);
	buf_putc(&out, '\0');
	assert_string_equal(out.p, "/etc/p:4: this host cannot block unusual-hour: it is inferred from what was done "
	    "already: the session can be stopped, and not this\n");
	buf_reset(&out);
	assert_int_equal(pol_beyond(pol, 0, &out), 3);
	buf_putc(&out, '\0');
	assert_non_null(strstr(out.p, "/etc/p:2: this host cannot isolate relay: isolate needs the connect gate\n"));
	assert_non_null(strstr(out.p, "/etc/p:6: this host cannot isolate outbound-ssh: "));
	buf_reset(&out);
	assert_int_equal(pol_weaker(pol, POLG_ALL, &out), 0);
	assert_int_equal(pol_weaker(pol, POLG_PATH, &out), 4);
	buf_putc(&out, '\0');
	assert_non_null(strstr(out.p, "/etc/p:3: this host cannot block relay as others can: without the connect gate"));
	buf_free(&out);
	pol_free(&pol);
}

/* A pass before it that no gate can decide keeps a block from being part of the grant. */
static void
rules_that_wait(void **state)
{
	static const struct {
		const char *text;
		size_t want; /* SIZE_MAX: it waits for none */
		enum level level;
	} some[] = {{"pass relay exe \"/x\"\nblock relay\n", 0, LEVEL_REACT},
	    {"alert relay as root\nblock relay\n", 0, LEVEL_REACT},
	    {"block relay exe \"/x\" mode audit\nblock relay\n", 0, LEVEL_REACT},
	    {"terminate relay exe \"/x\"\nblock relay\n", SIZE_MAX, LEVEL_PREVENT},
	    {"pass relay to 10.0.0.1\nblock relay\n", SIZE_MAX, LEVEL_PREVENT},
	    {"pass listen exe \"/x\"\nblock relay\n", SIZE_MAX, LEVEL_PREVENT},
	    {"pass relay exe \"/x\" user a\nblock relay user b\n", SIZE_MAX, LEVEL_PREVENT},
	    {"pass relay exe \"/x\" user a\nblock relay user { a, b }\n", 0, LEVEL_PREVENT},
	    {"pass relay exe \"/x\" user { a, b }\nblock relay user b\n", 0, LEVEL_REACT},
	    {"match to 10.0.0.0/8 {\npass relay exe \"/x\"\nblock relay\n}\n", 0, LEVEL_REACT},
	    {"pass relay exe \"/x\" to 10.0.0.0/8\nblock relay\n", 0, LEVEL_PREVENT},
	    {"pass relay exe \"/x\" to 10.0.0.0/8\npass relay as x\nblock relay\n", 1, LEVEL_REACT},
	    {"match user a {\npass relay exe \"/x\"\n}\nblock relay !user a\n", SIZE_MAX, LEVEL_PREVENT},
	    {"match user \"a*\" {\npass relay exe \"/x\"\n}\nblock relay user b\n", 0, LEVEL_PREVENT}, /* not looked at */
	    {"pass relay exe \"/x\"\nalert relay\n", SIZE_MAX, LEVEL_OBSERVE}};

	(void)state;
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		struct buf text = BUF_INIT;
		struct pol_reach reach;
		struct policy *pol;

		buf_printf(&text, "mode enforce\n%s", some[i].text);
		pol = kit_policy(text.p);
		reach = pol_rule_reach(pol, pol_nrules(pol) - 1, ACT_RELAY, POLG_ALL);
		if (reach.before != some[i].want || reach.level != some[i].level)
			fail_msg("%s", some[i].text);
		pol_free(&pol);
		buf_free(&text);
	}
}

/* What a rule itself only reports is not stopped, whatever the host can. */
static void
rules_of_mode_audit(void **state)
{
	struct policy *pol = kit_policy("mode enforce\nblock relay mode audit\nalert relay mode audit\nblock relay\n");
	struct pol_reach reach = pol_rule_reach(pol, 0, ACT_RELAY, POLG_ALL);
	const char *why;

	(void)state;
	assert_int_equal(reach.level, LEVEL_OBSERVE);
	assert_string_equal(reach.why, "the rule itself says mode audit");
	assert_null(pol_rule_reach(pol, 1, ACT_RELAY, POLG_ALL).why);
	assert_int_equal(pol_rule_reach(pol, 2, ACT_RELAY, POLG_ALL).level, LEVEL_PREVENT);
	assert_int_equal(pol_rule_level_of(pol, 0, ACT_RELAY, POLG_ALL, &why), LEVEL_PREVENT);
	pol_free(&pol);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(by_the_table),
	    cmocka_unit_test(gates_only_help),
	    cmocka_unit_test(gates_have_names),
	    cmocka_unit_test(of_rules),
	    cmocka_unit_test(more_than_the_host_can_do),
	    cmocka_unit_test(rules_that_wait),
	    cmocka_unit_test(rules_of_mode_audit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
