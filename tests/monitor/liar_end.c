/* The end of a whole session.  Each lie beside the honest twin that must be obeyed. */
#include "tests/monitor/kit.h"

#include <stdio.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static void
a_session_ends_whole_but_for_what_is_spared(void **state)
{
	struct stage_session s, other;
	struct request rq;
	struct notice n;
	pid_t spared, sibling;

	(void)state;
	kit_copy_sleep("spared");
	stage_mode("enforce");
	stage_session(&s, KIT_AUID, true);
	stage_session(&other, KIT_AUID, true);
	spared = stage_order(&s, ORDER_EXEC, stage_path("spared"));
	sibling = stage_order(&s, ORDER_FORK, NULL);
	rq = kit_request(REQ_SPARE, &s, other.work);
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_OTHER_SESSION);
	assert_int_equal(kit_ask(REQ_SPARE, &s, spared), RES_OK);
	rq = kit_request(REQ_TERMINATE, &s, 0);
	assert_int_equal(stage_ask(&rq, &n, NULL), RES_OK);
	assert_int_equal(n.value, 2); /* work and sibling; the rest went by itself */
	assert_false(stage_alive(s.work) || stage_alive(sibling) || stage_alive(s.child) || stage_alive(s.top));
	assert_true(stage_alive(spared) && stage_alive(other.work) && stage_alive(other.top));
	/* Spared once: the next end takes it, and so does `terminate all`. */
	rq = kit_request(REQ_TERMINATE, &s, 0);
	rq.flags = REQF_ALL;
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_OK);
	assert_true(stage_gone_soon(spared));
	stage_mode("audit");
	stage_session_end(&s);
	stage_session_end(&other);
}

/* Root's own word at monitor.sock: no mode and no stop limit hold it back, and break-glass does. */
static void
root_ends_a_session_in_audit_mode(void **state)
{
	struct stage_session s, glass;
	struct request rq;
	struct notice n;
	char line[64], answer[256];
	pid_t spared;

	(void)state;
	kit_copy_sleep("spared");
	stage_session(&s, KIT_AUID, true);
	stage_session(&glass, STAGE_GLASS, true);
	spared = stage_order(&s, ORDER_EXEC, stage_path("spared"));
	/* The engine may say what is spared, and no more than that. */
	assert_int_equal(kit_ask(REQ_SPARE, &s, spared), RES_OK);
	rq = kit_request(REQ_TERMINATE, &s, 0);
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_MODE_AUDIT);
	snprintf(line, sizeof(line), "{\"verb\":\"terminate\",\"ses\":%u}\n", s.ses);
	stage_verb(line, answer, sizeof(answer));
	assert_non_null(strstr(answer, "\"done\":\"terminated\",\"count\":1"));
	assert_false(stage_alive(s.work) || stage_alive(s.child) || stage_alive(s.top));
	assert_true(stage_alive(spared) && stage_alive(glass.work));
	assert_true(stage_hear(NOTE_ORDERED, 0, &n, NULL));
	assert_int_equal(n.result, RES_OK);
	assert_int_equal(n.ses, s.ses);
	assert_int_equal(n.pid, getpid());
	snprintf(line, sizeof(line), "{\"verb\":\"terminate\",\"ses\":%u,\"all\":true}\n", s.ses);
	stage_verb(line, answer, sizeof(answer));
	assert_true(stage_gone_soon(spared));
	snprintf(line, sizeof(line), "{\"verb\":\"terminate\",\"ses\":%u}\n", glass.ses);
	stage_verb(line, answer, sizeof(answer));
	assert_non_null(strstr(answer, "\"done\":\"failed\""));
	assert_true(stage_alive(glass.work));
	stage_verb("{\"verb\":\"terminate\",\"ses\":1}\n", answer, sizeof(answer));
	assert_non_null(strstr(answer, "\"done\":\"failed\""));
	stage_session_end(&s);
	stage_session_end(&glass);
}

/* Its last looks for what is left fall to the end of the monitor. */
static void
a_monitor_that_goes_ends_what_it_began(void **state)
{
	struct stage_session s;
	struct request rq;

	(void)state;
	stage_mode("enforce");
	stage_session(&s, KIT_AUID, true);
	rq = kit_request(REQ_TERMINATE, &s, 0);
	rq.id = 1;
	stage_send(&rq, sizeof(rq));
	assert_true(stage_gone_soon(s.work));
	assert_int_equal(stage_again(), 0);
	assert_false(stage_alive(s.work) || stage_alive(s.child) || stage_alive(s.top));
	stage_mode("audit");
	stage_session_end(&s);
}

static const struct CMUnitTest tests[] = {
	kit_test(a_session_ends_whole_but_for_what_is_spared),
	kit_test(root_ends_a_session_in_audit_mode),
	kit_test(a_monitor_that_goes_ends_what_it_began),
};

const struct kit_tests liar_end = {tests, sizeof(tests) / sizeof(*tests)};
