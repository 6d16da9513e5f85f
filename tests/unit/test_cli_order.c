/* terminate, isolate, revoke-agent: orders that the engine hears of and the monitor carries out. */
#include <stdio.h>

#include "tests/unit/cli_kit.h"

#define ENDED "{\"ses\":57,\"done\":\"terminated\",\"count\":3}\n" END

static void
terminate_tells_the_engine_and_asks_the_monitor(void **state)
{
	struct buf order = BUF_INIT;
	/* What the engine says of the session does not matter: it may lie. */
	struct ran r = ran_with_both(cmd_terminate, "terminate 57 --reason left", "{\"ses\":58}\n" END, ENDED, &order);

	(void)state;
	assert_int_equal(r.status, CLI_OK);
	assert_string_equal(r.request.p, "{\"verb\":\"announce\",\"id\":57,\"reason\":\"left\",\"order\":\"terminate\"}");
	assert_string_equal(order.p, "{\"verb\":\"terminate\",\"ses\":57,\"all\":false}");
	assert_string_equal(r.out.p, "session 57: terminated\n");
	ran_free(&r);
	buf_free(&order);
}

/* Without the engine nobody knows what is spared. */
static void
terminate_without_an_engine_takes_all_or_nothing(void **state)
{
	static const char deaf[] = "{\"end\":true,\"status\":3,\"error\":\"the monitor does not answer\"}\n";
	struct buf order = BUF_INIT;
	struct ran r = ran_with_both(cmd_terminate, "terminate 57 --reason left", deaf, ENDED, &order);

	(void)state;
	assert_int_equal(r.status, CLI_UNREACHABLE);
	assert_in(&r.err, "not ended; --all ends it");
	assert_int_equal(order.n, 0);
	ran_free(&r);
	r = ran_with_both(cmd_terminate, "terminate 57 --all --reason left", deaf,
	    "{\"ses\":57,\"done\":\"failed\",\"count\":0}\n"
	    "{\"end\":true,\"status\":1,\"error\":\"break-glass\"}\n", &order);
	assert_int_equal(r.status, CLI_FOUND);
	assert_string_equal(order.p, "{\"verb\":\"terminate\",\"ses\":57,\"all\":true}");
	assert_string_equal(r.out.p, "session 57: failed\n");
	assert_in(&r.err, "break-glass");
	ran_free(&r);
	buf_free(&order);
}

/* Nothing is spared here that only the engine knows of: it is done without it, too. */
static void
isolate_and_revoke_agent_are_done_in_any_case(void **state)
{
	static const char gone[] = "{\"end\":true,\"status\":1,\"error\":\"there is no such session now\"}\n";
	struct buf order = BUF_INIT;
	struct ran r = ran_with_both(cmd_isolate, "isolate 57 --reason odd", "{\"ses\":57}\n" END,
	    "{\"ses\":57,\"done\":\"isolated\",\"count\":0}\n" END, &order);

	(void)state;
	assert_int_equal(r.status, CLI_OK);
	assert_string_equal(r.request.p, "{\"verb\":\"announce\",\"id\":57,\"reason\":\"odd\",\"order\":\"isolate\"}");
	assert_string_equal(order.p, "{\"verb\":\"isolate\",\"ses\":57}");
	assert_string_equal(r.out.p, "session 57: isolated\n");
	ran_free(&r);
	buf_free(&order);
	r = ran_with_both(cmd_revoke_agent, "revoke-agent 57 --reason odd", gone,
	    "{\"ses\":57,\"done\":\"revoked\",\"count\":1}\n" END, &order);
	assert_int_equal(r.status, CLI_OK);
	assert_string_equal(order.p, "{\"verb\":\"revoke-agent\",\"ses\":57}");
	assert_in(&r.err, "the reason is not recorded");
	ran_free(&r);
	buf_free(&order);
}

static void
terminate_wants_a_session_of_this_boot(void **state)
{
	static const char *const ids[] = {"00000000-57", "57x", "-1", "4294967295", "00000000-"};

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		char line[64];
		struct ran r;

		(void)snprintf(line, sizeof(line), "terminate --reason x -- %s", ids[i]);
		r = ran_alone(cmd_terminate, line);
		assert_int_equal(r.status, CLI_FOUND);
		assert_in(&r.err, "is no session's id");
		ran_free(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terminate_tells_the_engine_and_asks_the_monitor),
		cmocka_unit_test(terminate_without_an_engine_takes_all_or_nothing),
		cmocka_unit_test(isolate_and_revoke_agent_are_done_in_any_case),
		cmocka_unit_test(terminate_wants_a_session_of_this_boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
