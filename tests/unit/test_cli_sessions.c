/* sessions, session: who is in, as a table, as a tree, as JSON. */
#include "tests/unit/cli_kit.h"

static const char session[] =
    "{\"user\":{\"name\":\"alice\",\"id\":\"1001\"},\"source\":{\"ip\":\"10.0.0.9\",\"port\":50123},"
    "\"sshtether\":{\"session\":\"3f2a9c01-57\",\"ses\":57,\"state\":\"open\",\"ssh\":true,"
    "\"key\":\"SHA256:abc\",\"opened\":\"2026-11-22T01:02:03.456Z\",\"processes\":2,\"findings\":1},"
    "\"processes\":[{\"pid\":5701,\"executable\":\"/usr/sbin/sshd\",\"command_line\":\"sshd: alice\","
    "\"user\":{\"id\":\"1001\"}},"
    "{\"pid\":5710,\"parent\":{\"pid\":5701},\"executable\":\"/usr/bin/ssh\","
    "\"command_line\":\"ssh \\u001b[2J db\",\"user\":{\"id\":\"0\"},\"ssh\":true,\"alive\":false},"
    "{\"pid\":5711,\"parent\":{\"pid\":5701},\"executable\":\"/bin/ls\",\"alive\":false}],"
    "\"sockets\":[{\"path\":\"/tmp/agent.1\",\"kind\":\"agent\",\"pid\":5701,\"forwarded\":true}],"
    "\"hops\":[{\"activity\":\"outbound-ssh\",\"destination\":{\"ip\":\"10.0.0.3\",\"port\":22},"
    "\"process\":{\"pid\":5710},\"done\":\"killed\"},{\"activity\":\"agent-hijack\",\"to\":\"/tmp/a.1\","
    "\"process\":{\"pid\":9},\"done\":\"cut\"}]}\n"
    "{\"user\":{\"name\":\"alice\",\"id\":\"1001\"},\"source\":{\"ip\":\"10.0.0.1\",\"port\":4},"
    "\"sshtether\":{\"ses\":59,\"state\":\"open\",\"ssh\":true,\"parent\":57}}\n" END;

static void
sessions_table(void **state)
{
	struct ran r = ran_with(cmd_sessions, "sessions --all", "control.sock", session);

	(void)state;
	assert_int_equal(r.status, CLI_OK);
	assert_string_equal(r.request.p, "{\"verb\":\"sessions\",\"all\":true,\"tree\":false}");
	assert_in(&r.out, "     57 alice 10.0.0.9 port 50123 2026-11-22 01:02:03 open ");
	assert_in(&r.out, "SHA256:abc");
	ran_free(&r);
}

/*
 * A process is below its parent, a socket below its listener, a session below the one it
 * came from.
 */
static void
sessions_tree(void **state)
{
	struct ran r = ran_with(cmd_sessions, "sessions --tree", "control.sock", session);

	(void)state;
	assert_int_equal(r.status, CLI_OK);
	assert_in(&r.out, "\n57 ");
	assert_in(&r.out, "\n|-sshd[5701] ");
	assert_in(&r.out, "\n| |-ssh[5710] ");
	assert_in(&r.out, "\n| | `-outbound-ssh ");
	assert_in(&r.out, " to 10.0.0.3 port 22 ");
	assert_in(&r.out, "\n|-agent-hijack "); /* its process is gone */
	assert_in(&r.out, " to /tmp/a.1 ");
	assert_in(&r.out, "root");
	assert_in(&r.out, "ended"); /* ssh, which went somewhere; ls is gone for good */
	assert_null(strstr(r.out.p, "ls[5711]"));
	assert_in(&r.out, "ssh \\x1b[2J db");
	assert_in(&r.out, "\n| `-agent socket ");
	assert_in(&r.out, "\n`-59 ");
	ran_free(&r);
}

static void
sessions_tree_of_all(void **state)
{
	struct ran r = ran_with(cmd_sessions, "sessions --tree --all", "control.sock", session);

	(void)state;
	assert_int_equal(r.status, CLI_OK);
	assert_in(&r.out, "\n| |-ls[5711] ");
	ran_free(&r);
}

/* Beside the state, however the sessions are shown. */
static void
a_session_that_is_held_back_shows_it(void **state)
{
	static const char answer[] =
	    "{\"user\":{\"name\":\"alice\"},\"sshtether\":{\"ses\":57,\"state\":\"open\",\"isolated\":true}}\n"
	    "{\"user\":{\"name\":\"bob\"},\"sshtether\":{\"ses\":58,\"state\":\"closed\",\"isolated\":true,"
	    "\"agents_revoked\":true}}\n"
	    "{\"user\":{\"name\":\"carol\"},\"sshtether\":{\"ses\":59,\"state\":\"open\"}}\n" END;
	struct ran r = ran_with(cmd_sessions, "sessions", "control.sock", answer);

	(void)state;
	assert_in(&r.out, " open, isolated ");
	assert_in(&r.out, " closed, isolated, agents revoked ");
	assert_in(&r.out, " open  ");
	ran_free(&r);
	r = ran_with(cmd_sessions, "sessions --tree", "control.sock", answer);
	assert_in(&r.out, " open, isolated ");
	assert_in(&r.out, " closed, isolated, agents revoked ");
	ran_free(&r);
	r = ran_with(cmd_session, "session 58", "control.sock", answer);
	assert_in(&r.out, "state         closed, isolated, agents revoked\n");
	ran_free(&r);
}

static void
json_passes_through(void **state)
{
	struct ran r = ran_with(cmd_sessions, "sessions --json", "control.sock", session);
	size_t lines = sizeof(session) - sizeof(END);

	(void)state;
	assert_int_equal(r.status, CLI_OK);
	assert_int_equal(r.out.n, lines);
	assert_memory_equal(r.out.p, session, lines);
	ran_free(&r);
}

static void
unknown_session(void **state)
{
	struct ran r = ran_with(cmd_session, "session 9", "control.sock",
	    "{\"end\":true,\"status\":1,\"error\":\"no such session\"}\n");

	(void)state;
	assert_int_equal(r.status, CLI_FOUND);
	assert_string_equal(r.request.p, "{\"verb\":\"session\",\"id\":\"9\"}");
	assert_string_equal(r.err.p, "sshtether: no such session\n");
	assert_int_equal(r.out.n, 0);
	ran_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions_table),
		cmocka_unit_test(sessions_tree),
		cmocka_unit_test(sessions_tree_of_all),
		cmocka_unit_test(a_session_that_is_held_back_shows_it),
		cmocka_unit_test(json_passes_through),
		cmocka_unit_test(unknown_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
