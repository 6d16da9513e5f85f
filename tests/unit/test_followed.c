/* engine/followed: who follows many connections takes no room from anybody else. */
#include "tests/unit/unit.h"

#include <sshtether/limits.h>

#include "agentd/engine/followed.h"

#define ALICE 1000
#define BOB   (ALICE + 256)

static uint32_t ends; /* of connections so far: no two are alike */

static bool
connect_one(struct followed *all, struct group *g)
{
	struct endpoint here = {.addr = {.family = 4, .b = {10}}}, there = {.addr = {.family = 4, .b = {10, 1}}, .port = 22};

	ends++;
	here.addr.b[1] = (uint8_t)(ends >> 16);
	here.port = (uint16_t)ends;
	return followed_add(all, g, here, there, false) != NULL;
}

/* In as many sessions as it takes. */
static unsigned
connect_all(struct followed *all, uint32_t auid, uint32_t ses)
{
	unsigned n = 0;

	for (unsigned sessions = 0; sessions <= ST_VOLUMES_USER / ST_VOLUMES_SES; sessions++) {
		struct group *g = followed_group_new(all, ses + sessions, auid);

		assert_non_null(g);
		while (connect_one(all, g))
			n++;
	}
	return n;
}

static void
one_user_takes_nothing_from_another(void **state)
{
	struct followed all = {.outbound = 0};

	(void)state;
	assert_true(followed_init(&all));
	assert_int_equal(connect_all(&all, ALICE, 1), ST_VOLUMES_USER);
	assert_int_equal(connect_all(&all, BOB, 100), ST_VOLUMES_USER);
	assert_int_equal(all.outbound, 2 * ST_VOLUMES_USER);
	followed_group_free(&all, followed_group(&all, 1));
	assert_int_equal(all.outbound, 2 * ST_VOLUMES_USER - ST_VOLUMES_SES);
	assert_false(connect_one(&all, followed_group(&all, 100)));
	assert_true(connect_one(&all, followed_group_new(&all, 99, ALICE)));
	followed_done(&all);
}

/* With his last session. */
static void
a_user_is_forgotten(void **state)
{
	struct followed all = {.outbound = 0};

	(void)state;
	assert_true(followed_init(&all));
	(void)followed_group_new(&all, 1, ALICE);
	(void)followed_group_new(&all, 2, ALICE);
	assert_int_equal(all.users.n, 1);
	followed_group_free(&all, followed_group(&all, 1));
	assert_int_equal(all.users.n, 1);
	followed_group_free(&all, followed_group(&all, 2));
	assert_int_equal(all.users.n, 0);
	followed_done(&all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_user_takes_nothing_from_another),
		cmocka_unit_test(a_user_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
