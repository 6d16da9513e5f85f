/* One process ends, and no other.  Each lie beside the honest twin that must be obeyed. */
#include "tests/monitor/kit.h"

#include <signal.h>

#include "base/proc.h"
#include "tests/unit/unit.h"

static void
nothing_is_killed_in_audit_mode(void **state)
{
	struct stage_session s;

	(void)state;
	stage_session(&s, KIT_AUID, true);
	assert_int_equal(kit_ask(REQ_KILL, &s, s.work), RES_MODE_AUDIT);
	assert_int_equal(kit_ask(REQ_TERMINATE, &s, 0), RES_MODE_AUDIT);
	assert_true(stage_alive(s.work));
	stage_session_end(&s);
}

static void
a_forged_session_is_refused(void **state)
{
	struct stage_session unknown, other;
	struct request rq;

	(void)state;
	stage_mode("enforce");
	stage_session(&unknown, KIT_AUID, false);
	stage_session(&other, KIT_AUID, true);
	assert_int_equal(kit_ask(REQ_KILL, &unknown, unknown.work), RES_NO_SESSION);
	assert_int_equal(kit_ask(REQ_TERMINATE, &unknown, 0), RES_NO_SESSION);
	assert_int_equal(kit_ask(REQ_PROGRAM, &unknown, unknown.work), RES_NO_SESSION);
	/* The process of one session under the name of another. */
	assert_int_equal(kit_ask(REQ_KILL, &other, unknown.work), RES_OTHER_SESSION);
	/* What is in no session at all. */
	assert_int_equal(kit_ask(REQ_KILL, &other, 1), RES_OTHER_SESSION);
	assert_int_equal(kit_ask(REQ_KILL, &other, stage_monitor()), RES_OTHER_SESSION);
	rq = kit_request(REQ_KILL, &other, other.work);
	rq.ses = SES_UNSET;
	assert_int_not_equal(stage_ask(&rq, NULL, NULL), RES_OK);
	assert_true(stage_alive(unknown.work) && stage_alive(other.work));
	stage_mode("audit");
	stage_session_end(&unknown);
	stage_session_end(&other);
}

static void
a_pid_used_again_is_refused(void **state)
{
	struct stage_session s;
	struct request rq;

	(void)state;
	stage_mode("enforce");
	stage_session(&s, KIT_AUID, true);
	rq = kit_request(REQ_KILL, &s, s.work);
	rq.time_ms -= 5000; /* the record is older than the process that has the number now */
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_YOUNGER);
	rq.time_ms = 0;
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_BAD);
	rq.time_ms = stage_now_ms() + 60000; /* a record of the future would make every process old */
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_BAD);
	assert_true(stage_alive(s.work));
	rq.time_ms = stage_now_ms();
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_OK);
	assert_true(stage_gone_soon(s.work));
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_GONE);
	stage_mode("audit");
	stage_session_end(&s);
}

static void
only_the_named_process_dies(void **state)
{
	struct stage_session s;
	pid_t sibling;

	(void)state;
	stage_mode("enforce");
	stage_session(&s, KIT_AUID, true);
	sibling = stage_order(&s, ORDER_FORK, NULL);
	assert_int_equal(kit_ask(REQ_KILL, &s, sibling), RES_OK);
	assert_true(stage_gone_soon(sibling));
	assert_true(stage_alive(s.work) && stage_alive(s.child) && stage_alive(s.top));
	stage_mode("audit");
	stage_session_end(&s);
}

static void
the_protected_are_refused(void **state)
{
	struct stage_session s, glass;
	pid_t sshd, other, named;

	(void)state;
	kit_copy_sleep("sshd");
	stage_mode("enforce");
	stage_session(&s, 0, true);
	stage_session(&glass, STAGE_GLASS, true);
	sshd = stage_order(&s, ORDER_SERVE, stage_path("sshd")); /* as an administrator restarts it */
	/* A copy of anything can have the name. */
	named = stage_order(&s, ORDER_EXEC, stage_path("sshd"));
	other = stage_order(&s, ORDER_EXEC, "/bin/sleep");
	assert_int_equal(kit_ask(REQ_KILL, &s, sshd), RES_PROTECTED);
	assert_int_equal(kit_ask(REQ_KILL, &s, named), RES_OK);
	assert_int_equal(kit_ask(REQ_KILL, &s, s.top), RES_PROTECTED);
	assert_int_equal(kit_ask(REQ_KILL, &s, s.child), RES_PROTECTED);
	assert_int_equal(kit_ask(REQ_KILL, &glass, glass.work), RES_PROTECTED);
	assert_int_equal(kit_ask(REQ_TERMINATE, &glass, 0), RES_PROTECTED);
	/* The end of the session does not take that sshd along. */
	assert_int_equal(kit_ask(REQ_TERMINATE, &s, 0), RES_OK);
	assert_true(stage_alive(sshd) && stage_alive(glass.work));
	assert_false(stage_alive(other));
	(void)kill(sshd, SIGKILL);
	stage_mode("audit");
	stage_session_end(&s);
	stage_session_end(&glass);
}

static const struct CMUnitTest tests[] = {
	kit_test(nothing_is_killed_in_audit_mode),
	kit_test(a_forged_session_is_refused),
	kit_test(a_pid_used_again_is_refused),
	kit_test(only_the_named_process_dies),
	kit_test(the_protected_are_refused),
};

const struct kit_tests liar_kill = {tests, sizeof(tests) / sizeof(*tests)};
