/* What is usual, over the control socket of the real engine: who may what, rows in and out, forgotten, kept over a restart. */
#include <stdio.h>
#include <string.h>

#include "agentd/engine/usual_rows.h"
#include "tests/unit/engine_stage.h"
#include "tests/unit/unit.h"

static void
assert_asked(const struct engine_stage *s, const char *line, const char *text, bool there)
{
	struct buf b = BUF_INIT;

	engine_stage_ask(s, line, &b);
	if ((strstr(b.p, text) != NULL) != there)
		fail_msg("%s %s %s", b.p, there ? "does not hold" : "holds", text);
	buf_free(&b);
}

#define SHOW "{\"verb\":\"baseline\",\"told\":true}"

/* Rows of yesterday: what is merged, as the command sends it. */
static void
merge(const struct engine_stage *s, const char *kind, const char *answer)
{
	char line[1024], day[USUAL_DAY_STRLEN];

	usual_day_str(usual_day(rtime_now()) - 1, day);
	(void)snprintf(line, sizeof(line), "{\"verb\":\"baseline-merge\",\"what\":\"merge\",\"last\":true,\"rows\":\""
	    "{\\\"kind\\\":\\\"active\\\",\\\"user\\\":\\\"zoe\\\",\\\"day\\\":\\\"%s\\\",\\\"count\\\":1}\\n"
	    "{\\\"kind\\\":\\\"%s\\\",\\\"user\\\":\\\"zoe\\\",\\\"value\\\":\\\"192.0.2.0/24\\\",\\\"day\\\":\\\"%s\\\","
	    "\\\"count\\\":3}\\n\"}", day, kind, day);
	assert_asked(s, line, answer, true);
}

/* By name; which groups he was in is not known. */
static void
who_is_left_out_by_the_policy_stays_out(void **state)
{
	struct engine_stage s;

	(void)state;
	engine_stage_open(&s, "fleet example\nserial 1\nno-baseline user zoe\n", MODE_AUDIT);
	merge(&s, "origin", "\"changed\":0,\"left_out\":2");
	assert_asked(&s, SHOW, "zoe", false);
	assert_int_equal(engine_stage_close(&s), 0);
	engine_stage_open(&s, "fleet example\nserial 2\nno-baseline user ann\nno-baseline group staff\n", MODE_AUDIT);
	merge(&s, "origin", "\"changed\":2,\"left_out\":0");
	assert_asked(&s, SHOW, "zoe", true);
	assert_int_equal(engine_stage_close(&s), 0);
}

static void
rows_come_and_go(void **state)
{
	struct engine_stage s;

	(void)state;
	engine_stage_open(&s, NULL, MODE_AUDIT);
	assert_asked(&s, SHOW, "{\"baseline\":1,", true);
	merge(&s, "orgin", "no kind of row");
	assert_asked(&s, SHOW, "zoe", false); /* not the row before the wrong one either */
	merge(&s, "told", "stays with its host");
	merge(&s, "origin", "\"changed\":2");
	merge(&s, "origin", "\"changed\":0");
	assert_asked(&s, "{\"verb\":\"baseline\",\"user\":\"zoe\"}", "\"value\":\"192.0.2.0/24\"", true);
	assert_asked(&s, "{\"verb\":\"baseline\",\"head\":true}", "zoe", false);
	assert_asked(&s, "{\"verb\":\"baseline\",\"from\":7}", "from is what", true);
	assert_asked(&s, "{\"verb\":\"baseline\",\"from\":\"7.zz.\"}", "from is what", true);
	assert_asked(&s, "{\"verb\":\"baseline\",\"from\":\"0..\"}", "\"user\":\"zoe\"", true);
	assert_asked(&s, "{\"verb\":\"baseline\",\"from\":\"0.7a6f6f.\"}", "zoe", false);
	assert_asked(&s, "{\"verb\":\"baseline-reset\",\"user\":\"nobody\"}", "nothing is known of this user", true);
	assert_asked(&s, "{\"verb\":\"baseline-reset\",\"user\":\"zoe\"}", "\"entries\":2", true);
	assert_asked(&s, SHOW, "zoe", false);
	assert_int_equal(engine_stage_close(&s), 0);
}

#define BATCHES 10
#define BATCH   400 /* rows in a request */

/* Pairs of hosts of yesterday, which nobody else has. */
static void
merge_pairs(const struct engine_stage *s, unsigned batch)
{
	struct buf line = BUF_INIT;
	char day[USUAL_DAY_STRLEN];

	usual_day_str(usual_day(rtime_now()) - 1, day);
	buf_puts(&line, "{\"verb\":\"baseline-merge\",\"what\":\"merge\",\"rows\":\"");
	for (unsigned i = 0; i < BATCH; i++)
		buf_printf(&line, "{\\\"kind\\\":\\\"pair\\\",\\\"value\\\":\\\"10.0.%u.%u 10.1.0.1\\\",\\\"day\\\":\\\"%s\\\","
		    "\\\"count\\\":1}\\n", batch, i, day);
	buf_puts(&line, "\"}");
	assert_asked(s, line.p, "\"changed\":400", true);
	buf_free(&line);
}

/* The place that the page says is next, into from; false: it was the last one. */
static bool
read_page(const struct engine_stage *s, char from[1024], unsigned *rows)
{
	struct buf line = BUF_INIT, page = BUF_INIT;
	const char *at, *next;

	buf_puts(&line, "{\"verb\":\"baseline\"");
	if (*from != '\0')
		buf_printf(&line, ",\"from\":\"%s\"", from);
	buf_puts(&line, "}");
	engine_stage_ask(s, line.p, &page);
	for (at = page.p; (at = strstr(at, "\"kind\":\"pair\"")) != NULL; at++)
		++*rows;
	next = strstr(page.p, "{\"next\":\"");
	if (next != NULL)
		assert_int_equal(sscanf(next, "{\"next\":\"%1023[^\"]", from), 1);
	buf_free(&line);
	buf_free(&page);
	return next != NULL;
}

/* All of them are the host's own. */
static void
one_user_comes_in_pages(void **state)
{
	struct engine_stage s;
	char from[1024] = "";
	unsigned rows = 0, pages = 1;

	(void)state;
	engine_stage_open(&s, NULL, MODE_AUDIT);
	for (unsigned i = 0; i < BATCHES; i++)
		merge_pairs(&s, i);
	while (read_page(&s, from, &rows))
		assert_true(++pages < 10);
	assert_true(pages > 1);
	assert_int_equal(rows, BATCHES * BATCH);
	assert_int_equal(engine_stage_stop(&s), 0);
	engine_stage_start(&s, MODE_AUDIT); /* who asks while it comes back waits */
	assert_asked(&s, "{\"verb\":\"baseline-reset\"}", "\"entries\":4000", true);
	assert_int_equal(engine_stage_close(&s), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_come_and_go),
	    cmocka_unit_test(who_is_left_out_by_the_policy_stays_out),
	    cmocka_unit_test(one_user_comes_in_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
