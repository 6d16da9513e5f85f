/* The real engine without rights and under its filter: logins, actions, policy, store, control socket. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "agentd/monitor/grant.h"
#include "base/clock.h"
#include "base/safe.h"
#include "base/serials.h"
#include "tests/unit/engine_stage.h"
#include "tests/unit/unit.h"

#define ENFORCE "fleet stage\nserial 3\nmode enforce\n"

static struct verdict
login(struct engine_stage *s, struct report r)
{
	struct verdict v = {0};

	assert_true(engine_stage_verdict(s, engine_stage_report(s, &r, NULL), &v));
	return v;
}

static void
assert_asked(const struct engine_stage *s, const char *line, const char *text)
{
	struct buf b = BUF_INIT;

	engine_stage_ask(s, line, &b);
	if (strstr(b.p, text) == NULL)
		fail_msg("%s does not hold %s", b.p, text);
	buf_free(&b);
}

/* Asks until the answer holds the text, or does not. */
static void
await_asked(const struct engine_stage *s, const char *line, const char *text, bool there)
{
	const struct mtime begin = mtime_now();
	bool is_there;

	do {
		struct buf b = BUF_INIT;

		if (mtime_ms_since(mtime_now(), begin) > ENGINE_STAGE_WAIT_MS)
			fail_msg("%s: %s %s", line, there ? "never comes" : "stays", text);
		engine_stage_ask(s, line, &b);
		is_there = strstr(b.p, text) != NULL;
		buf_free(&b);
	} while (is_there != there && usleep(20000) == 0);
}

static void
a_login_is_answered_and_shown(void **state)
{
	struct engine_stage s;
	struct request r;

	(void)state;
	engine_stage_open(&s, NULL, MODE_AUDIT);
	assert_int_equal(login(&s, engine_stage_login(REPORT_OPEN, "alice", 1000, 77)).action,
	    VERDICT_ALLOW);
	assert_true(engine_stage_request(&s, REQ_ANSWERED, &r));
	assert_int_equal(r.id, 1);
	assert_asked(&s, "{\"verb\":\"sessions\"}", "\"ip\":\"203.0.113.7\"");
	assert_asked(&s, "{\"verb\":\"sessions\"}", "\"processes\":0"); /* its sshd does not live */
	assert_asked(&s, "{\"verb\":\"session\",\"id\":\"77\"}", "\"known_by\":\"report\"");
	assert_asked(&s, "{\"verb\":\"status\"}", "\"kind\":\"auditd\",\"state\":\"live\"");
	assert_asked(&s, "{\"verb\":\"session\",\"id\":\"78\"}", "\"status\":1");
	assert_int_equal(engine_stage_close(&s), 0);
}

static void
a_denied_login_hears_why(void **state)
{
	static const char policy[] = ENFORCE "deny login user eve message \"ask #bastion\"\n"
					     "pass login user alice message \"be careful\"\n";
	struct engine_stage s;
	struct verdict v;

	(void)state;
	engine_stage_open(&s, policy, MODE_ENFORCE);
	v = login(&s, engine_stage_login(REPORT_OPEN, "eve", 1001, 78));
	assert_int_equal(v.action, VERDICT_DENY);
	assert_string_equal(v.message, "ask #bastion");
	assert_true(engine_stage_alerted(&s, "\"done\":\"refused\",\"level\":\"prevent\""));
	v = login(&s, engine_stage_login(REPORT_OPEN, "alice", 1000, 79));
	assert_int_equal(v.action, VERDICT_ALLOW);
	assert_string_equal(v.message, "be careful");
	v = login(&s, engine_stage_login(REPORT_OPEN, "bob", 1002, 80));
	assert_string_equal(v.message, "");
	assert_int_equal(engine_stage_close(&s), 0);
}

static void
audit_mode_refuses_nobody(void **state)
{
	static const char policy[] = ENFORCE "deny login\n";
	struct engine_stage s;

	(void)state;
	engine_stage_open(&s, policy, MODE_AUDIT);
	assert_int_equal(login(&s, engine_stage_login(REPORT_OPEN, "eve", 1001, 78)).action,
	    VERDICT_ALLOW);
	assert_true(engine_stage_alerted(&s, "\"done\":\"would-have\""));
	assert_int_equal(engine_stage_close(&s), 0);
}

/* At the account stage sshd has not told the key: only what does not hang on it may refuse. */
static void
account_denies_only_what_is_sure(void **state)
{
	static const char policy[] = ENFORCE "pass login key \"SHA256:good\"\ndeny login user eve\n"
					     "deny login user mallory\n";
	static const char sure[] = ENFORCE "deny login user eve\npass login key \"SHA256:good\"\n";
	struct engine_stage s;
	struct report r = engine_stage_login(REPORT_ACCOUNT, "eve", 1001, 78);
	struct request in_force;

	(void)state;
	r.flags = 0;
	r.key_fp[0] = r.key_type[0] = r.method[0] = '\0';
	engine_stage_open(&s, policy, MODE_ENFORCE);
	assert_int_equal(login(&s, r).action, VERDICT_ALLOW);
	engine_stage_policy(&s, sure);
	assert_true(engine_stage_request(&s, REQ_POLICY, &in_force));
	engine_stage_notice(&s, &(struct notice){.kind = NOTE_RELOAD}, -1);
	assert_true(engine_stage_request(&s, REQ_POLICY, &in_force));
	assert_int_equal(login(&s, r).action, VERDICT_DENY);
	assert_int_equal(engine_stage_close(&s), 0);
}

static void
a_report_that_lies_is_not_believed(void **state)
{
	static const char policy[] = ENFORCE "pass login key \"SHA256:A*\" user alice\ndeny login\n";
	struct report r = engine_stage_login(REPORT_OPEN, "alice", 1000, 80);
	struct notice kernel = {.ses = 80, .auid = 1000, .pid = r.pid, .start_ticks = 5};
	struct engine_stage s;
	struct verdict v;

	(void)state;
	engine_stage_open(&s, policy, MODE_ENFORCE);
	assert_true(engine_stage_verdict(&s, engine_stage_report(&s, &r, &kernel), &v));
	assert_asked(&s, "{\"verb\":\"status\"}", "report-mismatch");
	kernel = (struct notice){.ses = 80, .auid = 1000, .pid = r.pid,
	    .start_ticks = r.start_ticks, .result = RES_OTHER_SESSION};
	assert_true(engine_stage_verdict(&s, engine_stage_report(&s, &r, &kernel), &v));
	assert_true(engine_stage_alerted(&s, "report-forged"));
	kernel.result = RES_RATE;
	assert_true(engine_stage_verdict(&s, engine_stage_report(&s, &r, &kernel), &v));
	assert_asked(&s, "{\"verb\":\"status\"}", "login-unregistered");
	assert_int_equal(engine_stage_close(&s), 0);
}

static void
rubbish_gets_no_verdict_and_does_no_harm(void **state)
{
	struct report r = engine_stage_login(REPORT_OPEN, "alice", 1000, 81);
	struct engine_stage s;
	struct verdict v;

	(void)state;
	engine_stage_open(&s, NULL, MODE_AUDIT);
	r.magic = 0;
	assert_false(engine_stage_verdict(&s, engine_stage_report(&s, &r, NULL), &v));
	r.magic = REPORT_MAGIC;
	memset(r.user, 'x', sizeof(r.user));
	assert_false(engine_stage_verdict(&s, engine_stage_report(&s, &r, NULL), &v));
	assert_int_equal(login(&s, engine_stage_login(REPORT_OPEN, "alice", 1000, 82)).action,
	    VERDICT_ALLOW);
	/* The session is followed all the same: the kernel knows it. */
	assert_asked(&s, "{\"verb\":\"session\",\"id\":\"81\"}", "\"known_by\":\"proc\"");
	assert_int_equal(engine_stage_close(&s), 0);
}

/* Its report lay there in time: it is the engine that was held up, by a machine that is overloaded. */
static void
a_report_that_came_in_time_counts(void **state)
{
	struct report r = engine_stage_login(REPORT_OPEN, "alice", 1000, 83);
	struct notice n = {.kind = NOTE_LOGIN, .ses = 83, .auid = 1000, .pid = r.pid, .start_ticks = r.start_ticks,
	    .result = RES_OK};
	struct engine_stage s;
	struct verdict v;
	int pair[2];

	(void)state;
	engine_stage_open(&s, NULL, MODE_AUDIT);
	assert_int_equal(engine_stage_stop(&s), 0);
	s.conf.login_timeout_ms = 5000; /* which is long after the engine is held up */
	engine_stage_start(&s, MODE_AUDIT);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	engine_stage_notice(&s, &n, pair[1]);
	close(pair[1]);
	assert_asked(&s, "{\"verb\":\"status\"}", "\"mode\""); /* the login was begun before that */
	assert_int_equal(kill(s.engine, SIGSTOP), 0);
	assert_int_equal(packet_send(pair[0], &r, sizeof(r), NULL, 0), 0);
	(void)usleep(5500000);
	assert_int_equal(kill(s.engine, SIGCONT), 0);
	assert_true(engine_stage_verdict(&s, pair[0], &v));
	assert_int_equal(v.action, VERDICT_ALLOW);
	assert_asked(&s, "{\"verb\":\"session\",\"id\":\"83\"}", "\"known_by\":\"report\"");
	assert_int_equal(engine_stage_close(&s), 0);
}

static void
a_block_waits_for_the_monitor(void **state)
{
	static const char policy[] = ENFORCE "block outbound-ssh to 10.9.9.9\nalert outbound-ssh\n";
	struct engine_stage s;
	struct request r;

	(void)state;
	engine_stage_open(&s, policy, MODE_ENFORCE);
	login(&s, engine_stage_login(REPORT_OPEN, "alice", 1000, 77));
	engine_stage_connect(&s, 501, 77, 4001, "ssh", "10.1.1.1", 22);
	assert_true(engine_stage_alerted(&s, "\"done\":\"alerted\""));
	engine_stage_connect(&s, 502, 77, 4002, "ssh", "10.9.9.9", 22);
	assert_true(engine_stage_request(&s, REQ_KILL, &r));
	assert_int_equal(r.pid, 4002);
	assert_int_equal(r.ses, 77);
	assert_true(r.time_ms > 0);
	engine_stage_result(&s, r.id, RES_OK, -1);
	assert_true(engine_stage_request(&s, REQ_DESTROY, &r)); /* whoever else has the connection */
	assert_true(r.ses == 77 && r.pid == 4002 && r.flags == REQF_MADE && r.to.port == 22);
	engine_stage_result(&s, r.id, RES_NOT_FOUND, -1);
	assert_true(engine_stage_alerted(&s, "\"done\":\"killed\",\"level\":\"react\""));
	engine_stage_connect(&s, 503, 77, 4003, "ssh", "10.9.9.9", 22);
	assert_true(engine_stage_request(&s, REQ_KILL, &r));
	engine_stage_result(&s, r.id, RES_YOUNGER, -1);
	assert_true(engine_stage_alerted(&s, "\"done\":\"failed\""));
	assert_asked(&s, "{\"verb\":\"policy-show\",\"verbose\":true}", "\"hits\":2");
	assert_int_equal(engine_stage_close(&s), 0);
}

/* Forty clients of one session: ten lines, and one that says how many there were. */
static void
a_loop_does_not_fill_the_alert_file(void **state)
{
	struct engine_stage s;
	struct buf b = BUF_INIT;
	unsigned lines = 0;

	(void)state;
	engine_stage_open(&s, "fleet stage\nserial 3\nalert outbound-ssh\n", MODE_AUDIT);
	for (uint32_t i = 0; i < 40; i++)
		engine_stage_connect(&s, 100 + i, 42, 5000 + i, "ssh", "10.20.0.9", 22);
	engine_stage_connect(&s, 200, 42, 6000, "ssh", "10.20.0.10", 22);
	assert_true(engine_stage_alerted(&s, "10.20.0.10"));
	assert_int_equal(engine_stage_stop(&s), 0);
	assert_true(engine_stage_alerted(&s, "30 more outbound-ssh alerts"));
	assert_int_equal(plain_read(s.alerts, 16u << 20, &b), 0);
	for (const char *p = b.p; (p = strstr(p, "\"ip\":\"10.20.0.9\"")) != NULL; p++)
		lines++;
	assert_int_equal(lines, 10);
	buf_free(&b);
	(void)engine_stage_close(&s); /* what it left behind */
}

static void
a_policy_is_loaded_all_or_nothing(void **state)
{
	struct engine_stage s;
	char line[160];

	(void)state;
	engine_stage_open(&s, ENFORCE "alert outbound-ssh\n", MODE_AUDIT);
	assert_asked(&s, "{\"verb\":\"policy-show\"}", "\"serial\":3");
	engine_stage_policy(&s, "serial 4\nblokc everything\n");
	snprintf(line, sizeof(line), "{\"verb\":\"policy-load\",\"path\":\"%s\"}", s.policy);
	assert_asked(&s, line, "\"diagnostics\":");
	assert_asked(&s, "{\"verb\":\"policy-show\"}", "\"serial\":3");
	engine_stage_policy(&s, "fleet stage\nserial 5\nrecord outbound-ssh\n");
	assert_asked(&s, line, "\"serial\":5");
	assert_asked(&s, "{\"verb\":\"policy-load\",\"path\":\"/nowhere\"}", "\"status\":1");
	assert_asked(&s, "{\"verb\":\"policy-load\",\"path\":\"relative\"}", "\"status\":3");
	chmod(s.policy, 0666);
	assert_asked(&s, line, "\"status\":1");
	assert_asked(&s, "{\"verb\":\"policy-show\"}", "\"serial\":5");
	assert_int_equal(engine_stage_close(&s), 0);
}

static void
a_loaded_policy_outlives_a_crash(void **state)
{
	struct engine_stage s;
	char path[96], line[160];

	(void)state;
	engine_stage_open(&s, "serial 3\n", MODE_AUDIT);
	snprintf(path, sizeof(path), "%s/other.policy", s.dir);
	snprintf(line, sizeof(line), "{\"verb\":\"policy-load\",\"path\":\"%s\"}", path);
	assert_int_equal(atomic_write(path, bytes_of("serial 9\nblock relay\n"), 0644), 0);
	assert_asked(&s, "{\"verb\":\"status\"}", "\"restarts\":0");
	assert_asked(&s, line, "\"serial\":9");

	engine_stage_again(&s, MODE_AUDIT);
	assert_asked(&s, "{\"verb\":\"policy-show\"}", "\"serial\":9");
	assert_asked(&s, "{\"verb\":\"status\"}", "engine-restarted");
	assert_true(engine_stage_alerted(&s, "engine-restarted"));

	assert_int_equal(chmod(path, 0666), 0); /* checked as at any load */
	engine_stage_again(&s, MODE_AUDIT);
	assert_asked(&s, "{\"verb\":\"policy-show\"}", "\"serial\":3");
	assert_true(engine_stage_alerted(&s, "policy-lost"));

	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(engine_stage_stop(&s), 0);
	s.restarts = 0; /* another daemon */
	engine_stage_start(&s, MODE_AUDIT);
	assert_asked(&s, "{\"verb\":\"policy-show\"}", "\"serial\":3");
	assert_int_equal(engine_stage_close(&s), 0);
}

static unsigned
count_alerted(const struct engine_stage *s, const char *text)
{
	struct buf all = BUF_INIT;
	unsigned n = 0;

	assert_int_equal(plain_read(s->alerts, 16u << 20, &all), 0);
	buf_putc(&all, '\0');
	for (const char *at = all.p; (at = strstr(at, text)) != NULL; at += strlen(text))
		n++;
	buf_free(&all);
	return n;
}

static bool
count_is_soon(const struct engine_stage *s, const char *text, unsigned n)
{
	for (int i = 0; i < ENGINE_STAGE_WAIT_MS / 10 && count_alerted(s, text) < n; i++)
		usleep(10000);
	return count_alerted(s, text) == n;
}

/* Bad files in the same words are bad files each; the same one again is none. */
static void
each_watched_file_that_is_refused_is_told(void **state)
{
	static const char refused[] = "\"action\":\"policy-refused\"";
	struct engine_stage s;

	(void)state;
	engine_stage_open(&s, "block relay\n", MODE_AUDIT);
	assert_int_equal(engine_stage_stop(&s), 0);
	s.conf.policy_watch = true;
	engine_stage_start(&s, MODE_AUDIT);
	assert_asked(&s, "{\"verb\":\"policy-show\"}", "\"serial\":0");
	engine_stage_policy(&s, "blokc relay\n");
	assert_true(count_is_soon(&s, refused, 1));
	engine_stage_policy(&s, "blokc relay\npass any user mallory\n");
	assert_true(count_is_soon(&s, refused, 2));
	engine_stage_policy(&s, "blokc relay\npass any user mallory\n");
	usleep(3000000); /* more than it waits for quiet */
	assert_int_equal(count_alerted(&s, refused), 2);
	engine_stage_policy(&s, "blokc relay\npass any user eve\n");
	assert_true(count_is_soon(&s, refused, 3));
	assert_int_equal(engine_stage_close(&s), 0);
}

/* Written beside the loop. */
static bool
is_there_soon(const char *path)
{
	for (int i = 0; i < ENGINE_STAGE_WAIT_MS / 10 && access(path, F_OK) == -1; i++)
		usleep(10000);
	return access(path, F_OK) == 0;
}

static void
begin_anew(struct engine_stage *s, const char *policy)
{
	assert_int_equal(engine_stage_stop(s), 0);
	engine_stage_policy(s, policy);
	engine_stage_start(s, MODE_AUDIT);
}

static void
a_start_without_a_good_policy_has_the_last_one(void **state)
{
	struct engine_stage s;
	char kept[128], line[160];

	(void)state;
	engine_stage_open(&s, "blokc everything\n", MODE_AUDIT); /* the first of all: there is none */
	assert_asked(&s, "{\"verb\":\"policy-show\"}", "\"serial\":0");
	assert_true(engine_stage_alerted(&s, "policy-refused"));
	assert_true(engine_stage_alerted(&s, "nor is there a last good one: no policy is in force"));
	snprintf(kept, sizeof(kept), "%s/last-good.policy", s.state);
	snprintf(line, sizeof(line), "{\"verb\":\"policy-load\",\"path\":\"%s\"}", s.policy);
	engine_stage_policy(&s, "fleet stage\nserial 3\nblock relay\n");
	assert_asked(&s, line, "\"serial\":3");
	assert_true(is_there_soon(kept));
	begin_anew(&s, "blokc everything\n");
	assert_asked(&s, "{\"verb\":\"policy-show\",\"verbose\":true}", "block relay");
	assert_asked(&s, "{\"verb\":\"status\"}", "\"last_good\":true");
	assert_true(engine_stage_alerted(&s, "policy-last-good"));
	begin_anew(&s, NULL);
	assert_asked(&s, "{\"verb\":\"policy-show\"}", "\"serial\":3");
	assert_int_equal(truncate(kept, 9), 0);
	begin_anew(&s, NULL);
	assert_true(engine_stage_alerted(&s,
	    "nor the last good one that was kept: no policy is in force, and nothing is stopped (it is damaged)"));
	assert_int_equal(unlink(kept), 0);
	begin_anew(&s, NULL);
	assert_asked(&s, "{\"verb\":\"status\"}", "\"absent\":true");
	assert_int_equal(engine_stage_close(&s), 0);
}

static void
no_serial_goes_back(void **state)
{
	const struct notice told = {.kind = NOTE_SERIAL, .inode = serials_fleet("stage"), .value = 9};
	struct engine_stage s;
	char line[160];

	(void)state;
	engine_stage_open(&s, "fleet stage\nserial 3\n", MODE_AUDIT);
	assert_asked(&s, "{\"verb\":\"policy-show\"}", "\"serial\":3"); /* it has read its file */
	snprintf(line, sizeof(line), "{\"verb\":\"policy-load\",\"path\":\"%s\"}", s.policy);
	engine_stage_policy(&s, "fleet stage\nserial 2\n");
	assert_asked(&s, line, "serial 2 is older than 3");
	engine_stage_notice(&s, &told, -1);
	engine_stage_policy(&s, "fleet stage\nserial 8\n");
	assert_asked(&s, line, "serial 8 is older than 9");
	engine_stage_policy(&s, "fleet other\nserial 1\n");
	assert_asked(&s, line, "\"serial\":1");
	engine_stage_policy(&s, "fleet stage\nserial 9\n");
	assert_asked(&s, line, "\"serial\":9");
	assert_int_equal(engine_stage_close(&s), 0);
}

static void
a_serial_that_the_configured_file_lacks_is_told(void **state)
{
	static const char says[] = "from now on nothing below serial 4 of fleet stage is taken, not from the configured file ";
	struct engine_stage s;
	char other[128], line[160], configured[160];

	(void)state;
	engine_stage_open(&s, "fleet stage\nserial 3\n", MODE_AUDIT);
	snprintf(other, sizeof(other), "%s/next.policy", s.dir);
	snprintf(line, sizeof(line), "{\"verb\":\"policy-load\",\"path\":\"%s\"}", other);
	snprintf(configured, sizeof(configured), "{\"verb\":\"policy-load\",\"path\":\"%s\"}", s.policy);
	assert_int_equal(atomic_write(other, BYTES_LIT("fleet stage\nserial 3\n"), 0644), 0);
	assert_asked(&s, line, "\"rules\":0}");
	assert_int_equal(atomic_write(other, BYTES_LIT("fleet stage\nserial 4\n"), 0644), 0);
	assert_asked(&s, line, says);
	assert_asked(&s, line, "\"rules\":0}"); /* once is enough */
	assert_asked(&s, configured, "serial 3 is older than 4");
	engine_stage_policy(&s, "fleet stage\nserial 5\n");
	assert_asked(&s, configured, "\"rules\":0}");
	assert_int_equal(engine_stage_close(&s), 0);
}

static void
history_outlives_the_engine(void **state)
{
	struct engine_stage s;
	struct report r = engine_stage_login(REPORT_OPEN, "alice", 1000, 77);
	struct notice found = {.kind = NOTE_FOUND, .ses = 77, .auid = 1000, .pid = 100077,
	    .start_ticks = 1077, .peer = {.family = 4, .port = 40000, .b = {203, 0, 113, 7}}};

	(void)state;
	engine_stage_open(&s, "alert outbound-ssh\n", MODE_AUDIT);
	r.ngroups = 2;
	r.groups[0] = 0;
	r.groups[1] = 65534;
	login(&s, r);
	engine_stage_connect(&s, 501, 77, 4001, "ssh", "10.1.1.1", 22);
	assert_true(engine_stage_alerted(&s, "\"done\":\"alerted\""));
	assert_asked(&s, "{\"verb\":\"alerts\",\"user\":\"alice\"}", "10.1.1.1");
	assert_asked(&s, "{\"verb\":\"alerts\",\"session\":\"77\",\"activity\":\"outbound-ssh\"}",
	    "10.1.1.1");
	engine_stage_again(&s, MODE_AUDIT);
	assert_asked(&s, "{\"verb\":\"alerts\",\"user\":\"alice\"}", "10.1.1.1");
	engine_stage_notice(&s, &found, -1);
	await_asked(&s, "{\"verb\":\"session\",\"id\":\"77\"}", "\"key\":\"SHA256:AAAA", true);
	assert_asked(&s, "{\"verb\":\"session\",\"id\":\"77\"}",
	    "\"groups\":[\"root\",\"nogroup\"]");
	assert_int_equal(engine_stage_close(&s), 0);
}

static void
a_session_that_is_held_back_shows_it(void **state)
{
	static const char ask[] = "{\"verb\":\"session\",\"id\":\"77\"}";
	const struct notice isolated = {.kind = NOTE_ORDERED, .ses = 77, .pid = 9, .flags = ORDERF_ISOLATE};
	const struct notice found = {.kind = NOTE_FOUND, .ses = 77, .auid = 1000, .pid = 100077, .start_ticks = 1077,
	    .flags = FOUNDF_ISOLATED | FOUNDF_ISOLATED_ORDER | FOUNDF_REVOKED};
	const struct notice audit = {.kind = NOTE_MODE, .mode = MODE_AUDIT};
	struct engine_stage s;

	(void)state;
	engine_stage_open(&s, NULL, MODE_ENFORCE);
	login(&s, engine_stage_login(REPORT_OPEN, "alice", 1000, 77));
	assert_asked(&s, ask, "\"bytes_out\":0,\"processes\"");
	engine_stage_notice(&s, &isolated, -1);
	assert_asked(&s, ask, "\"bytes_out\":0,\"isolated\":true,\"processes\"");
	engine_stage_again(&s, MODE_ENFORCE);
	engine_stage_notice(&s, &found, -1);
	assert_asked(&s, ask, "\"isolated\":true,\"agents_revoked\":true");
	engine_stage_notice(&s, &audit, -1);
	assert_asked(&s, ask, "\"bytes_out\":0,\"isolated\":true,\"processes\"");
	assert_int_equal(engine_stage_close(&s), 0);
}

static int64_t
ask_store(const struct engine_stage *s, const char *sql)
{
	char path[160];
	sqlite3 *db;
	sqlite3_stmt *st;
	int64_t n;

	snprintf(path, sizeof(path), "%s/store.db", s->state);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	n = sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int64(st, 0) : -1;
	sqlite3_finalize(st);
	sqlite3_close(db);
	return n;
}

static void
short_quiet_logins_are_counted(void **state)
{
	struct engine_stage s;

	(void)state;
	engine_stage_open(&s, "record outbound-ssh\n", MODE_AUDIT);
	for (uint32_t ses = 70; ses < 80; ses++)
		login(&s, engine_stage_login(REPORT_OPEN, "alice", 1000, ses));
	engine_stage_connect(&s, 501, 79, 4001, "ssh", "10.1.1.1", 22);
	await_asked(&s, "{\"verb\":\"alerts\",\"all\":true}", "10.1.1.1", true); /* the model has heard of it */
	for (uint32_t ses = 70; ses < 80; ses++)
		engine_stage_notice(&s, &(struct notice){.kind = NOTE_OVER, .ses = ses}, -1);
	await_asked(&s, "{\"verb\":\"sessions\"}", "\"state\":\"open\"", false);
	assert_int_equal(engine_stage_stop(&s), 0);
	assert_int_equal(ask_store(&s, "SELECT count(*) FROM logins"), 1);
	assert_int_equal(ask_store(&s, "SELECT count FROM logins"), 9);
	assert_int_equal(ask_store(&s, "SELECT count(*) FROM sessions"), 1);
	assert_int_equal(ask_store(&s, "SELECT ses FROM sessions WHERE over != 0"), 79);
	assert_int_equal(ask_store(&s, "SELECT count(*) FROM findings WHERE alert = 0 AND activity = 'outbound-ssh'"), 1);
	engine_stage_start(&s, MODE_AUDIT);
	assert_int_equal(engine_stage_close(&s), 0);
}

static void
the_group_may_not_load(void **state)
{
	struct engine_stage s;

	(void)state;
	engine_stage_open(&s, NULL, MODE_AUDIT);
	assert_asked(&s, "{\"verb\":\"nonsense\"}", "\"status\":3");
	assert_asked(&s, "[1,2]", "\"status\":3");
	assert_asked(&s, "{\"verb\":\"status\",\"verb\":\"status\"}", "\"status\":3");
	assert_asked(&s, "{\"verb\":\"status\"}", "control-bad");
	assert_int_equal(engine_stage_close(&s), 0);
}

/* --- grants and gates ------------------------------------------------------------------------------- */

static void
a_login_has_its_grant_before_its_verdict(void **state)
{
	static const char policy[] = ENFORCE "block outbound-ssh user alice to 10.0.0.0/8\n";
	struct engine_stage s;

	(void)state;
	engine_stage_open(&s, policy, MODE_ENFORCE);
	assert_int_equal(login(&s, engine_stage_login(REPORT_OPEN, "alice", 1000, 77)).action, VERDICT_ALLOW);
	assert_int_equal(s.gates.row_ses, 77);
	assert_int_equal(s.gates.row.generation, s.gates.last);
	assert_true(s.gates.prefixes > 0 && s.gates.ports > 0);
	assert_asked(&s, "{\"verb\":\"status\"}", "\"grants\":{\"generation\":");
	assert_int_equal(engine_stage_close(&s), 0);
}

/* The monitor cannot install it: in audit mode the login goes on, in enforce mode login-fail says. */
static void
without_its_grant_login_fail_counts(void **state)
{
	static const struct {
		enum mode mode;
		bool open;
		enum verdict_action action;
	} rows[] = {
	    {MODE_AUDIT, false, VERDICT_ALLOW},
	    {MODE_ENFORCE, true, VERDICT_ALLOW},
	    {MODE_ENFORCE, false, VERDICT_DENY},
	};
	struct engine_stage s;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		engine_stage_open(&s, ENFORCE, MODE_AUDIT);
		engine_stage_stop(&s);
		s.conf.login_fail_open = rows[i].open;
		s.gates.answer = RES_DENIED;
		engine_stage_start(&s, rows[i].mode);
		assert_int_equal(login(&s, engine_stage_login(REPORT_OPEN, "alice", 1000, 77)).action,
		    rows[i].action);
		assert_int_equal(engine_stage_close(&s), 0);
	}
}

static void
a_strict_engine_ends_where_gates_are_missing(void **state)
{
	static const char policy[] = ENFORCE "block outbound-ssh\n";
	const struct notice all = {.kind = NOTE_GATES, .flags = (1u << GATEF_COUNT) - 1};
	const struct notice none = {.kind = NOTE_GATES, .value = EPERM};
	struct engine_stage s;

	(void)state;
	engine_stage_open(&s, policy, MODE_ENFORCE);
	engine_stage_notice(&s, &none, -1);
	assert_asked(&s, "{\"verb\":\"status\"}", "this host cannot block outbound-ssh");
	assert_asked(&s, "{\"verb\":\"status\"}", "{\"name\":\"connect\",\"works\":false,\"why\":\"Operation not");
	assert_int_equal(engine_stage_stop(&s), 0);
	s.conf.strict = true;
	engine_stage_start(&s, MODE_ENFORCE);
	engine_stage_notice(&s, &all, -1);
	assert_asked(&s, "{\"verb\":\"status\"}", "\"beyond\":[]");
	assert_int_equal(engine_stage_stop(&s), 0);
	engine_stage_start(&s, MODE_ENFORCE);
	engine_stage_notice(&s, &none, -1);
	engine_stage_hung_up(&s);
	assert_int_equal(engine_stage_close(&s), ENGINE_BEYOND);
}

/* A refusal that no record tells of, while there is no source of records at all. */
static void
what_the_gate_refused_is_told(void **state)
{
	static const char policy[] = ENFORCE "block outbound-ssh\n";
	struct notice n = {.kind = NOTE_GATE, .ses = 77, .id = 77, .pid = 4001, .auid = 1000, .uid = 1000,
	    .flags = GATE_TCP | GRANT_DENY << 8 | GATEN_REFUSED, .value = (uint64_t)rtime_now().ms,
	    .peer = {.family = 4, .port = 22, .b = {10, 9, 9, 9}}};
	const struct notice all = {.kind = NOTE_GATES, .flags = (1u << GATEF_COUNT) - 1};
	struct engine_stage s;

	(void)state;
	engine_stage_open(&s, policy, MODE_ENFORCE);
	engine_stage_notice(&s, &all, -1);
	login(&s, engine_stage_login(REPORT_OPEN, "alice", 1000, 77));
	engine_stage_notice(&s, &n, -1);
	/* audit has its five seconds, and more as long as it may come */
	assert_true(engine_stage_alerted(&s, "\"done\":\"refused\",\"level\":\"prevent\""));
	assert_true(engine_stage_alerted(&s, "the kernel's gate saw it"));
	assert_int_equal(engine_stage_close(&s), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_login_is_answered_and_shown),
		cmocka_unit_test(a_denied_login_hears_why),
		cmocka_unit_test(audit_mode_refuses_nobody),
		cmocka_unit_test(account_denies_only_what_is_sure),
		cmocka_unit_test(a_report_that_lies_is_not_believed),
		cmocka_unit_test(rubbish_gets_no_verdict_and_does_no_harm),
		cmocka_unit_test(a_report_that_came_in_time_counts),
		cmocka_unit_test(a_block_waits_for_the_monitor),
		cmocka_unit_test(a_loop_does_not_fill_the_alert_file),
		cmocka_unit_test(a_policy_is_loaded_all_or_nothing),
		cmocka_unit_test(a_loaded_policy_outlives_a_crash),
		cmocka_unit_test(each_watched_file_that_is_refused_is_told),
		cmocka_unit_test(a_start_without_a_good_policy_has_the_last_one),
		cmocka_unit_test(no_serial_goes_back),
		cmocka_unit_test(a_serial_that_the_configured_file_lacks_is_told),
		cmocka_unit_test(history_outlives_the_engine),
		cmocka_unit_test(a_session_that_is_held_back_shows_it),
		cmocka_unit_test(short_quiet_logins_are_counted),
		cmocka_unit_test(the_group_may_not_load),
		cmocka_unit_test(a_login_has_its_grant_before_its_verdict),
		cmocka_unit_test(without_its_grant_login_fail_counts),
		cmocka_unit_test(a_strict_engine_ends_where_gates_are_missing),
		cmocka_unit_test(what_the_gate_refused_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
