/* Words for a session's terminals; tests/e2e/test_message.py has one that has a terminal. */
#include "tests/monitor/kit.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

static enum result
say(uint32_t ses, const struct say *words, size_t n)
{
	struct request rq = {.kind = REQ_SAY, .ses = ses};

	return stage_ask_with(&rq, words, n, NULL, NULL);
}

static void
only_to_sessions_and_only_a_line(void **state)
{
	struct stage_session s;
	struct say words;

	(void)state;
	stage_session(&s, KIT_AUID, true);
	memset(words.text, 'x', sizeof(words.text));
	assert_int_equal(say(s.ses, &words, sizeof(words)), RES_BAD); /* without an end */
	(void)snprintf(words.text, sizeof(words.text), "ask #dba");
	assert_int_equal(say(s.ses + 1000, &words, sizeof(words)), RES_NO_SESSION);
	assert_int_equal(say(s.ses, &words, sizeof(words)), RES_NOT_FOUND); /* it has no terminal */
	stage_session_end(&s);
}

static const struct CMUnitTest tests[] = {
	kit_test(only_to_sessions_and_only_a_line),
};

const struct kit_tests liar_say = {tests, sizeof(tests) / sizeof(*tests)};
