/*
 * `sshtether case`: the sheet of a hijack chain as people read it, from the model to the terminal, held against
 * tests/golden/case/hijack.txt (UPDATE=1 writes it anew: read it); the list, and what is asked of the daemon.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agentd/case/case.h"
#include "tests/unit/fake_daemon.h"
#include "tests/unit/ruling.h"
#include "tests/unit/unit.h"

#define BOOT   "1f0a33c2-0000-4000-8000-000000000000"
#define GOLDEN "tests/golden/case/hijack.txt"
#define END    "{\"end\":true,\"status\":0}\n"

static const struct found {
	enum activity activity;
	enum confidence confidence;
	enum owner owner;
	bool as_root, alerted;
	const char *subject, *reason;
} chain[] = {
	{ACT_UNUSUAL_ORIGIN, CONFIDENCE_MEDIUM, OWNER_UNKNOWN, false, false, NULL,
	    "first time in 30 days that alice came from 128.232.110.0/24; 0 of 29 active days"},
	{ACT_OUTBOUND_SSH, CONFIDENCE_NONE, OWNER_UNKNOWN, false, false, NULL, "alice's session 57 connects to db"},
	{ACT_AGENT_HIJACK, CONFIDENCE_NONE, OWNER_OTHER, true, true, "/tmp/ssh-X/agent.1",
	    "alice's session 57 (from 128.232.110.120) uses an SSH agent with ssh-add: that of bob's session 56"},
	{ACT_AGENT_HIJACK, CONFIDENCE_NONE, OWNER_OTHER, true, true, "/tmp/ssh-X/agent.1", "the same, once more"},
	{ACT_KEY_READ, CONFIDENCE_HIGH, OWNER_UNKNOWN, true, false, "/home/bob/.ssh/it's \x1b[2Jmine",
	    "alice's session 57 read a private key of bob"},
	{ACT_KEY_READ, CONFIDENCE_HIGH, OWNER_UNKNOWN, true, false, "/home/bob/.ssh/id_ed25519",
	    "alice's session 57 read a private key of bob"},
};

static void
take(struct cases *t, const struct found *f, int64_t ms)
{
	struct made_ruling m;
	char id[ALERT_ID_LEN];

	make_ruling(&m);
	(void)snprintf(m.other.user, sizeof(m.other.user), "bob");
	m.session.opened.ms = 1795309320000;
	m.finding.activity = f->activity;
	m.finding.confidence = f->confidence;
	m.finding.owner = f->owner;
	m.finding.owner_session = f->owner == OWNER_OTHER ? &m.other : NULL;
	m.finding.euid = f->as_root ? 0 : m.session.auid;
	m.finding.time.ms = ms;
	m.finding.to_unix = bytes_of(f->subject);
	if (f->activity != ACT_OUTBOUND_SSH)
		m.finding.to.addr.family = 0;
	m.ruling.decision.action = f->alerted ? DO_ALERT : DO_RECORD;
	m.ruling.as = f->as_root ? BYTES_LIT("root") : BYTES_LIT("alice");
	(void)snprintf(m.finding.reason, sizeof(m.finding.reason), "%s", f->reason);
	(void)snprintf(id, sizeof(id), "%032llx", (unsigned long long)ms);
	assert_non_null(cases_take(t, &m.ruling, f->alerted ? DONE_ALERTED : DONE_RECORDED, id, NULL));
}

static void
see(struct case_file *c)
{
	c->seen = (struct case_seen){.nothers = 2, .ntasks = 1, .nagents = 1};
	c->seen.others[0] = (struct case_other){.ses = 41, .from = c->peer.addr, .opened = {.ms = 1795300000000}};
	c->seen.others[1] = (struct case_other){.ses = 44, .opened = {.ms = 1795301000000}};
	c->seen.tasks[0] = (struct case_task){.pid = 431, .uid = 0, .seen = {.ms = 1795309330000}, .exe = "/usr/bin/bash"};
	(void)snprintf(c->seen.agents[0], sizeof(c->seen.agents[0]), "/tmp/ssh-Y/agent.2");
}

static struct cases *
make_case(void)
{
	struct cases *t = cases_new(BOOT, NULL);

	assert_non_null(t);
	for (size_t i = 0; i < sizeof(chain) / sizeof(chain[0]); i++)
		take(t, &chain[i], 1795309323000 + (int64_t)i * 20000);
	see(cases_find(t, 57));
	return t;
}

/* What the daemon answers, and what the command makes of it. */
static struct buf
run(const char *line, bool sheet, int want, struct buf *request)
{
	const struct case_context ctx = {.lives = true};
	struct cases *t = make_case();
	struct buf answer = BUF_INIT, out = BUF_INIT, err = BUF_INIT;
	struct cli cli = {.utc = true};
	struct fake_daemon d;

	(sheet ? case_sheet_json : case_json)(cases_find(t, 57), &ctx, &answer);
	buf_puts(&answer, "\n" END);
	fake_daemon_start(&d, "control.sock", answer.p);
	cli.run_dir = d.dir;
	assert_int_equal(run_command(&cli, cmd_case, line, &out, &err), want);
	fake_daemon_request(&d, request);
	fake_daemon_stop(&d);
	buf_free(&answer);
	buf_free(&err);
	cases_free(&t);
	return out;
}

static void
write_golden(const struct buf *text)
{
	FILE *f = fopen(GOLDEN, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text->p, 1, text->n, f), text->n);
	assert_int_equal(fclose(f), 0);
}

static void
the_sheet_reads_like_this(void **state)
{
	static char want[32768];
	struct buf request = BUF_INIT, out = run("case 57", true, CLI_OK, &request);
	FILE *f;
	size_t n;

	(void)state;
	assert_string_equal(request.p, "{\"verb\":\"case\",\"id\":\"57\"}");
	if (getenv("UPDATE") != NULL)
		write_golden(&out);
	f = fopen(GOLDEN, "r");
	assert_non_null(f);
	n = fread(want, 1, sizeof(want) - 1, f);
	want[n] = '\0';
	(void)fclose(f);
	assert_string_equal(out.p, want);
	buf_free(&out);
	buf_free(&request);
}

static void
the_list_has_a_row_each(void **state)
{
	struct buf request = BUF_INIT, out = run("case --user alice --min-severity high --limit 5", false, CLI_OK, &request);

	(void)state;
	assert_string_equal(request.p,
	    "{\"verb\":\"cases\",\"user\":\"alice\",\"severity\":\"high\",\"limit\":5}");
	assert_non_null(strstr(out.p, "1f0a33c2-57 alice 128.232.110.120 2026-"));
	assert_non_null(strstr(out.p, " 100 critical open"));
	assert_non_null(strstr(out.p, "unusual-origin, agent-hijack, key-read"));
	buf_free(&out);
	buf_free(&request);
}

static void
json_is_the_answer_as_it_came(void **state)
{
	struct buf request = BUF_INIT, out = run("case --json 57", true, CLI_OK, &request);

	(void)state;
	assert_non_null(strstr(out.p, "\"questions\":[{\"question\":\"origin\",\"words\":\"is the origin suspect?\""));
	buf_free(&out);
	buf_free(&request);
}

static void
mistakes_are_told_before_anybody_is_asked(void **state)
{
	static const struct {
		const char *line, *words;
	} rows[] = {
		{"case --min-severity bad", "--min-severity: 'bad' is none"},
		{"case --since whenever", "--since: 'whenever' is no time"},
		{"case --limit 0", "is no number above 0"},
		{"case 57 58", "what is '58'?"},
		{"case --user alice 57", "a case of its own needs none"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static const struct command command = {.name = "case", .usage = ""};
		struct cli cli = {.command = &command, .run_dir = "/nonexistent/sshtether"};
		struct buf out = BUF_INIT, err = BUF_INIT;

		assert_int_equal(run_command(&cli, cmd_case, rows[i].line, &out, &err), CLI_USAGE);
		if (strstr(err.p, rows[i].words) == NULL)
			fail_msg("'%s' is not in: %s", rows[i].words, err.p);
		buf_free(&out);
		buf_free(&err);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sheet_reads_like_this),
		cmocka_unit_test(the_list_has_a_row_each),
		cmocka_unit_test(json_is_the_answer_as_it_came),
		cmocka_unit_test(mistakes_are_told_before_anybody_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
