/* What monitor.sock understands, and the much that it does not. */
#include "tests/unit/unit.h"

#include "agentd/monitor/verb.h"

static struct verb_line
parse(const char *line)
{
	return verb_parse(bytes_of(line));
}

static void
the_mode_is_asked_and_set(void **state)
{
	struct verb_line v = parse("{\"verb\":\"mode\",\"set\":\"enforce\"}");

	(void)state;
	assert_int_equal(v.verb, VERB_MODE_SET);
	assert_int_equal(v.mode, MODE_ENFORCE);
	v = parse(" { \"set\" : \"audit\" , \"verb\" : \"mode\" } ");
	assert_int_equal(v.verb, VERB_MODE_SET);
	assert_int_equal(v.mode, MODE_AUDIT);
	assert_int_equal(parse("{\"verb\":\"mode\"}").verb, VERB_MODE_GET);
}

static void
enforce_may_be_on_trial(void **state)
{
	struct verb_line v = parse("{\"verb\":\"mode\",\"set\":\"enforce\",\"trial_ms\":600000}");

	(void)state;
	assert_int_equal(v.verb, VERB_MODE_SET);
	assert_int_equal(v.trial_ms, 600000);
	assert_int_equal(parse("{\"verb\":\"mode\",\"set\":\"enforce\",\"trial_ms\":10000}").verb, VERB_MODE_SET);
	assert_int_equal(parse("{\"verb\":\"mode\",\"set\":\"enforce\",\"trial_ms\":86400000}").verb,
	    VERB_MODE_SET);
	assert_int_equal(parse("{\"verb\":\"confirm\"}").verb, VERB_CONFIRM);
}

static void
a_session_is_named_by_its_number(void **state)
{
	struct verb_line v = parse("{\"verb\":\"terminate\",\"ses\":57}");

	(void)state;
	assert_int_equal(v.verb, VERB_TERMINATE);
	assert_int_equal(v.ses, 57);
	assert_false(v.all);
	v = parse("{\"verb\":\"terminate\",\"ses\":4294967294,\"all\":true}");
	assert_int_equal(v.verb, VERB_TERMINATE);
	assert_int_equal(v.ses, 4294967294u);
	assert_true(v.all);
	v = parse("{\"verb\":\"isolate\",\"ses\":57}");
	assert_int_equal(v.verb, VERB_ISOLATE);
	assert_int_equal(v.ses, 57);
	v = parse("{\"verb\":\"revoke-agent\",\"ses\":58}");
	assert_int_equal(v.verb, VERB_REVOKE);
	assert_int_equal(v.ses, 58);
}

static void
anything_else_is_refused(void **state)
{
	static const char *const lines[] = {"", "{}", "[]", "mode", "{\"verb\":\"mode\"", "\"mode\"", "null",
	    "{\"verb\":\"mode\",\"set\":\"Enforce\"}", "{\"verb\":\"mode\",\"set\":1}",
	    "{\"verb\":\"mode\",\"set\":null}", "{\"verb\":\"isolate\"}",
	    "{\"verb\":\"revoke-agent\",\"ses\":-1}", "{\"verb\":\"isolate\",\"ses\":4294967295}",
	    "{\"verb\":\"revoke\",\"ses\":1}",
	    "{\"verb\":\"mode\",\"set\":\"audit\",\"trial_ms\":600000}",
	    "{\"verb\":\"mode\",\"set\":\"enforce\",\"trial_ms\":9999}",
	    "{\"verb\":\"mode\",\"set\":\"enforce\",\"trial_ms\":86400001}",
	    "{\"verb\":\"mode\",\"set\":\"enforce\",\"trial_ms\":-1}",
	    "{\"verb\":\"mode\",\"set\":\"enforce\",\"trial_ms\":\"10m\"}", "{\"verb\":\"mode\",\"set\":[\"enforce\"]}",
	    "{\"verb\":\"kill\",\"set\":\"enforce\"}", "{\"set\":\"enforce\"}",
	    "{\"verb\":\"mode\",\"set\":\"audit\",\"set\":\"enforce\"}",
	    "{\"verb\":\"mode\",\"set\":\"enforce\"} {\"verb\":\"mode\"}",
	    "{\"verb\":\"mode\",\"set\":\"enforce\\u0000\"}", "{\"verb\":\"terminate\"}",
	    "{\"verb\":\"terminate\",\"ses\":\"57\"}", "{\"verb\":\"terminate\",\"ses\":-1}",
	    "{\"verb\":\"terminate\",\"ses\":4294967295}", "{\"verb\":\"terminate\",\"ses\":5.7}",
	    "{\"verb\":\"terminate\",\"ses\":57,\"all\":1}",
	    "{\"verb\":\"terminate\",\"ses\":18446744073709551673}",
	    "{\"verb\":\"terminate\",\"ses\":57,\"ses\":58}"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		assert_int_equal(parse(lines[i]).verb, VERB_BAD);
	assert_int_equal(verb_parse((struct bytes){.p = "{\"verb\"\0:1}", .n = 11}).verb, VERB_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_mode_is_asked_and_set),
		cmocka_unit_test(enforce_may_be_on_trial),
		cmocka_unit_test(a_session_is_named_by_its_number),
		cmocka_unit_test(anything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
