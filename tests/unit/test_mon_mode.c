/* The mode and the stop limit: what is kept, what a broken file means, what counts as one stop. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/monitor/keep.h"
#include "agentd/monitor/mode.h"

static struct {
	char path[32];
	int dir;
} tmp;

static int
make_dir(void **state)
{
	(void)state;
	(void)bytes_copy(BYTES_LIT("/tmp/st-mode-XXXXXX"), tmp.path, sizeof(tmp.path));
	if (mkdtemp(tmp.path) == NULL)
		return -1;
	tmp.dir = open(tmp.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return tmp.dir == -1 ? -1 : 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	keep_remove(tmp.dir, "mode");
	close(tmp.dir);
	return rmdir(tmp.path);
}

static struct mtime
at(int64_t ms)
{
	return (struct mtime){.ns = (1000000 + ms) * 1000000};
}

static void
is_kept(void **state)
{
	bool kept;
	struct mode_keeper *k = mode_open(tmp.dir, MODE_AUDIT, &kept);
	struct stat st;

	(void)state;
	assert_false(kept);
	assert_int_equal(mode_get(k), MODE_AUDIT);
	assert_int_equal(mode_set(k, MODE_ENFORCE), 0);
	mode_close(&k);
	assert_null(k);
	assert_int_equal(fstatat(tmp.dir, "mode", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	k = mode_open(tmp.dir, MODE_AUDIT, &kept);
	assert_true(kept);
	assert_int_equal(mode_get(k), MODE_ENFORCE);
	mode_close(&k);
}

/* Nobody is stopped because of rubbish, a link, or a file that cannot be read. */
static void
is_audit_when_in_doubt(void **state)
{
	static const char *const rubbish[] = {"", "enforced", "enforce x", "ENFORCE",
	    "a very long line that does not fit into the buffer which it is read into"};
	struct mode_keeper *k;
	bool kept;

	(void)state;
	for (size_t i = 0; i < sizeof(rubbish) / sizeof(*rubbish); i++) {
		assert_int_equal(keep_write(tmp.dir, "mode", rubbish[i]), 0);
		k = mode_open(tmp.dir, MODE_ENFORCE, &kept);
		assert_int_equal(mode_get(k), MODE_AUDIT);
		mode_close(&k);
	}
	keep_remove(tmp.dir, "mode");
	assert_int_equal(symlinkat("/proc/self/status", tmp.dir, "mode"), 0);
	k = mode_open(tmp.dir, MODE_ENFORCE, &kept);
	assert_int_equal(mode_get(k), MODE_AUDIT);
	/* A link is replaced, never followed. */
	assert_int_equal(mode_set(k, MODE_ENFORCE), 0);
	mode_close(&k);
	k = mode_open(tmp.dir, MODE_AUDIT, &kept);
	assert_int_equal(mode_get(k), MODE_ENFORCE);
	mode_close(&k);
}

static void
one_user_more_than_the_limit_is_refused(void **state)
{
	bool kept;
	struct mode_keeper *k = mode_open(-1, MODE_ENFORCE, &kept);

	(void)state;
	mode_limit(k, 3, 60000);
	for (int i = 0; i < 3; i++)
		assert_true(mode_may_stop(k, 1000 + (uint32_t)i, at(i)));
	assert_false(mode_may_stop(k, 2000, at(10)));
	assert_int_equal(mode_stops(k, at(10)), 3);
	/* The window moves on, one stop at a time. */
	assert_true(mode_may_stop(k, 2000, at(60000)));
	assert_false(mode_may_stop(k, 2001, at(60000)));
	mode_close(&k);
}

/* Else whoever is stopped six times has switched enforcement off for everybody. */
static void
one_user_cannot_use_the_limit_up(void **state)
{
	bool kept;
	struct mode_keeper *k = mode_open(-1, MODE_ENFORCE, &kept);

	(void)state;
	mode_limit(k, 2, 60000);
	for (int i = 0; i < 1000; i++)
		assert_true(mode_may_stop(k, 1000, at(i)));
	assert_int_equal(mode_stops(k, at(1000)), 1);
	assert_true(mode_may_stop(k, 1001, at(1000)));
	assert_true(mode_may_stop(k, 1000, at(1001)));
	assert_false(mode_may_stop(k, 1002, at(1002)));
	mode_close(&k);
}

static void
zero_is_no_limit_and_too_many_are_the_most(void **state)
{
	bool kept;
	struct mode_keeper *k = mode_open(-1, MODE_ENFORCE, &kept);

	(void)state;
	mode_limit(k, 0, 60000);
	for (int i = 0; i < 3 * STOP_LIMIT_MAX; i++)
		assert_true(mode_may_stop(k, (uint32_t)i, at(0)));
	assert_int_equal(mode_stops(k, at(0)), STOP_LIMIT_MAX);
	mode_limit(k, UINT32_MAX, 60000);
	assert_false(mode_may_stop(k, UINT32_MAX, at(0)));
	mode_close(&k);
}

static void
switching_on_starts_a_new_count(void **state)
{
	bool kept;
	struct mode_keeper *k = mode_open(-1, MODE_ENFORCE, &kept);

	(void)state;
	mode_limit(k, 1, 60000);
	assert_true(mode_may_stop(k, 1, at(0)));
	assert_false(mode_may_stop(k, 2, at(0)));
	assert_int_equal(mode_set(k, MODE_AUDIT), 0);
	assert_int_equal(mode_set(k, MODE_ENFORCE), 0);
	assert_true(mode_may_stop(k, 3, at(0)));
	mode_close(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(is_kept, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(is_audit_when_in_doubt, make_dir, remove_dir),
		cmocka_unit_test(one_user_more_than_the_limit_is_refused),
		cmocka_unit_test(one_user_cannot_use_the_limit_up),
		cmocka_unit_test(zero_is_no_limit_and_too_many_are_the_most),
		cmocka_unit_test(switching_on_starts_a_new_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
