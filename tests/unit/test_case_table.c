/* case/cases: which cases there are, for how long; and that one comes back from the store as it was. */
#include <stdio.h>

#include "agentd/engine/case_read.h"
#include "tests/unit/case_kit.h"
#include "tests/unit/ruling.h"

static void
without_a_session_there_is_no_case(void **state)
{
	struct cases *t = kit_cases();
	struct made_ruling m;

	(void)state;
	make_ruling(&m);
	m.session.ses = SES_UNSET;
	m.finding.activity = ACT_AGENT_HIJACK;
	assert_null(cases_take(t, &m.ruling, DONE_ALERTED, "x", NULL));
	assert_null(kit_take(t, &(struct step){.activity = ACT_LOGIN}));
	cases_free(&t);
}

static void
a_full_table_lets_the_plain_go_first(void **state)
{
	struct cases *t = kit_cases();
	struct made_ruling m;

	(void)state;
	assert_non_null(kit_take(t, &hijack));
	make_ruling(&m);
	for (uint32_t i = 0; i < 2 * ST_CASES; i++) {
		m.session.ses = 1000 + i;
		assert_non_null(cases_take(t, &m.ruling, DONE_RECORDED, "x", NULL));
	}
	assert_non_null(cases_find(t, 57));
	assert_int_equal(cases_dropped(t), 0);
	cases_free(&t);
}

/* Sixty-four listening sockets, or sixty-four files of one's own, and then what one came for. */
static void
much_that_counts_little_hides_nothing(void **state)
{
	static const struct step noise[] = {{.activity = ACT_LISTEN}, {.activity = ACT_KEY_READ, .confidence = CONFIDENCE_LOW}};

	(void)state;
	for (size_t k = 0; k < sizeof(noise) / sizeof(noise[0]); k++) {
		struct cases *t = kit_cases();
		struct step one = noise[k];
		struct case_file *c = NULL;
		char path[32];

		one.subject = path;
		for (unsigned i = 0; i < 2 * ST_CASE_ITEMS; i++) {
			(void)snprintf(path, sizeof(path), "/home/alice/.ssh/%u", i);
			c = kit_take(t, &one);
		}
		assert_non_null(c);
		assert_int_equal(c->nitems, ST_CASE_ITEMS);
		assert_int_equal(c->dropped, ST_CASE_ITEMS);
		assert_false(case_is_due(c));
		(void)kit_take(t, &key);
		(void)kit_take(t, &hijack_as_root);
		assert_int_equal(c->nitems, ST_CASE_ITEMS);
		assert_int_equal(c->dropped, ST_CASE_ITEMS + 2);
		assert_int_equal(c->severity, SEV_CRITICAL);
		assert_true(case_is_due(c));
		assert_int_equal(c->items[ST_CASE_ITEMS - 1].activity, ACT_AGENT_HIJACK);
		cases_free(&t);
	}
}

static void
a_session_that_is_over_keeps_its_case(void **state)
{
	struct cases *t = kit_cases();
	struct step late = travel;
	int64_t over;

	(void)state;
	(void)kit_take(t, &hijack);
	over = kit_ms;
	cases_over(t, 57, NULL, (struct rtime){.ms = over});
	assert_non_null(cases_find(t, 57));
	assert_int_equal(cases_find(t, 57)->over.ms, over);
	late.late = true;
	(void)kit_take(t, &late);
	assert_int_equal(cases_find(t, 57)->over.ms, over);
	(void)kit_take(t, &hijack); /* it is back: a task was found that carries its number */
	assert_int_equal(cases_find(t, 57)->over.ms, 0);
	cases_free(&t);
}

/* --- kept, and back --- */

static struct buf
written(const struct case_file *c)
{
	const struct case_context ctx = {.lives = true};
	struct buf out = BUF_INIT;

	case_json(c, &ctx, &out);
	assert_true(buf_ok(&out));
	return out;
}

static void
it_comes_back_as_it_was(void **state)
{
	struct cases *t = kit_cases();
	struct case_file *c, *back;
	struct buf before, after;

	(void)state;
	(void)kit_take(t, &travel);
	(void)kit_take(t, &hijack_as_root);
	(void)kit_take(t, &(struct step){.activity = ACT_SSH_PROXY, .grade = GRADE_DETECTED, .confidence = CONFIDENCE_LOW});
	(void)kit_take(t, &(struct step){.activity = ACT_SSH_TAMPER, .subject = "agent 7", .reached = true, .agent = true});
	c = kit_take(t, &(struct step){.activity = ACT_RELAY, .passed = true});
	cases_told(t, c);
	c->seen.nagents = c->seen.ntasks = c->seen.nothers = 1;
	c->seen.others[0] = (struct case_other){.ses = 41, .from = c->peer.addr, .opened = c->opened};
	c->seen.tasks[0] = (struct case_task){.pid = 9, .uid = 0, .seen = c->changed, .exe = "/bin/bash"};
	(void)snprintf(c->seen.agents[0], sizeof(c->seen.agents[0]), "/tmp/ssh-Y/agent.2");
	before = written(c);
	back = case_read(buf_bytes(&before));
	assert_non_null(back);
	after = written(back);
	assert_string_equal(after.p, before.p);
	assert_int_equal(back->score, c->score);
	case_free(back);
	buf_free(&before);
	buf_free(&after);
	assert_null(case_read(BYTES_LIT("{}")));
	assert_null(case_read(BYTES_LIT("nonsense")));
	cases_free(&t);
}

/* An engine that starts again knows what was told, and what comes meanwhile joins what was before. */
static void
a_restart_tells_nothing_again(void **state)
{
	struct cases *t = kit_cases(), *next;
	struct case_file *c = kit_take(t, &hijack_as_root);
	struct buf kept;

	(void)state;
	cases_told(t, c);
	kept = written(c);
	cases_free(&t);
	next = kit_cases();
	kit_ms += 60000;
	c = kit_take(next, &hijack_as_root); /* before the store has answered */
	cases_restore(next, case_read(buf_bytes(&kept)));
	c = cases_find(next, 57);
	assert_non_null(c);
	assert_int_equal(c->nitems, 1);
	assert_int_equal(c->items[0].count, 2);
	assert_int_equal(c->items[0].first.ms, 1795309324000);
	assert_false(case_is_due(c));
	buf_free(&kept);
	cases_free(&next);
}

static unsigned changed;

static void
on_changed(const struct case_file *c, void *arg)
{
	(void)c;
	(void)arg;
	changed++;
}

static void
only_what_changed_is_written(void **state)
{
	struct cases *t = kit_cases();

	(void)state;
	(void)kit_take(t, &travel);
	changed = 0;
	cases_changed(t, on_changed, NULL);
	cases_changed(t, on_changed, NULL);
	assert_int_equal(changed, 1);
	(void)kit_take(t, &travel);
	cases_over(t, 57, NULL, (struct rtime){.ms = kit_ms});
	cases_changed(t, on_changed, NULL);
	assert_int_equal(changed, 2);
	cases_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_session_there_is_no_case),
		cmocka_unit_test(a_full_table_lets_the_plain_go_first),
		cmocka_unit_test(much_that_counts_little_hides_nothing),
		cmocka_unit_test(a_session_that_is_over_keeps_its_case),
		cmocka_unit_test(it_comes_back_as_it_was),
		cmocka_unit_test(a_restart_tells_nothing_again),
		cmocka_unit_test(only_what_changed_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
