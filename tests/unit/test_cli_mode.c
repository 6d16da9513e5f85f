/* mode, confirm: what is set, and what comes of it. */
#include "tests/unit/cli_kit.h"

static void
mode_asks_the_monitor(void **state)
{
	struct ran r = ran_with(cmd_mode, "mode enforce", "monitor.sock", "{\"mode\":\"enforce\"}\n" END);

	(void)state;
	assert_int_equal(r.status, CLI_OK);
	assert_string_equal(r.request.p, "{\"verb\":\"mode\",\"set\":\"enforce\"}");
	assert_in(&r.out, "enforce\n");
	assert_in(&r.out, "sshtether mode audit");
	assert_in(&r.out, "break-glass");
	ran_free(&r);
}

/* The monitor sets the mode, the engine knows the policy: what is said of it, and the exit status. */
static struct ran
run_enforce(const char *status)
{
	struct buf order = BUF_INIT;
	struct ran r = ran_with_both(cmd_mode, "mode enforce", status, "{\"mode\":\"enforce\"}\n" END, &order);

	buf_free(&order);
	return r;
}

static void
enforce_says_what_the_policy_says(void **state)
{
	struct ran r = run_enforce("{\"mode\":{\"policy\":\"audit\"},\"policy\":{\"path\":\"/p\"}}\n" END);

	(void)state;
	assert_int_equal(r.status, CLI_OK);
	assert_string_equal(r.request.p, "{\"verb\":\"status\"}");
	assert_in(&r.out, "Nothing is stopped yet: the policy says mode audit (/p).\n");
	ran_free(&r);
	r = run_enforce("{\"mode\":{\"policy\":\"audit\"},\"policy\":{\"path\":\"/p\",\"absent\":true}}\n" END);
	assert_in(&r.out, "Nothing is stopped yet: there is no policy.\n");
	ran_free(&r);
	r = run_enforce("{\"mode\":{\"policy\":\"enforce\"}}\n" END);
	assert_int_equal(r.status, CLI_OK);
	assert_null(strstr(r.out.p, "Nothing is stopped"));
	ran_free(&r);
	r = run_enforce("{\"end\":true,\"status\":3,\"error\":\"busy\"}\n");
	assert_int_equal(r.status, CLI_OK); /* it is set all the same */
	ran_free(&r);
}

static void
enforce_on_trial(void **state)
{
	static const char answer[] = "{\"mode\":\"enforce\",\"confirm_by\":\"2026-11-22T01:12:03.456Z\","
				     "\"left_ms\":492000}\n" END;
	struct ran r = ran_with(cmd_mode, "mode enforce --confirm-within 10m", "monitor.sock", answer);

	(void)state;
	assert_int_equal(r.status, CLI_OK);
	assert_string_equal(r.request.p, "{\"verb\":\"mode\",\"set\":\"enforce\",\"trial_ms\":600000}");
	assert_in(&r.out, "enforce, audit again in 8m12s unless confirmed\n");
	assert_in(&r.out, "sshtether confirm\n");
	ran_free(&r);
	r = ran_with(cmd_mode, "mode", "monitor.sock", answer);
	assert_string_equal(r.out.p, "enforce, audit again in 8m12s unless confirmed\n");
	ran_free(&r);
	r = ran_with(cmd_confirm, "confirm", "monitor.sock", "{\"mode\":\"enforce\"}\n" END);
	assert_int_equal(r.status, CLI_OK);
	assert_string_equal(r.request.p, "{\"verb\":\"confirm\"}");
	assert_string_equal(r.out.p, "enforce\nEnforce mode stays: logins work.\n");
	ran_free(&r);
	r = ran_with(cmd_confirm, "confirm", "monitor.sock",
	    "{\"end\":true,\"status\":1,\"error\":\"this login is older than the switch\"}\n");
	assert_int_equal(r.status, CLI_FOUND);
	assert_string_equal(r.out.p, "");
	assert_in(&r.err, "older than the switch");
	ran_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mode_asks_the_monitor),
		cmocka_unit_test(enforce_says_what_the_policy_says),
		cmocka_unit_test(enforce_on_trial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
