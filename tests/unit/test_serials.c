/* The highest serial of each fleet: up, never down, and on a line that may be damaged. */
#include "tests/unit/unit.h"

#include "base/serials.h"

static void
never_back(void **state)
{
	const uint64_t prod = serials_fleet("prod"), none = serials_fleet("");
	struct serials s = {0};

	(void)state;
	assert_int_not_equal(prod, none);
	assert_int_equal(serials_get(&s, prod), 0);
	assert_int_equal(serials_raise(&s, prod, 0), SERIALS_SAME);
	assert_int_equal(s.n, 0);
	assert_int_equal(serials_raise(&s, prod, 7), SERIALS_RAISED);
	assert_int_equal(serials_raise(&s, prod, 6), SERIALS_SAME);
	assert_int_equal(serials_get(&s, prod), 7);
	assert_int_equal(serials_raise(&s, none, 1), SERIALS_RAISED);
	assert_int_equal(serials_raise(&s, prod, UINT64_MAX), SERIALS_RAISED);
	assert_true(serials_get(&s, prod) == UINT64_MAX);
	assert_int_equal(serials_get(&s, none), 1);
}

/* Whoever fills it forgets nobody. */
static void
full(void **state)
{
	struct serials s = {0};

	(void)state;
	for (uint64_t i = 0; i < ST_FLEETS; i++)
		assert_int_equal(serials_raise(&s, i, i + 1), SERIALS_RAISED);
	assert_int_equal(serials_raise(&s, ST_FLEETS, 1), SERIALS_FULL);
	assert_int_equal(serials_raise(&s, 0, 9), SERIALS_RAISED);
	for (uint64_t i = 1; i < ST_FLEETS; i++)
		assert_int_equal(serials_get(&s, i), i + 1);
}

static void
a_line_and_back(void **state)
{
	struct serials s = {0}, again = {0};
	struct buf line = BUF_INIT;

	(void)state;
	for (uint64_t i = 0; i < ST_FLEETS; i++)
		(void)serials_raise(&s, UINT64_MAX - i, UINT64_MAX - i);
	serials_print(&s, &line);
	assert_true(buf_ok(&line) && line.n < SERIALS_LINE);
	assert_true(serials_parse(&again, buf_bytes(&line)));
	assert_memory_equal(&again, &s, sizeof(s));
	buf_free(&line);
}

/* What stands before the fault counts: a damaged file does not let every serial go back. */
static void
damaged(void **state)
{
	static const char *const lines[] = {
	    "0000000000000001 5 x", "0000000000000001 5 0000000000000002", "0000000000000001 5 0000000000000002 -1",
	    "0000000000000001 5 0000000000000002 18446744073709551616", "0000000000000001 5  7",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct serials s = {0};

		assert_false(serials_parse(&s, bytes_of(lines[i])));
		assert_int_equal(serials_get(&s, 1), 5);
		assert_int_equal(s.n, 1);
	}
	assert_true(serials_parse(&(struct serials){0}, bytes_of("")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_back),
		cmocka_unit_test(full),
		cmocka_unit_test(a_line_and_back),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
