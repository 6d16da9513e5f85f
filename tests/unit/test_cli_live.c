/* All commands that ask the daemon: wrong command lines, empty answers, none, and no daemon. */
#include "tests/unit/cli_kit.h"

/* Nothing is an answer, too. */
static void
empty_answers_say_so(void **state)
{
	struct ran r = ran_with(cmd_sessions, "sessions", "control.sock", END);

	(void)state;
	assert_int_equal(r.status, CLI_OK);
	assert_string_equal(r.out.p, "no sessions\n");
	ran_free(&r);
	r = ran_with(cmd_alerts, "alerts", "control.sock", END);
	assert_string_equal(r.out.p, "no alerts\n");
	ran_free(&r);
	r = ran_with(cmd_policy_show, "show -v", "control.sock", "{\"text\":\"serial 3\\n\"}\n" END);
	assert_string_equal(r.out.p, "no rules\n");
	ran_free(&r);
}

static void
answers_that_are_none(void **state)
{
	static const struct {
		const char *answer, *says;
	} bad[] = {
		{"", "closed the connection"},
		{"{\"end\":tr", "closed the connection"},
		{"rubbish\n", "rubbish"},
		{"[1]\n", "rubbish"},
		{"{\"end\":true,\"status\":3,\"error\":\"too \\u001b slow\"}\n", "too \\x1b slow"},
		{"{\"end\":true,\"status\":99,\"error\":\"odd\"}\n", "odd"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ran r = ran_with(cmd_status, "status", "control.sock", bad[i].answer);

		assert_int_equal(r.status, CLI_UNREACHABLE);
		assert_in(&r.err, bad[i].says);
		ran_free(&r);
	}
}

static void
no_daemon(void **state)
{
	struct ran r = ran_alone(cmd_status, "status");

	(void)state;
	assert_int_equal(r.status, CLI_UNREACHABLE);
	assert_in(&r.err, "sshtetherd is not running (/nonexistent/sshtether/control.sock");
	ran_free(&r);
}

static void
wrong_command_lines(void **state)
{
	static const struct {
		command_fn *command;
		const char *line, *says;
	} wrong[] = {
		{cmd_terminate, "terminate 57", "--reason TEXT is needed"},
		{cmd_terminate, "terminate --reason x", "which session?"},
		{cmd_session, "session", "which session?"},
		{cmd_mode, "mode off", "there is no mode 'off'"},
		{cmd_mode, "mode enforce --confirm-within 9s", "'9s' is not between 10s and 24h"},
		{cmd_mode, "mode enforce --confirm-within 25h", "'25h' is not between 10s and 24h"},
		{cmd_mode, "mode enforce --confirm-within 600", "'600' is not between 10s and 24h"},
		{cmd_mode, "mode audit --confirm-within 10m", "goes with mode enforce"},
		{cmd_mode, "mode --confirm-within 10m", "goes with mode enforce"},
		{cmd_confirm, "confirm now", "takes no operand"},
		{cmd_isolate, "isolate 57", "--reason TEXT is needed"},
		{cmd_revoke_agent, "revoke-agent 57 --all", "no option '--all'"},
		{cmd_allow, "allow --user a --to 10.0.0.1 --for 1h", "--reason TEXT is needed"},
		{cmd_allow, "allow --user a --for 1h --reason x", "--user, --to and --for are needed"},
		{cmd_allow, "allow --user a --to db --for 1h --reason x", "'db' is no address"},
		{cmd_allow, "allow --user a --to 10.0.0.1/8 --for 1h --reason x", "is no address"},
		{cmd_allow, "allow --user a --to 10.0.0.1 --for 31d --reason x", "'31d' is not between"},
		{cmd_allow, "allow --user a --to 10.0.0.1 --for 1h --port 0 --reason x", "--port: '0'"},
		{cmd_allow, "allow --revoke 1 --user a", "takes no other option"},
		{cmd_allow, "allow --revoke one", "'one' is no number"},
		{cmd_alerts, "alerts --since someday", "is no time"},
		{cmd_alerts, "alerts --limit 0", "no number above 0"},
		{cmd_alerts, "alerts --activity dance", "there is no 'dance'"},
		{cmd_alerts, "alerts --user", "needs a value"},
		{cmd_sessions, "sessions --bogus", "no option '--bogus'"},
		{cmd_status, "status -x", "no option '-x'"},
		{cmd_status, "status now", "what is 'now'?"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct ran r = ran_alone(wrong[i].command, wrong[i].line);

		assert_int_equal(r.status, CLI_USAGE);
		assert_in(&r.err, wrong[i].says);
		assert_in(&r.err, "usage: sshtether test USAGE\n");
		ran_free(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_answers_say_so),
		cmocka_unit_test(answers_that_are_none),
		cmocka_unit_test(no_daemon),
		cmocka_unit_test(wrong_command_lines),
	};

	return cmocka_run_group_tests_name("cli_live", tests, NULL, NULL);
}
