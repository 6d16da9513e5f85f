/* Rubbish, and more than the cap allows: last, because it is used up then. */
#include "tests/monitor/kit.h"

#include <stdio.h>

#include "base/safe.h"
#include "tests/unit/unit.h"

static void
rubbish_costs_the_engine_its_life(void **state)
{
	struct stage_session s;
	struct notice n;
	struct verdict got;
	const bool gates = (kit_gates() & GATEF_CONNECT) != 0;
	char line[64], answer[256];

	(void)state;
	stage_session(&s, KIT_AUID, true);
	if (gates) {
		snprintf(line, sizeof(line), "{\"verb\":\"isolate\",\"ses\":%u}\n", s.ses);
		stage_verb(line, answer, sizeof(answer));
		assert_non_null(strstr(answer, "\"done\":\"isolated\""));
	}
	stage_send("rubbish", 7);
	stage_new_engine();
	assert_true(stage_hear(NOTE_CONFIG, 0, &n, NULL));
	assert_int_equal(n.nfds, 1);
	/* The login that waited heard the fallback; the session is told to the next engine. */
	assert_int_equal(packet_recv(s.report, &got, sizeof(got), NULL, 0), sizeof(got));
	assert_int_equal(got.source, VERDICT_FALLBACK);
	stage_send(&(struct request){.kind = REQ_HELLO}, sizeof(struct request));
	do
		assert_true(stage_hear(NOTE_FOUND, 0, &n, NULL));
	while (n.ses != s.ses);
	assert_int_equal(n.pid, s.top);
	assert_int_equal(n.flags, gates ? FOUNDF_ISOLATED | FOUNDF_ISOLATED_ORDER : 0);
	stage_session_end(&s);
}

static void
a_cap_holds_whatever_the_engine_wants(void **state)
{
	struct stage_session s;
	enum result result = RES_OK;
	unsigned killed = 0;

	(void)state;
	stage_mode("enforce");
	stage_send(&(struct request){.kind = REQ_POLICY, .limit = 0}, sizeof(struct request));
	stage_session(&s, KIT_AUID, true);
	for (int i = 0; i < STAGE_RATE * 2 && result == RES_OK; i++) {
		result = kit_ask(REQ_KILL, &s, stage_order(&s, ORDER_FORK, NULL));
		killed += result == RES_OK;
	}
	assert_int_equal(result, RES_RATE);
	assert_true(killed <= STAGE_RATE);
	stage_mode("audit");
	stage_session_end(&s);
}

static const struct CMUnitTest tests[] = {
	kit_test(rubbish_costs_the_engine_its_life),
	kit_test(a_cap_holds_whatever_the_engine_wants),
};

const struct kit_tests liar_flood = {tests, sizeof(tests) / sizeof(*tests)};
