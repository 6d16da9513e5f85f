/* What monitor.sock understands, and the much that it does not. */
#include "tests/unit/unit.h"

#include "agentd/monitor/verb.h"

static enum verb
parse(const char *line, enum mode *mode)
{
	return verb_parse(bytes_of(line), mode);
}

static void
the_mode_is_asked_and_set(void **state)
{
	enum mode mode = MODE_AUDIT;

	(void)state;
	assert_int_equal(parse("{\"verb\":\"mode\"}", &mode), VERB_MODE_GET);
	assert_int_equal(parse("{\"verb\":\"mode\",\"set\":\"enforce\"}", &mode), VERB_MODE_SET);
	assert_int_equal(mode, MODE_ENFORCE);
	assert_int_equal(parse(" { \"set\" : \"audit\" , \"verb\" : \"mode\" } ", &mode), VERB_MODE_SET);
	assert_int_equal(mode, MODE_AUDIT);
}

static void
anything_else_changes_nothing(void **state)
{
	static const char *const lines[] = {"", "{}", "[]", "mode", "{\"verb\":\"mode\"", "\"mode\"", "null",
	    "{\"verb\":\"mode\",\"set\":\"Enforce\"}", "{\"verb\":\"mode\",\"set\":1}",
	    "{\"verb\":\"mode\",\"set\":null}", "{\"verb\":\"mode\",\"set\":[\"enforce\"]}",
	    "{\"verb\":\"kill\",\"set\":\"enforce\"}", "{\"set\":\"enforce\"}",
	    "{\"verb\":\"mode\",\"set\":\"audit\",\"set\":\"enforce\"}",
	    "{\"verb\":\"mode\",\"set\":\"enforce\"} {\"verb\":\"mode\"}",
	    "{\"verb\":\"mode\",\"set\":\"enforce\\u0000\"}"};
	enum mode mode = MODE_AUDIT;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		assert_int_equal(parse(lines[i], &mode), VERB_BAD);
		assert_int_equal(mode, MODE_AUDIT);
	}
	assert_int_equal(verb_parse((struct bytes){.p = "{\"verb\"\0:1}", .n = 11}, &mode), VERB_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_mode_is_asked_and_set),
		cmocka_unit_test(anything_else_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
