/* Logins: who is registered, and who answers.  Each lie beside the honest twin that must be obeyed. */
#include "tests/monitor/kit.h"

#include <errno.h>

#include "base/safe.h"
#include "tests/unit/unit.h"

static void
a_login_is_told_with_the_kernels_facts(void **state)
{
	struct stage_session s;
	struct notice n;
	struct verdict v = {.magic = VERDICT_MAGIC, .version = REPORT_VERSION, .action = VERDICT_ALLOW,
	    .source = VERDICT_POLICY}, got;

	(void)state;
	stage_session(&s, KIT_AUID, true);
	assert_int_equal(s.login.result, RES_OK);
	assert_int_equal(s.login.ses, s.ses);
	assert_int_equal(s.login.auid, KIT_AUID);
	assert_int_equal(s.login.pid, s.top);
	assert_int_equal(s.login.uid, 0);
	assert_int_equal(packet_send(s.passed, &v, sizeof(v), NULL, 0), 0);
	stage_send(&(struct request){.kind = REQ_ANSWERED, .id = s.login.id}, sizeof(struct request));
	assert_int_equal(packet_recv(s.report, &got, sizeof(got), NULL, 0), sizeof(got));
	assert_int_equal(got.source, VERDICT_POLICY);
	stage_session_end(&s);
	do
		assert_true(stage_hear(NOTE_OVER, 0, &n, NULL));
	while (n.ses != s.ses);
}

static void
a_silent_engine_is_answered_for(void **state)
{
	struct stage_session s;
	struct notice n;
	struct verdict got;
	int64_t start = stage_now_ms(), took;

	(void)state;
	stage_session(&s, KIT_AUID, true);
	assert_int_equal(packet_recv(s.report, &got, sizeof(got), NULL, 0), sizeof(got));
	took = stage_now_ms() - start;
	assert_int_equal(got.source, VERDICT_FALLBACK);
	assert_int_equal(got.action, VERDICT_ALLOW);
	assert_true(took >= STAGE_LOGIN_MS - 50 && took < STAGE_TIMEOUT);
	assert_true(stage_hear(NOTE_FALLBACK, 0, &n, NULL));
	stage_session_end(&s);
}

/* A root user of a session plays sshd, to be given another's protection. */
static void
a_session_is_not_registered_twice(void **state)
{
	struct stage_session s;
	struct notice n;
	pid_t pid;

	(void)state;
	stage_session(&s, 0, true);
	assert_true(stage_order(&s, ORDER_REPORT, NULL) >= 0);
	assert_true(stage_hear(NOTE_LOGIN, 0, &n, NULL));
	assert_int_equal(n.pid, s.work);
	assert_int_equal(n.result, RES_OTHER_SESSION);
	stage_mode("enforce");
	assert_int_equal(kit_ask(REQ_KILL, &s, s.top), RES_PROTECTED);
	pid = stage_order(&s, ORDER_EXEC, "/bin/sleep");
	assert_int_equal(kit_ask(REQ_KILL, &s, pid), RES_OK);
	stage_mode("audit");
	stage_session_end(&s);
}

static void
only_root_reports(void **state)
{
	struct stage_session s;

	(void)state;
	stage_session(&s, KIT_AUID, true);
	assert_int_equal(stage_order(&s, ORDER_REPORT, NULL), -EACCES);
	stage_session_end(&s);
}

static const struct CMUnitTest tests[] = {
	kit_test(a_login_is_told_with_the_kernels_facts),
	kit_test(a_silent_engine_is_answered_for),
	kit_test(a_session_is_not_registered_twice),
	kit_test(only_root_reports),
};

const struct kit_tests liar_login = {tests, sizeof(tests) / sizeof(*tests)};
