/* alerts: what was found, and what the daemon says of itself, for people. */
#include "base/words.h"
#include "tests/unit/cli_kit.h"

static size_t
column_of(const struct buf *out, const char *text)
{
	const char *found = strstr(out->p, text), *line = found;

	assert_non_null(found);
	while (line > out->p && line[-1] != '\n')
		line--;
	return (size_t)(found - line);
}

static void
alerts_for_people(void **state)
{
	struct ran r = ran_with(cmd_alerts, "alerts --user bob --since 1970-01-01T00:01Z --limit 5 --activity relay",
	    "control.sock",
	    "{\"@timestamp\":\"2026-11-22T01:02:03.456Z\",\"event\":{\"kind\":\"alert\","
	    "\"action\":\"agent-hijack\",\"severity\":99,\"reason\":\"an agent of alice\"},"
	    "\"rule\":{\"name\":\"p:9\"},\"user\":{\"name\":\"bob\",\"id\":\"1002\","
	    "\"effective\":{\"name\":\"root\",\"id\":\"0\"}},\"process\":{\"pid\":12,"
	    "\"executable\":\"/usr/bin/ssh\"},\"sshtether\":{\"ses\":12,\"done\":\"killed\","
	    "\"action\":\"terminate\",\"to\":\"/tmp/a\",\"owner\":\"other\","
	    "\"ancestry\":[\"/bin/bash[11]\"]}}\n" END);

	(void)state;
	assert_int_equal(r.status, CLI_OK);
	assert_in(&r.request, "\"since\":60000");
	assert_in(&r.request, "\"limit\":5");
	assert_in(&r.request, "\"activity\":\"relay\"");
	assert_string_equal(r.out.p,
	    "2026-11-22 01:02:03  critical  agent-hijack          killed (terminate by p:9): an agent of alice\n"
	    "                               as root; /tmp/a of other; /usr/bin/ssh[12] < bash[11]\n");
	ran_free(&r);
}

/* What is inferred says how sure it is. */
static void
alerts_say_their_confidence(void **state)
{
	struct ran r = ran_with(cmd_alerts, "alerts --all", "control.sock",
	    "{\"@timestamp\":\"2026-11-22T01:02:03Z\",\"event\":{\"kind\":\"event\",\"action\":\"ssh-proxy\","
	    "\"severity\":21,\"reason\":\"goes on\"},\"sshtether\":{\"done\":\"recorded\",\"action\":\"record\","
	    "\"grade\":\"suspicious\",\"confidence\":\"medium\"}}\n"
	    "{\"@timestamp\":\"2026-11-22T01:02:04Z\",\"event\":{\"kind\":\"event\",\"action\":\"unusual-hour\","
	    "\"severity\":21,\"reason\":\"at night\"},\"sshtether\":{\"done\":\"recorded\",\"action\":\"record\","
	    "\"confidence\":\"low\"}}\n" END);

	(void)state;
	assert_string_equal(r.out.p,
	    "2026-11-22 01:02:03  low       ssh-proxy             recorded: goes on\n"
	    "                               suspicious, medium confidence\n"
	    "2026-11-22 01:02:04  low       unusual-hour          recorded: at night\n"
	    "                               low confidence\n");
	ran_free(&r);
}

/* What the daemon has to say of itself stands among the alerts, in one line. */
static void
notice_for_people(void **state)
{
	struct ran r = ran_with(cmd_alerts, "alerts --all", "control.sock",
	    "{\"@timestamp\":\"2026-11-22T01:02:03.456Z\",\"event\":{\"kind\":\"pipeline_error\","
	    "\"action\":\"rules-missing\",\"severity\":73,\"reason\":\"2 rules\"}}\n" END);

	(void)state;
	assert_int_equal(r.status, CLI_OK);
	assert_in(&r.request, "\"all\":true");
	assert_string_equal(r.out.p, "2026-11-22 01:02:03  high      rules-missing         2 rules\n");
	ran_free(&r);
}

/* Whatever was found, and whatever the daemon has to say of itself. */
static void
alerts_stand_in_columns(void **state)
{
	struct buf answer = BUF_INIT, mark = BUF_INIT;
	struct ran r;

	(void)state;
	for (int i = 0; i <= ACT_COUNT; i++)
		buf_printf(&answer, "{\"@timestamp\":\"2026-11-22T01:02:03.456Z\",\"event\":{\"action\":\"%s\","
		    "\"severity\":73,\"reason\":\"reason %d.\"}}\n",
		    i < ACT_COUNT ? activity_info((enum activity)i)->name : "revoke-agent-by-hand", i);
	buf_puts(&answer, END);
	r = ran_with(cmd_alerts, "alerts", "control.sock", answer.p);
	for (int i = 0; i <= ACT_COUNT; i++) {
		buf_reset(&mark);
		buf_printf(&mark, "  reason %d.", i);
		assert_int_equal(column_of(&r.out, mark.p), column_of(&r.out, "  reason 0."));
	}
	buf_free(&answer);
	buf_free(&mark);
	ran_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alerts_for_people),
		cmocka_unit_test(alerts_say_their_confidence),
		cmocka_unit_test(notice_for_people),
		cmocka_unit_test(alerts_stand_in_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
