/* Who has isolated a session or revoked its agents, and when that is over. */
#include "agentd/engine/restraint.h"
#include "tests/unit/unit.h"

#define SES 57

static struct host *
host_with_one(void)
{
	const struct endpoint none = {0};
	struct host *h = host_new("", NULL);

	assert_non_null(host_found(h, SES, 1001, 700, 1, none, none, (struct rtime){.ms = 1}));
	return h;
}

static void
what_the_policy_asked_for_ends_with_enforce_mode(void **state)
{
	struct host *h = host_with_one();
	struct session *s = host_session(h, SES);

	(void)state;
	restraint_done(s, DONE_KILLED);
	restraint_done(NULL, DONE_ISOLATED);
	assert_int_equal(s->isolated | s->revoked, 0);
	restraint_done(s, DONE_ISOLATED);
	assert_int_equal(s->isolated, BY_POLICY);
	assert_int_equal(s->revoked, 0);
	restraint_done(s, DONE_REVOKED);
	restraint_mode(h, MODE_ENFORCE);
	assert_int_equal(s->isolated & s->revoked, BY_POLICY);
	restraint_mode(h, MODE_AUDIT);
	assert_int_equal(s->isolated | s->revoked, 0);
	host_free(&h);
}

static void
an_order_stands_in_either_mode(void **state)
{
	const struct notice failed = {.flags = ORDERF_ISOLATE, .result = RES_DENIED},
	                    isolate = {.flags = ORDERF_ISOLATE}, revoke = {.flags = ORDERF_REVOKE}, end = {0};
	struct host *h = host_with_one();
	struct session *s = host_session(h, SES);

	(void)state;
	restraint_ordered(s, &failed);
	restraint_ordered(s, &end);
	restraint_ordered(NULL, &isolate);
	assert_int_equal(s->isolated | s->revoked, 0);
	restraint_ordered(s, &isolate);
	assert_int_equal(s->isolated, BY_ORDER);
	assert_int_equal(s->revoked, 0);
	restraint_ordered(s, &revoke);
	restraint_done(s, DONE_ISOLATED);
	restraint_mode(h, MODE_AUDIT);
	assert_int_equal(s->isolated, BY_ORDER);
	assert_int_equal(s->revoked, BY_ORDER);
	host_free(&h);
}

/* An engine that is started later hears by whose word it was. */
static void
what_was_before_is_known(void **state)
{
	const struct notice none = {0}, by_policy = {.flags = FOUNDF_ISOLATED},
	                    by_order = {.flags = FOUNDF_REVOKED | FOUNDF_REVOKED_ORDER};
	struct host *h = host_with_one();
	struct session *s = host_session(h, SES);

	(void)state;
	restraint_found(NULL, &by_policy);
	restraint_found(s, &none);
	assert_int_equal(s->isolated | s->revoked, 0);
	restraint_found(s, &by_policy);
	restraint_found(s, &by_order);
	assert_int_equal(s->isolated, BY_POLICY);
	assert_int_equal(s->revoked, BY_ORDER);
	host_free(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_policy_asked_for_ends_with_enforce_mode),
		cmocka_unit_test(an_order_stands_in_either_mode),
		cmocka_unit_test(what_was_before_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
