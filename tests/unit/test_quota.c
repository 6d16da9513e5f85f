/* quota: everybody has a share. */
#include "agentd/engine/quota.h"
#include "tests/unit/unit.h"

static void
who_asks_in_a_loop_uses_up_his_own(void **state)
{
	static struct quota q;
	struct mtime now = {.ns = 5000000000};

	(void)state;
	quota_init(&q, 4, 60);
	for (int i = 0; i < 4; i++)
		assert_true(quota_take(&q, 1001, now));
	for (int i = 0; i < 100; i++)
		assert_false(quota_take(&q, 1001, now));
	assert_true(quota_take(&q, 1002, now));
	now.ns += 1000000000; /* 60 a minute */
	assert_true(quota_take(&q, 1001, now));
	assert_false(quota_take(&q, 1001, now));
	now.ns += 3600000000000; /* never more than the burst */
	for (int i = 0; i < 4; i++)
		assert_true(quota_take(&q, 1001, now));
	assert_false(quota_take(&q, 1001, now));
	for (uint32_t key = 5000; key < 5000 + 3 * QUOTA_SLOTS; key++) /* more than there is room for */
		assert_true(quota_take(&q, key, now));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_asks_in_a_loop_uses_up_his_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
