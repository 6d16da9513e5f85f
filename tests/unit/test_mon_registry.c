/* The registry against a plain array, its caps, and the token bucket beside it. */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "agentd/monitor/rate.h"
#include "agentd/monitor/registry.h"
#include "base/proc.h"

#define SPACE 3000

static bool
count(struct mon_session *s, void *arg)
{
	s->misses++;
	++*(unsigned *)arg;
	return true;
}

static bool
keep_even(struct mon_session *s, void *arg)
{
	++*(unsigned *)arg;
	return s->ses % 2 == 0;
}

static void
agrees_with_an_array(void **state)
{
	static bool model[SPACE];
	struct registry *r = registry_new();
	unsigned n = 0, seen = 0, seed = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint32_t ses = (uint32_t)rand_r(&seed) % SPACE;

		assert_int_equal(registry_get(r, ses) != NULL, model[ses]);
		if (model[ses]) {
			registry_remove(r, ses);
			n--;
		} else {
			assert_non_null(registry_add(r, ses, ses));
			n++;
		}
		model[ses] = !model[ses];
		assert_int_equal(registry_count(r), n);
	}
	for (uint32_t ses = 0; ses < SPACE; ses++)
		assert_int_equal(registry_get(r, ses) != NULL, model[ses]);
	registry_each(r, count, &seen);
	assert_int_equal(seen, n);
	registry_free(&r);
	assert_null(r);
}

static void
each_sees_all_once_while_it_removes(void **state)
{
	struct registry *r = registry_new();
	unsigned seen = 0;

	(void)state;
	for (uint32_t ses = 1; ses <= 1000; ses++)
		assert_non_null(registry_add(r, ses, 0));
	registry_each(r, keep_even, &seen);
	assert_int_equal(seen, 1000);
	assert_int_equal(registry_count(r), 500);
	for (uint32_t ses = 1; ses <= 1000; ses++)
		assert_int_equal(registry_get(r, ses) != NULL, ses % 2 == 0);
	registry_free(&r);
}

static void
the_unset_session_is_nobodys(void **state)
{
	struct registry *r = registry_new();

	(void)state;
	assert_null(registry_add(r, SES_UNSET, 0));
	assert_null(registry_get(r, SES_UNSET));
	registry_remove(r, SES_UNSET);
	assert_int_equal(registry_dropped(r), 1);
	registry_free(&r);
}

static void
one_user_cannot_push_others_out(void **state)
{
	struct registry *r = registry_new();
	uint32_t ses = 0;

	(void)state;
	while (ses < ST_SESSIONS / 2)
		assert_non_null(registry_add(r, ses++, 1000));
	assert_null(registry_add(r, ses, 1000)); /* more than his share, now that it counts */
	for (uint32_t i = 0; i < ST_SESSIONS_USER; i++)
		assert_non_null(registry_add(r, ses++, 1001));
	assert_null(registry_add(r, ses, 1001));
	assert_non_null(registry_add(r, ses, 1002));
	assert_int_equal(registry_dropped(r), 2);
	registry_free(&r);
}

static void
end(struct registry *r, uint32_t ses)
{
	registry_get(r, ses)->over = true;
}

/* What is over stays, for a task that a walk has missed, until others need the room. */
static void
what_is_over_makes_room_only_when_it_must(void **state)
{
	struct registry *r = registry_new();
	uint32_t ses;

	(void)state;
	for (ses = 0; ses < ST_SESSIONS; ses++) {
		assert_non_null(registry_add(r, ses, ses));
		end(r, ses);
	}
	assert_int_equal(registry_count(r), ST_SESSIONS);
	assert_false(registry_touch(r, registry_get(r, 0))); /* it lives after all */
	end(r, 0);
	assert_non_null(registry_add(r, ses, 7));
	assert_null(registry_get(r, 1)); /* the one not used for longest */
	assert_non_null(registry_get(r, 0));
	assert_true(registry_touch(r, registry_get(r, ses)));
	assert_int_equal(registry_dropped(r), 0);
	registry_free(&r);
}

/* Logging in and out all day pushes out nobody else's. */
static void
one_user_pushes_out_his_own(void **state)
{
	struct registry *r = registry_new();
	uint32_t ses;

	(void)state;
	for (ses = 0; ses < ST_SESSIONS; ses++) {
		assert_non_null(registry_add(r, ses, ses < ST_SESSIONS_USER ? 1000 : ses));
		end(r, ses);
	}
	for (int i = 0; i < 100; i++, ses++) {
		assert_non_null(registry_add(r, ses, 1000));
		end(r, ses);
	}
	for (ses = 0; ses < 100; ses++)
		assert_null(registry_get(r, ses));
	for (ses = 100; ses < ST_SESSIONS; ses++)
		assert_non_null(registry_get(r, ses));
	registry_free(&r);
}

static void
programs_are_the_last_few(void **state)
{
	struct registry *r = registry_new();

	(void)state;
	assert_false(registry_program_has(r, 0, 0));
	for (uint64_t i = 1; i <= 9; i++)
		registry_program_add(r, 5, i);
	registry_program_add(r, 5, 9);
	assert_false(registry_program_has(r, 5, 1));
	assert_true(registry_program_has(r, 5, 2));
	assert_true(registry_program_has(r, 5, 9));
	assert_false(registry_program_has(r, 6, 9));
	registry_free(&r);
}

static struct mtime
at(int64_t ms)
{
	return (struct mtime){.ns = ms * 1000000};
}

static void
a_bucket_holds_its_burst_and_refills(void **state)
{
	struct rate r;

	(void)state;
	rate_init(&r, 6, 60000, at(0));
	for (int i = 0; i < 6; i++)
		assert_true(rate_take(&r, at(0)));
	assert_false(rate_take(&r, at(9000)));
	assert_true(rate_take(&r, at(10001)));
	assert_false(rate_take(&r, at(10001)));
	assert_false(rate_take(&r, at(5000))); /* a clock that goes back gives nothing */
	for (int i = 0; i < 6; i++)
		assert_true(rate_take(&r, at(10000000)));
	assert_false(rate_take(&r, at(10000000)));
	assert_int_equal(r.refused, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_an_array),
		cmocka_unit_test(each_sees_all_once_while_it_removes),
		cmocka_unit_test(the_unset_session_is_nobodys),
		cmocka_unit_test(one_user_cannot_push_others_out),
		cmocka_unit_test(what_is_over_makes_room_only_when_it_must),
		cmocka_unit_test(one_user_pushes_out_his_own),
		cmocka_unit_test(programs_are_the_last_few),
		cmocka_unit_test(a_bucket_holds_its_burst_and_refills),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
