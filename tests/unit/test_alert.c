/*
 * The JSON and the line of an alert: names that scripts rely on, and bytes that must not
 * break them.
 */
#include "agentd/sink/alert.h"
#include "tests/unit/parse_json.h"
#include "tests/unit/ruling.h"
#include "tests/unit/unit.h"

/* --- memory that is refused once ---------------------------------------------------------- */

void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);

static long fail_at = -1;

void *
__wrap_realloc(void *p, size_t n)
{
	return fail_at >= 0 && fail_at-- == 0 ? NULL : __real_realloc(p, n);
}

/* --- tests -------------------------------------------------------------------------------- */

static const struct alert_context context = {
	.host_name = "bastion",
	.boot_id = "3f2a9c01-0000-4000-8000-000000000000",
	.fleet = "prod",
	.policy_serial = 7,
};

static const char expected[] =
    "{\"@timestamp\":\"2026-11-22T01:02:03.456Z\","
    "\"event\":{\"kind\":\"alert\",\"category\":[\"network\",\"process\"],"
    "\"type\":[\"connection\",\"start\"],\"action\":\"outbound-ssh\",\"outcome\":\"success\","
    "\"severity\":73,\"reason\":\"ssh to port 22\",\"created\":\"2026-11-22T01:02:03.456Z\","
    "\"id\":\"%s\"},"
    "\"rule\":{\"name\":\"prod.policy:12\"},"
    "\"threat\":{\"technique\":{\"id\":[\"T1021.004\",\"T1090.001\"]}},"
    "\"user\":{\"name\":\"alice\",\"id\":\"1001\",\"effective\":{\"name\":\"alice\",\"id\":\"1001\"}},"
    "\"host\":{\"name\":\"bastion\",\"boot\":{\"id\":\"3f2a9c01-0000-4000-8000-000000000000\"}},"
    "\"source\":{\"ip\":\"128.232.110.120\",\"port\":34855},"
    "\"destination\":{\"ip\":\"10.20.0.9\",\"port\":22},"
    "\"process\":{\"pid\":412,\"executable\":\"/usr/bin/ssh\",\"command_line\":\"ssh db uptime\","
    "\"parent\":{\"pid\":411,\"executable\":\"/bin/bash\","
    "\"parent\":{\"pid\":400,\"executable\":\"/usr/sbin/sshd\"}},"
    "\"entry_leader\":{\"entry_meta\":{\"type\":\"sshd\"}}},"
    "\"network\":{\"community_id\":[\"1:LQU9qZlK+B5F3KDmev6m5PMibrg=\",\"%s\"]},"
    "\"sshtether\":{\"activity\":\"outbound-ssh\",\"session\":\"3f2a9c01-57\",\"ses\":57,\"auid\":1001,"
    "\"key\":\"SHA256:abc\",\"method\":\"publickey\",\"mode\":\"audit\",\"action\":\"block\","
    "\"done\":\"would-have\",\"level\":\"react\",\"count\":3,"
    "\"ancestry\":[\"/bin/bash[411]\",\"/usr/sbin/sshd[400]\"],"
    "\"fleet\":\"prod\",\"policy_serial\":7}}";

static void
render(const struct made_ruling *m, enum done done, const struct alert_context *ctx, struct buf *out)
{
	struct alert a = {
		.ruling = &m->ruling,
		.done = done,
		.level = LEVEL_REACT,
		.created = m->finding.time,
	};

	buf_reset(out);
	alert_json(&a, ctx, out);
	assert_true(buf_ok(out));
	assert_true(parses_as_object(out->p, out->n));
}

/* The value of "id" in event, 32 hex digits. */
static void
event_id(const struct buf *json, char out[33])
{
	const char *p = strstr(json->p, "\"created\"");

	assert_non_null(p);
	p = strstr(p, "\"id\":\"");
	assert_non_null(p);
	memcpy(out, p + 6, 32);
	out[32] = '\0';
	assert_int_equal(strspn(out, "0123456789abcdef"), 32);
}

static void
every_name(void **state)
{
	struct made_ruling m;
	struct buf json = BUF_INIT, want = BUF_INIT;
	char id[33], out[64];

	(void)state;
	make_ruling(&m);
	render(&m, DONE_WOULD_HAVE, &context, &json);
	event_id(&json, id);
	community_id(m.finding.from, m.finding.to, out);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	buf_printf(&want, expected, id, out);
#pragma GCC diagnostic pop
	assert_string_equal(json.p, want.p);
	buf_free(&json);
	buf_free(&want);
}

/* And the alerts that this one stands for. */
static void
tags_and_the_number_held_back(void **state)
{
	const struct bytes tags[] = {BYTES_LIT("pci"), BYTES_LIT("team-\"a\"")};
	struct made_ruling m;
	struct alert a = {.ruling = &m.ruling, .done = DONE_ALERTED, .held = 7};
	struct buf json = BUF_INIT;

	(void)state;
	make_ruling(&m);
	m.ruling.decision.tags = tags;
	m.ruling.decision.ntags = 2;
	alert_json(&a, &context, &json);
	assert_true(parses_as_object(json.p, json.n));
	assert_non_null(strstr(json.p, "},\"tags\":[\"pci\",\"team-\\\"a\\\"\"],\"threat\""));
	assert_non_null(strstr(json.p, "\"count\":10,"));
	buf_free(&json);
}

static void
id_is_the_evidence(void **state)
{
	struct made_ruling m;
	struct buf json = BUF_INIT;
	char first[33], again[33], other[33];

	(void)state;
	make_ruling(&m);
	render(&m, DONE_WOULD_HAVE, &context, &json);
	event_id(&json, first);
	m.ruling.decision.action = DO_ALERT;
	render(&m, DONE_ALERTED, &context, &json);
	event_id(&json, again);
	m.finding.to.port = 2222;
	render(&m, DONE_ALERTED, &context, &json);
	event_id(&json, other);
	assert_string_equal(first, again);
	assert_string_not_equal(first, other);
	buf_free(&json);
}

static void
assert_has(const struct buf *json, const char *text, bool there)
{
	if ((strstr(json->p, text) != NULL) != there)
		fail_msg("%s is %sin %s", text, there ? "not " : "", json->p);
}

static void
recorded_is_an_event(void **state)
{
	struct made_ruling m;
	struct buf json = BUF_INIT;

	(void)state;
	make_ruling(&m);
	m.ruling.decision = (struct decision){.by_default = true, .action = DO_RECORD};
	render(&m, DONE_RECORDED, &context, &json);
	assert_has(&json, "\"kind\":\"event\"", true);
	assert_has(&json, "\"rule\"", false);
	render(&m, DONE_KILLED, &context, &json);
	assert_has(&json, "\"type\":[\"connection\",\"start\",\"denied\"]", true);
	buf_free(&json);
}

static void
agent_names_the_owner(void **state)
{
	struct made_ruling m;
	struct buf json = BUF_INIT;

	(void)state;
	make_ruling(&m);
	m.finding.activity = ACT_AGENT_HIJACK;
	m.finding.to = m.finding.from = (struct endpoint){0};
	m.finding.to_unix = BYTES_LIT("/tmp/ssh-Xy/agent.9");
	m.finding.owner = OWNER_OTHER;
	m.finding.owner_session = &m.other;
	m.finding.euid = 0;
	m.finding.via = "tmux";
	m.finding.way = WAY_URING;
	m.ruling.as = BYTES_LIT("root");
	render(&m, DONE_ALERTED, &context, &json);
	assert_has(&json, "\"effective\":{\"name\":\"root\",\"id\":\"0\"}", true);
	assert_has(&json, "\"destination\"", false);
	assert_has(&json, "\"to\":\"/tmp/ssh-Xy/agent.9\"", true);
	assert_has(&json, "\"owner\":\"other\",\"owner_session\":\"3f2a9c01-56\"", true);
	assert_has(&json, "\"via\":\"tmux\",\"way\":\"io_uring\"", true);
	buf_free(&json);
}

/* Replay knows neither boot nor host, a task may have no session, a process no program. */
static void
what_is_not_known_is_left_out(void **state)
{
	static const struct alert_context none;
	struct session nobody = {.ses = SES_UNSET, .auid = AUID_UNSET};
	struct made_ruling m;
	struct buf json = BUF_INIT;

	(void)state;
	make_ruling(&m);
	m.finding.session = &nobody;
	m.finding.process = NULL;
	m.finding.nancestry = 0;
	m.finding.euid = UINT32_MAX;
	m.ruling.as = BYTES_NONE;
	render(&m, DONE_ALERTED, &none, &json);
	assert_has(&json, "\"user\":{}", true);
	assert_has(&json, "\"host\"", false);
	assert_has(&json, "\"source\"", false);
	assert_has(&json, "\"session\"", false);
	assert_has(&json, "\"entry_leader\"", false);
	assert_has(&json, "\"process\":{\"pid\":412}", true);
	buf_free(&json);
}

static void
hostile_bytes(void **state)
{
	static const char argv[] = "ssh\0\xff\xfe\"\n\x1b[2J\xe2\x80\xae\0";
	struct made_ruling m;
	struct buf json = BUF_INIT, text = BUF_INIT;
	struct alert a = {.ruling = &m.ruling};

	(void)state;
	make_ruling(&m);
	memcpy(m.argv, argv, sizeof(argv));
	m.ssh.argv_len = sizeof(argv);
	(void)bytes_copy(bytes_of("/tmp/\x1b]0;x\x07\xff"), m.exe[0], sizeof(m.exe[0]));
	(void)bytes_copy(bytes_of("al\xc3ice\n"), m.session.user, sizeof(m.session.user));
	m.finding.to_unix = (struct bytes){.p = "\0abs\xff", .n = 5};
	render(&m, DONE_ALERTED, &context, &json);
	assert_has(&json, "\"user\":{\"name\":\"al\xef\xbf\xbdice\\n\"", true);
	alert_text(&a, &context, &text);
	assert_null(memchr(text.p, '\x1b', text.n));
	assert_null(memchr(text.p, '\n', text.n));
	assert_null(memchr(text.p, '\xff', text.n));
	buf_free(&json);
	buf_free(&text);
}

static void
how_much_of_the_command_line(void **state)
{
	struct alert_context ctx = context;
	struct made_ruling m;
	struct buf json = BUF_INIT;

	(void)state;
	make_ruling(&m);
	ctx.command_line = COMMAND_PROGRAM;
	render(&m, DONE_ALERTED, &ctx, &json);
	assert_has(&json, "\"command_line\":\"ssh\"", true);
	assert_has(&json, "uptime", false);
	ctx.command_line = COMMAND_HASH;
	render(&m, DONE_ALERTED, &ctx, &json);
	assert_has(&json, "\"command_line\":\"sha256:", true);
	assert_has(&json, "uptime", false);
	buf_free(&json);
}

/* A user makes a command line of any length; an alert stays of a size that sinks take. */
static void
long_command_line(void **state)
{
	static char argv[ST_ARGV_BYTES];
	struct made_ruling m;
	struct buf json = BUF_INIT;

	(void)state;
	make_ruling(&m);
	memset(argv, '\x01', sizeof(argv)); /* six bytes each in JSON */
	m.ssh.argv = m.shell.argv = m.sshd.argv = argv;
	m.ssh.argv_len = m.shell.argv_len = m.sshd.argv_len = sizeof(argv);
	render(&m, DONE_ALERTED, &context, &json);
	assert_has(&json, "\\u0001...\"", true);
	assert_true(json.n < 3 * 6 * (ST_ALERT_ARGV + 1000));
	buf_free(&json);
}

/* Without memory for a piece, the alert is whole but for that piece, or says that it failed. */
static void
no_memory(void **state)
{
	struct made_ruling m;
	struct alert a = {.ruling = &m.ruling};
	unsigned failed = 0, whole = 0;

	(void)state;
	make_ruling(&m);
	for (long n = 0; n < 100; n++) {
		struct buf json = BUF_INIT;

		fail_at = n;
		alert_json(&a, &context, &json);
		fail_at = -1;
		failed += !buf_ok(&json);
		whole += buf_ok(&json);
		if (buf_ok(&json))
			assert_true(parses_as_object(json.p, json.n));
		buf_free(&json);
	}
	assert_true(failed > 0 && whole > 0);
}

static void
line_for_people(void **state)
{
	struct made_ruling m;
	struct buf text = BUF_INIT;
	struct alert a = {.ruling = &m.ruling, .done = DONE_WOULD_HAVE};

	(void)state;
	make_ruling(&m);
	alert_text(&a, &context, &text);
	assert_string_equal(text.p,
	    "high outbound-ssh: alice (session 57, from 128.232.110.120 port 34855, key SHA256:abc), "
	    "/usr/bin/ssh[412], to 10.20.0.9 port 22: would-have block, prod.policy:12; ssh to port 22");
	buf_free(&text);
}

/* What is inferred says how sure it is, and of what file and how much traffic it speaks. */
static void
what_is_inferred(void **state)
{
	struct made_ruling m;
	struct buf text = BUF_INIT;
	struct alert a = {.ruling = &m.ruling, .done = DONE_RECORDED};

	(void)state;
	make_ruling(&m);
	m.finding.confidence = CONFIDENCE_MEDIUM;
	m.finding.grade = GRADE_SUSPICIOUS;
	m.finding.bytes_in = 5000000000;
	m.finding.bytes_out = 17;
	m.finding.file = BYTES_LIT("/home/bob/.ssh/id_\n");
	render(&m, DONE_RECORDED, &context, &text);
	assert_non_null(strstr(text.p, "\"level\":\"react\",\"confidence\":\"medium\",\"grade\":\"suspicious\","
	    "\"bytes_in\":5000000000,\"bytes_out\":17,\"count\":3"));
	assert_non_null(strstr(text.p, "\"file\":{\"path\":\"/home/bob/.ssh/id_\\n\"}"));
	buf_reset(&text);
	alert_text(&a, &context, &text);
	assert_non_null(strstr(text.p, "high outbound-ssh (suspicious, medium confidence): alice (session 57"));
	assert_non_null(strstr(text.p, "port 22, of /home/bob/.ssh/id_\\"));
	m.finding.grade = GRADE_NONE;
	buf_reset(&text);
	alert_text(&a, &context, &text);
	assert_non_null(strstr(text.p, "high outbound-ssh (medium confidence): alice"));
	buf_free(&text);
}

static void
names_of_sessions(void **state)
{
	const char *boot = "3f2a9c01-0000-4000-8000-000000000000";
	char name[ALERT_SESSION_LEN];
	uint32_t ses = 0;

	(void)state;
	assert_string_equal(alert_session(boot, 57, name), "3f2a9c01-57");
	assert_string_equal(alert_session("", 57, name), "57");
	assert_string_equal(alert_session(boot, SES_UNSET, name), "");
	assert_true(alert_session_parse(bytes_of("3f2a9c01-57"), boot, &ses));
	assert_int_equal(ses, 57);
	assert_true(alert_session_parse(bytes_of("12"), boot, &ses));
	assert_int_equal(ses, 12);
	assert_false(alert_session_parse(bytes_of("00000000-57"), boot, &ses));
	assert_false(alert_session_parse(bytes_of("4294967295"), boot, &ses));
	assert_false(alert_session_parse(bytes_of("alice"), boot, &ses));
	assert_false(alert_session_parse(BYTES_NONE, boot, &ses));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name),
		cmocka_unit_test(tags_and_the_number_held_back),
		cmocka_unit_test(id_is_the_evidence),
		cmocka_unit_test(recorded_is_an_event),
		cmocka_unit_test(agent_names_the_owner),
		cmocka_unit_test(what_is_not_known_is_left_out),
		cmocka_unit_test(hostile_bytes),
		cmocka_unit_test(how_much_of_the_command_line),
		cmocka_unit_test(long_command_line),
		cmocka_unit_test(no_memory),
		cmocka_unit_test(line_for_people),
		cmocka_unit_test(what_is_inferred),
		cmocka_unit_test(names_of_sessions),
	};

	return cmocka_run_group_tests_name("alert", tests, NULL, NULL);
}
