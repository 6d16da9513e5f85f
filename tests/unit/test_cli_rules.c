/* policy load, policy show, allow: the rules in force, and the exceptions. */
#include "tests/unit/cli_kit.h"

#define ALLOWED "{\"allow\":3,\"user\":\"alice\",\"to\":\"10.20.0.0/16\",\"until\":\"2026-11-22T01:02:03Z\"," \
		"\"until_ms\":1,\"reason\":\"ticket 9\",\"rule\":\"pass relay\"}\n" END

static void
exceptions(void **state)
{
	struct ran r = ran_with(cmd_allow, "allow --user alice --to 10.20.0.0/16 --for 1h --reason t9", "control.sock", ALLOWED);

	(void)state;
	assert_int_equal(r.status, CLI_OK);
	assert_string_equal(r.request.p, "{\"verb\":\"allow\",\"user\":\"alice\",\"to\":\"10.20.0.0/16\",\"port\":0,"
					 "\"for_ms\":3600000,\"reason\":\"t9\"}");
	assert_string_equal(r.out.p, "allow:3  pass relay\n");
	ran_free(&r);
	r = ran_with(cmd_allow, "allow", "control.sock", ALLOWED);
	assert_string_equal(r.out.p, "NO USER  TO           PORT LEFT UNTIL               REASON\n"
				     " 3 alice 10.20.0.0/16  any   0s 2026-11-22 01:02:03 ticket 9\n");
	ran_free(&r);
	r = ran_with(cmd_allow, "allow", "control.sock", END);
	assert_string_equal(r.out.p, "no exceptions\n");
	ran_free(&r);
	r = ran_with(cmd_allow, "allow --revoke 3", "control.sock", ALLOWED);
	assert_string_equal(r.request.p, "{\"verb\":\"disallow\",\"allow\":3}");
	assert_string_equal(r.out.p, "no longer allowed: allow:3  pass relay\n");
	ran_free(&r);
}

static void
policy_that_does_not_load(void **state)
{
	struct ran r = ran_with(cmd_policy_load, "load /etc/passwd", "control.sock",
	    "{\"diagnostics\":\"p:1:1: error\\n\\tx \\u001b[2J\\n\\t^\\n\"}\n"
	    "{\"end\":true,\"status\":1,\"error\":\"the policy in force stays\"}\n");

	(void)state;
	assert_int_equal(r.status, CLI_FOUND);
	assert_string_equal(r.err.p,
	    "p:1:1: error\n\tx \\x1b[2J\n\t^\nsshtether: the policy in force stays\n");
	ran_free(&r);
}

static void
policy_that_loads_says_what_it_is(void **state)
{
	struct ran r = ran_with(cmd_policy_load, "load /etc/passwd", "control.sock",
	    "{\"fleet\":\"x\",\"serial\":3,\"mode\":\"enforce\",\"rules\":2,\"signer\":\"ops@example.org\"}\n" END);

	(void)state;
	assert_int_equal(r.status, CLI_OK);
	assert_string_equal(r.out.p, "in force: fleet x, serial 3, 2 rules, mode enforce, signed by ops@example.org\n");
	ran_free(&r);
	r = ran_with(cmd_status, "status", "control.sock",
	    "{\"policy\":{\"path\":\"/p\",\"last_good\":true,\"error\":\"/p: no such file\",\"signer\":\"ops@example.org\"}}\n" END);
	assert_in(&r.out, "signed by ops@example.org\n");
	assert_in(&r.out, "the last good one that was kept: the configured one could not be loaded\n");
	assert_in(&r.out, "/p: no such file\n");
	ran_free(&r);
}

static void
policy_with_hits(void **state)
{
	struct ran r = ran_with(cmd_policy_show, "show -v", "control.sock",
	    "{\"text\":\"fleet x\\n\"}\n"
	    "{\"rule\":0,\"file\":\"p\",\"line\":4,\"text\":\"pass relay\",\"hits\":3}\n" END);

	(void)state;
	assert_int_equal(r.status, CLI_OK);
	assert_string_equal(r.out.p, "HITS PLACE RULE\n   3 p:4   pass relay\n");
	ran_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exceptions),
		cmocka_unit_test(policy_that_does_not_load),
		cmocka_unit_test(policy_that_loads_says_what_it_is),
		cmocka_unit_test(policy_with_hits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
