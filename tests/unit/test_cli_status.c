/* status: how the daemon is. */
#include "tests/unit/cli_kit.h"

static void
listed_origins(void **state)
{
	struct ran r = ran_with(cmd_status, "status", "control.sock",
	    "{\"listed_origins\":{\"entries\":3,\"files\":[{\"path\":\"/etc/a\",\"entries\":1,\"bad\":0,"
	    "\"read\":\"2026-11-22T01:02:03.456Z\"},{\"path\":\"/etc/b\",\"entries\":2,\"bad\":1,"
	    "\"read\":\"2026-11-22T01:02:03.456Z\",\"why\":\"gone\"}]}}\n" END);

	(void)state;
	assert_in(&r.out, "3 origins\n");
	assert_in(&r.out, "/etc/a: 1 origin, read 2026-11-22 01:02:03\n");
	assert_in(&r.out, "/etc/b: 2 origins, read 2026-11-22 01:02:03, 1 bad line; it cannot be read now: gone\n");
	ran_free(&r);
}

static void
what_is_usual_so_far(void **state)
{
	struct ran r = ran_with(cmd_status, "status", "control.sock",
	    "{\"baseline\":{\"state\":\"learning\",\"data_days\":9,\"active_after\":14,\"users\":1,\"entries\":45}}\n" END);

	(void)state;
	assert_in(&r.out, "learning, 9 of 14 days of data, 1 user, 45 values\n");
	ran_free(&r);
	r = ran_with(cmd_status, "status", "control.sock",
	    "{\"baseline\":{\"state\":\"active\",\"data_days\":20,\"active_after\":14,\"users\":1,\"entries\":45}}\n" END);
	assert_in(&r.out, "active, 20 days of data, 1 user, 45 values\n");
	ran_free(&r);
}

static void
status_says_what_is_wrong(void **state)
{
	struct ran r = ran_with(cmd_status, "status", "control.sock",
	    "{\"version\":\"0.1.0\",\"source\":{\"kind\":\"none\",\"state\":\"waiting\",\"lost\":3},"
	    "\"rules\":{\"state\":\"missing\",\"missing\":2,\"why\":[\"immutable\"]},"
	    "\"engine\":{\"pid\":7,\"restarts\":1},\"policy\":{\"path\":\"/p\",\"rules\":1},"
	    "\"sinks\":[{\"name\":\"file\",\"state\":\"failing\",\"why\":\"No space left\"}],"
	    "\"store\":{\"state\":\"ok\",\"bytes\":1572864,\"written\":34},"
	    "\"failures\":[{\"name\":\"store-full\",\"count\":3,\"meaning\":\"not kept\"}]}\n" END);

	(void)state;
	assert_int_equal(r.status, CLI_OK);
	assert_in(&r.out, "none, waiting");
	assert_in(&r.out, "3 lost by the kernel");
	assert_in(&r.out, "immutable\n");
	assert_in(&r.out, "store-full");
	assert_in(&r.out, "1 restart\n");
	assert_in(&r.out, "serial 0, 1 rule, ");
	assert_in(&r.out, "No space left\n");
	assert_in(&r.out, "1.5 MB, 34 rows written since the start, 0 dropped\n");
	ran_free(&r);
}

static void
status_tells_of_the_trial(void **state)
{
	struct ran r = ran_with(cmd_status, "status", "control.sock",
	    "{\"mode\":{\"host\":\"enforce\",\"policy\":\"enforce\",\"in_force\":\"enforce\",\"left_ms\":86399001}}\n" END);

	(void)state;
	assert_in(&r.out, "enforce (host: enforce, policy: enforce), audit again in 1d unless confirmed\n");
	ran_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listed_origins),
		cmocka_unit_test(what_is_usual_so_far),
		cmocka_unit_test(status_says_what_is_wrong),
		cmocka_unit_test(status_tells_of_the_trial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
