/*
 * The commands that ask the daemon: what they ask, what they make of the answer, and of a
 * missing one.
 */
#include <unistd.h>

#include "base/safe.h"
#include "base/words.h"
#include "tests/unit/fake_daemon.h"
#include "tests/unit/unit.h"

#define END "{\"end\":true,\"status\":0}\n"

typedef int command_fn(struct cli *, int, char **);

struct ran {
	struct buf out, err, request;
	int status;
};

static void
ran_free(struct ran *r)
{
	buf_free(&r->out);
	buf_free(&r->err);
	buf_free(&r->request);
}

/* Against a daemon that answers so. */
static struct ran
run(command_fn *command, const char *line, const char *socket_name, const char *answer)
{
	struct ran r = {0};
	struct fake_daemon d;
	struct cli cli = {.utc = true};

	fake_daemon_start(&d, socket_name, answer);
	cli.run_dir = d.dir;
	r.status = run_command(&cli, command, line, &r.out, &r.err);
	fake_daemon_request(&d, &r.request);
	fake_daemon_stop(&d);
	return r;
}

/* Without one: what is wrong with the command line is said before anybody is asked. */
static struct ran
run_alone(command_fn *command, const char *line)
{
	struct ran r = {0};
	struct cli cli = {.utc = true, .run_dir = "/nonexistent/sshtether"};

	r.status = run_command(&cli, command, line, &r.out, &r.err);
	return r;
}

static void
assert_in(const struct buf *text, const char *want)
{
	if (strstr(text->p, want) == NULL)
		fail_msg("'%s' is not in: %s", want, text->p);
}

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
	struct ran r = run(cmd_sessions, "sessions --all", "control.sock", session);

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
	struct ran r = run(cmd_sessions, "sessions --tree", "control.sock", session);

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
	struct ran r = run(cmd_sessions, "sessions --tree --all", "control.sock", session);

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
	struct ran r = run(cmd_sessions, "sessions", "control.sock", answer);

	(void)state;
	assert_in(&r.out, " open, isolated ");
	assert_in(&r.out, " closed, isolated, agents revoked ");
	assert_in(&r.out, " open  ");
	ran_free(&r);
	r = run(cmd_sessions, "sessions --tree", "control.sock", answer);
	assert_in(&r.out, " open, isolated ");
	assert_in(&r.out, " closed, isolated, agents revoked ");
	ran_free(&r);
	r = run(cmd_session, "session 58", "control.sock", answer);
	assert_in(&r.out, "state         closed, isolated, agents revoked\n");
	ran_free(&r);
}

static void
json_passes_through(void **state)
{
	struct ran r = run(cmd_sessions, "sessions --json", "control.sock", session);
	size_t lines = sizeof(session) - sizeof(END);

	(void)state;
	assert_int_equal(r.status, CLI_OK);
	assert_int_equal(r.out.n, lines);
	assert_memory_equal(r.out.p, session, lines);
	ran_free(&r);
}

/* Nothing is an answer, too. */
static void
empty_answers_say_so(void **state)
{
	struct ran r = run(cmd_sessions, "sessions", "control.sock", END);

	(void)state;
	assert_int_equal(r.status, CLI_OK);
	assert_string_equal(r.out.p, "no sessions\n");
	ran_free(&r);
	r = run(cmd_alerts, "alerts", "control.sock", END);
	assert_string_equal(r.out.p, "no alerts\n");
	ran_free(&r);
	r = run(cmd_policy_show, "show -v", "control.sock", "{\"text\":\"serial 3\\n\"}\n" END);
	assert_string_equal(r.out.p, "no rules\n");
	ran_free(&r);
}

static void
unknown_session(void **state)
{
	struct ran r = run(cmd_session, "session 9", "control.sock",
	    "{\"end\":true,\"status\":1,\"error\":\"no such session\"}\n");

	(void)state;
	assert_int_equal(r.status, CLI_FOUND);
	assert_string_equal(r.request.p, "{\"verb\":\"session\",\"id\":\"9\"}");
	assert_string_equal(r.err.p, "sshtether: no such session\n");
	assert_int_equal(r.out.n, 0);
	ran_free(&r);
}

static void
alerts_for_people(void **state)
{
	struct ran r = run(cmd_alerts, "alerts --user bob --since 1970-01-01T00:01Z --limit 5 --activity relay",
	    "control.sock",
	    "{\"@timestamp\":\"2026-11-22T01:02:03.456Z\",\"event\":{\"kind\":\"alert\","
	    "\"action\":\"agent-hijack\",\"severity\":99,\"reason\":\"an agent of alice\"},"
	    "\"rule\":{\"name\":\"p:9\"},\"user\":{\"name\":\"bob\",\"id\":\"1002\","
	    "\"effective\":{\"name\":\"root\",\"id\":\"0\"}},\"process\":{\"pid\":12,"
	    "\"executable\":\"/usr/bin/ssh\"},\"sshtether\":{\"ses\":12,\"done\":\"killed\","
	    "\"action\":\"terminate\",\"to\":\"/tmp/a\",\"owner\":\"other\","
	    "\"ancestry\":[\"/bin/bash[11]\"]}}\n" END);

	(void)state;
	assert_int_equal(r.status, CLI_OK);
	assert_in(&r.request, "\"since\":60000");
	assert_in(&r.request, "\"limit\":5");
	assert_in(&r.request, "\"activity\":\"relay\"");
	assert_string_equal(r.out.p,
	    "2026-11-22 01:02:03  critical  agent-hijack          killed (terminate by p:9): an agent of alice\n"
	    "                               as root; /tmp/a of other; /usr/bin/ssh[12] < bash[11]\n");
	ran_free(&r);
}

/* What the daemon has to say of itself stands among the alerts, in one line. */
static void
notice_for_people(void **state)
{
	struct ran r = run(cmd_alerts, "alerts --all", "control.sock",
	    "{\"@timestamp\":\"2026-11-22T01:02:03.456Z\",\"event\":{\"kind\":\"pipeline_error\","
	    "\"action\":\"rules-missing\",\"severity\":73,\"reason\":\"2 rules\"}}\n" END);

	(void)state;
	assert_int_equal(r.status, CLI_OK);
	assert_in(&r.request, "\"all\":true");
	assert_string_equal(r.out.p, "2026-11-22 01:02:03  high      rules-missing         2 rules\n");
	ran_free(&r);
}

static size_t
column_of(const struct buf *out, const char *text)
{
	const char *found = strstr(out->p, text), *line = found;

	assert_non_null(found);
	while (line > out->p && line[-1] != '\n')
		line--;
	return (size_t)(found - line);
}

/* Whatever was found, and whatever the daemon has to say of itself. */
static void
alerts_stand_in_columns(void **state)
{
	struct buf answer = BUF_INIT, mark = BUF_INIT;
	struct ran r;

	(void)state;
	for (int i = 0; i <= ACT_COUNT; i++)
		buf_printf(&answer, "{\"@timestamp\":\"2026-11-22T01:02:03.456Z\",\"event\":{\"action\":\"%s\","
		    "\"severity\":73,\"reason\":\"reason %d.\"}}\n",
		    i < ACT_COUNT ? activity_info((enum activity)i)->name : "revoke-agent-by-hand", i);
	buf_puts(&answer, END);
	r = run(cmd_alerts, "alerts", "control.sock", answer.p);
	for (int i = 0; i <= ACT_COUNT; i++) {
		buf_reset(&mark);
		buf_printf(&mark, "  reason %d.", i);
		assert_int_equal(column_of(&r.out, mark.p), column_of(&r.out, "  reason 0."));
	}
	buf_free(&answer);
	buf_free(&mark);
	ran_free(&r);
}

static void
mode_asks_the_monitor(void **state)
{
	struct ran r = run(cmd_mode, "mode enforce", "monitor.sock", "{\"mode\":\"enforce\"}\n" END);

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
	struct ran r = {0};
	struct fake_daemon e, m;
	struct cli cli = {.utc = true};
	char path[128];

	fake_daemon_start(&e, "control.sock", status);
	fake_daemon_start(&m, "monitor.sock", "{\"mode\":\"enforce\"}\n" END);
	(void)snprintf(path, sizeof(path), "%s/monitor.sock", e.dir);
	assert_int_equal(symlink(m.path, path), 0);
	cli.run_dir = e.dir;
	r.status = run_command(&cli, cmd_mode, "mode enforce", &r.out, &r.err);
	fake_daemon_request(&e, &r.request);
	(void)unlink(path);
	fake_daemon_stop(&e);
	fake_daemon_stop(&m);
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
	struct ran r = run(cmd_mode, "mode enforce --confirm-within 10m", "monitor.sock", answer);

	(void)state;
	assert_int_equal(r.status, CLI_OK);
	assert_string_equal(r.request.p, "{\"verb\":\"mode\",\"set\":\"enforce\",\"trial_ms\":600000}");
	assert_in(&r.out, "enforce, audit again in 8m12s unless confirmed\n");
	assert_in(&r.out, "sshtether confirm\n");
	ran_free(&r);
	r = run(cmd_mode, "mode", "monitor.sock", answer);
	assert_string_equal(r.out.p, "enforce, audit again in 8m12s unless confirmed\n");
	ran_free(&r);
	r = run(cmd_confirm, "confirm", "monitor.sock", "{\"mode\":\"enforce\"}\n" END);
	assert_int_equal(r.status, CLI_OK);
	assert_string_equal(r.request.p, "{\"verb\":\"confirm\"}");
	assert_string_equal(r.out.p, "enforce\nEnforce mode stays: logins work.\n");
	ran_free(&r);
	r = run(cmd_confirm, "confirm", "monitor.sock",
	    "{\"end\":true,\"status\":1,\"error\":\"this login is older than the switch\"}\n");
	assert_int_equal(r.status, CLI_FOUND);
	assert_string_equal(r.out.p, "");
	assert_in(&r.err, "older than the switch");
	ran_free(&r);
}

static void
status_tells_of_the_trial(void **state)
{
	struct ran r = run(cmd_status, "status", "control.sock",
	    "{\"mode\":{\"host\":\"enforce\",\"policy\":\"enforce\",\"in_force\":\"enforce\",\"left_ms\":86399001}}\n" END);

	(void)state;
	assert_in(&r.out, "enforce (host: enforce, policy: enforce), audit again in 1d unless confirmed\n");
	ran_free(&r);
}

#define ALLOWED "{\"allow\":3,\"user\":\"alice\",\"to\":\"10.20.0.0/16\",\"until\":\"2026-11-22T01:02:03Z\"," \
		"\"until_ms\":1,\"reason\":\"ticket 9\",\"rule\":\"pass relay\"}\n" END

static void
exceptions(void **state)
{
	struct ran r = run(cmd_allow, "allow --user alice --to 10.20.0.0/16 --for 1h --reason t9", "control.sock", ALLOWED);

	(void)state;
	assert_int_equal(r.status, CLI_OK);
	assert_string_equal(r.request.p, "{\"verb\":\"allow\",\"user\":\"alice\",\"to\":\"10.20.0.0/16\",\"port\":0,"
					 "\"for_ms\":3600000,\"reason\":\"t9\"}");
	assert_string_equal(r.out.p, "allow:3  pass relay\n");
	ran_free(&r);
	r = run(cmd_allow, "allow", "control.sock", ALLOWED);
	assert_string_equal(r.out.p, "NO USER  TO           PORT LEFT UNTIL               REASON\n"
				     " 3 alice 10.20.0.0/16  any   0s 2026-11-22 01:02:03 ticket 9\n");
	ran_free(&r);
	r = run(cmd_allow, "allow", "control.sock", END);
	assert_string_equal(r.out.p, "no exceptions\n");
	ran_free(&r);
	r = run(cmd_allow, "allow --revoke 3", "control.sock", ALLOWED);
	assert_string_equal(r.request.p, "{\"verb\":\"disallow\",\"allow\":3}");
	assert_string_equal(r.out.p, "no longer allowed: allow:3  pass relay\n");
	ran_free(&r);
}

static void
policy_that_does_not_load(void **state)
{
	struct ran r = run(cmd_policy_load, "load /etc/passwd", "control.sock",
	    "{\"diagnostics\":\"p:1:1: error\\n\\tx \\u001b[2J\\n\\t^\\n\"}\n"
	    "{\"end\":true,\"status\":1,\"error\":\"the policy in force stays\"}\n");

	(void)state;
	assert_int_equal(r.status, CLI_FOUND);
	assert_string_equal(r.err.p,
	    "p:1:1: error\n\tx \\x1b[2J\n\t^\nsshtether: the policy in force stays\n");
	ran_free(&r);
}

static void
policy_with_hits(void **state)
{
	struct ran r = run(cmd_policy_show, "show -v", "control.sock",
	    "{\"text\":\"fleet x\\n\"}\n"
	    "{\"rule\":0,\"file\":\"p\",\"line\":4,\"text\":\"pass relay\",\"hits\":3}\n" END);

	(void)state;
	assert_int_equal(r.status, CLI_OK);
	assert_string_equal(r.out.p, "HITS PLACE RULE\n   3 p:4   pass relay\n");
	ran_free(&r);
}

static void
status_says_what_is_wrong(void **state)
{
	struct ran r = run(cmd_status, "status", "control.sock",
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
		struct ran r = run(cmd_status, "status", "control.sock", bad[i].answer);

		assert_int_equal(r.status, CLI_UNREACHABLE);
		assert_in(&r.err, bad[i].says);
		ran_free(&r);
	}
}

static void
no_daemon(void **state)
{
	struct ran r = run_alone(cmd_status, "status");

	(void)state;
	assert_int_equal(r.status, CLI_UNREACHABLE);
	assert_in(&r.err, "sshtetherd is not running (/nonexistent/sshtether/control.sock");
	ran_free(&r);
}

/* Two daemons in one: the engine hears the reason, then the monitor the order. */
static struct ran
run_order(command_fn *command, const char *line, const char *engine, const char *monitor, struct buf *order)
{
	struct ran r = {0};
	struct fake_daemon e, m;
	struct cli cli = {.utc = true};
	char path[128];

	fake_daemon_start(&e, "control.sock", engine);
	fake_daemon_start(&m, "monitor.sock", monitor);
	(void)snprintf(path, sizeof(path), "%s/monitor.sock", e.dir);
	assert_int_equal(symlink(m.path, path), 0);
	cli.run_dir = e.dir;
	r.status = run_command(&cli, command, line, &r.out, &r.err);
	fake_daemon_request(&e, &r.request);
	(void)plain_read(m.request_path, 4096, order);
	(void)unlink(path);
	fake_daemon_stop(&e);
	fake_daemon_stop(&m);
	return r;
}

#define ENDED "{\"ses\":57,\"done\":\"terminated\",\"count\":3}\n" END

static void
terminate_tells_the_engine_and_asks_the_monitor(void **state)
{
	struct buf order = BUF_INIT;
	/* What the engine says of the session does not matter: it may lie. */
	struct ran r = run_order(cmd_terminate, "terminate 57 --reason left", "{\"ses\":58}\n" END, ENDED, &order);

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
	struct ran r = run_order(cmd_terminate, "terminate 57 --reason left", deaf, ENDED, &order);

	(void)state;
	assert_int_equal(r.status, CLI_UNREACHABLE);
	assert_in(&r.err, "not ended; --all ends it");
	assert_int_equal(order.n, 0);
	ran_free(&r);
	r = run_order(cmd_terminate, "terminate 57 --all --reason left", deaf,
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
	struct ran r = run_order(cmd_isolate, "isolate 57 --reason odd", "{\"ses\":57}\n" END,
	    "{\"ses\":57,\"done\":\"isolated\",\"count\":0}\n" END, &order);

	(void)state;
	assert_int_equal(r.status, CLI_OK);
	assert_string_equal(r.request.p, "{\"verb\":\"announce\",\"id\":57,\"reason\":\"odd\",\"order\":\"isolate\"}");
	assert_string_equal(order.p, "{\"verb\":\"isolate\",\"ses\":57}");
	assert_string_equal(r.out.p, "session 57: isolated\n");
	ran_free(&r);
	buf_free(&order);
	r = run_order(cmd_revoke_agent, "revoke-agent 57 --reason odd", gone,
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
		r = run_alone(cmd_terminate, line);
		assert_int_equal(r.status, CLI_FOUND);
		assert_in(&r.err, "no session has this id");
		ran_free(&r);
	}
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
		struct ran r = run_alone(wrong[i].command, wrong[i].line);

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
		cmocka_unit_test(sessions_table),
		cmocka_unit_test(sessions_tree),
		cmocka_unit_test(sessions_tree_of_all),
		cmocka_unit_test(a_session_that_is_held_back_shows_it),
		cmocka_unit_test(json_passes_through),
		cmocka_unit_test(empty_answers_say_so),
		cmocka_unit_test(unknown_session),
		cmocka_unit_test(alerts_for_people),
		cmocka_unit_test(notice_for_people),
		cmocka_unit_test(alerts_stand_in_columns),
		cmocka_unit_test(mode_asks_the_monitor),
		cmocka_unit_test(enforce_says_what_the_policy_says),
		cmocka_unit_test(terminate_tells_the_engine_and_asks_the_monitor),
		cmocka_unit_test(terminate_without_an_engine_takes_all_or_nothing),
		cmocka_unit_test(isolate_and_revoke_agent_are_done_in_any_case),
		cmocka_unit_test(enforce_on_trial),
		cmocka_unit_test(status_tells_of_the_trial),
		cmocka_unit_test(terminate_wants_a_session_of_this_boot),
		cmocka_unit_test(exceptions),
		cmocka_unit_test(policy_that_does_not_load),
		cmocka_unit_test(policy_with_hits),
		cmocka_unit_test(status_says_what_is_wrong),
		cmocka_unit_test(answers_that_are_none),
		cmocka_unit_test(no_daemon),
		cmocka_unit_test(wrong_command_lines),
	};

	return cmocka_run_group_tests_name("cli_live", tests, NULL, NULL);
}
