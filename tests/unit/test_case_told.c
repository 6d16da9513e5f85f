/* case/cases: when a case is told. */
#include "agentd/engine/case_read.h"
#include "tests/unit/case_kit.h"

static struct case_file *
ripe(struct cases *t, int64_t after_ms)
{
	return cases_ripe(t, (struct rtime){.ms = kit_ms + after_ms}, false);
}

static void
told_once_a_severity(void **state)
{
	struct cases *t = kit_cases();
	struct case_file *c = kit_take(t, &key);
	unsigned told = 0;

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		told += case_is_due(c);
		if (case_is_due(c))
			cases_told(t, c);
		c = kit_take(t, &key);
	}
	assert_int_equal(told, 1);
	assert_int_equal(c->items[0].count, 11);
	c = kit_take(t, &hijack_as_root);
	assert_true(case_is_due(c));
	cases_told(t, c);
	assert_int_equal(c->told, SEV_CRITICAL);
	assert_false(case_is_due(kit_take(t, &travel)));
	cases_free(&t);
}

/* It rises within a second: whoever reads alerts reads one. */
static void
one_burst_is_one_alert(void **state)
{
	struct cases *t = kit_cases();
	struct case_file *c = kit_take(t, &key);

	(void)state;
	assert_int_equal(c->severity, SEV_MEDIUM);
	assert_true(case_is_due(c));
	assert_null(ripe(t, 0));
	kit_ms -= 1000; /* all of it within the same second */
	c = kit_take(t, &travel);
	assert_null(ripe(t, 500));
	assert_ptr_equal(ripe(t, 1000), c);
	assert_int_equal(c->indicators, 2);
	assert_ptr_equal(ripe(t, 1000), c); /* until it is told */
	cases_told(t, c);
	assert_null(ripe(t, 5000));
	cases_free(&t);
}

static void
what_cannot_rise_does_not_wait(void **state)
{
	struct cases *t = kit_cases();
	struct case_file *c = kit_take(t, &hijack_as_root);

	(void)state;
	assert_ptr_equal(ripe(t, 0), c);
	cases_told(t, c);
	assert_null(ripe(t, 0));
	cases_free(&t);
}

/* The end, a clock that was set back, a session that is over, an engine that died meanwhile: it is told. */
static void
what_waits_is_not_forgotten(void **state)
{
	struct cases *t = kit_cases(), *next = kit_cases();
	struct case_file *c = kit_take(t, &key);
	const struct case_context ctx = {.lives = true};
	struct buf kept = BUF_INIT;

	(void)state;
	assert_null(ripe(t, 0));
	assert_ptr_equal(ripe(t, -3600000), c);
	assert_ptr_equal(cases_ripe(t, (struct rtime){.ms = kit_ms}, true), c);
	case_json(c, &ctx, &kept);
	cases_over(t, 57, NULL, (struct rtime){.ms = kit_ms + 1});
	assert_ptr_equal(ripe(t, 1000), c);
	cases_free(&t);

	cases_restore(next, case_read(buf_bytes(&kept)));
	assert_null(ripe(next, 0));
	c = ripe(next, 1000);
	assert_non_null(c);
	cases_told(next, c);
	assert_null(ripe(next, 9000));
	buf_free(&kept);
	cases_free(&next);
}

/* What alerts of its own have said meanwhile is not said once more. */
static void
what_is_said_while_it_waits_is_said(void **state)
{
	struct cases *t = kit_cases();
	struct step again = key;

	(void)state;
	again.alerted = true;
	(void)kit_take(t, &key);
	assert_null(ripe(t, 0));
	(void)kit_take(t, &again);
	assert_null(ripe(t, 9000));
	cases_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told_once_a_severity),
		cmocka_unit_test(one_burst_is_one_alert),
		cmocka_unit_test(what_cannot_rise_does_not_wait),
		cmocka_unit_test(what_waits_is_not_forgotten),
		cmocka_unit_test(what_is_said_while_it_waits_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
