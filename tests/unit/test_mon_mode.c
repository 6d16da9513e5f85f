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

#define BOOT  "0b1e5b7c-0000-4000-8000-000000000001"
#define OTHER "0b1e5b7c-0000-4000-8000-000000000002"

static const struct moment noon = {.real = {.ms = 1800000000000}, .boot = {.ms = 500000}, .boot_id = BOOT};

static struct mode_keeper *
open_at(const struct moment *now)
{
	struct mode_keeper *k = mode_open(tmp.dir, MODE_AUDIT, now);

	assert_non_null(k);
	return k;
}

/* As switch.c does. */
static void
keep(const struct mode_keeper *k)
{
	char line[MODE_LINE_MAX];

	mode_line(k, line);
	assert_int_equal(keep_write(tmp.dir, MODE_FILE, line), 0);
}

static void
is_kept(void **state)
{
	struct mode_keeper *k = open_at(&noon);
	struct stat st;

	(void)state;
	assert_false(mode_found(k)->kept);
	assert_int_equal(mode_get(k), MODE_AUDIT);
	mode_set(k, MODE_ENFORCE);
	keep(k);
	mode_close(&k);
	assert_null(k);
	assert_int_equal(fstatat(tmp.dir, "mode", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	k = open_at(&noon);
	assert_true(mode_found(k)->kept);
	assert_false(mode_found(k)->stale);
	assert_false(mode_on_trial(k));
	assert_int_equal(mode_get(k), MODE_ENFORCE);
	mode_close(&k);
}

/* Nobody is stopped because of rubbish, a link, or a file that cannot be read. */
static void
is_audit_when_in_doubt(void **state)
{
	static const char *const rubbish[] = {"", "enforced", "enforce x", "ENFORCE", "enforce trial",
	    "enforce trial 1 2 3", "enforce trial 400000 900000 1800000400000 " BOOT " ",
	    "enforce trial 400000 900000 1800000400000 " BOOT "0",
	    "enforce trial 900000 400000 1800000400000 " BOOT,
	    "enforce trial 400000 99999999999999999999 1800000400000 " BOOT,
	    "enforce trial -9223372036854775808 9223372036854775807 1 " OTHER,
	    "audit trial 400000 900000 1800000400000 " BOOT,
	    "a very long line that does not fit into the buffer which it is read into"};
	struct mode_keeper *k;

	(void)state;
	for (size_t i = 0; i < sizeof(rubbish) / sizeof(*rubbish); i++) {
		assert_int_equal(keep_write(tmp.dir, "mode", rubbish[i]), 0);
		k = mode_open(tmp.dir, MODE_ENFORCE, &noon);
		assert_int_equal(mode_get(k), MODE_AUDIT);
		mode_close(&k);
	}
	keep_remove(tmp.dir, "mode");
	assert_int_equal(symlinkat("/proc/self/status", tmp.dir, "mode"), 0);
	k = mode_open(tmp.dir, MODE_ENFORCE, &noon);
	assert_int_equal(mode_get(k), MODE_AUDIT);
	/* A link is replaced, never followed. */
	mode_set(k, MODE_ENFORCE);
	keep(k);
	mode_close(&k);
	k = open_at(&noon);
	assert_int_equal(mode_get(k), MODE_ENFORCE);
	mode_close(&k);
}

static void
one_user_more_than_the_limit_is_refused(void **state)
{
	struct mode_keeper *k = mode_open(-1, MODE_ENFORCE, &noon);

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
	struct mode_keeper *k = mode_open(-1, MODE_ENFORCE, &noon);

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
	struct mode_keeper *k = mode_open(-1, MODE_ENFORCE, &noon);

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
	struct mode_keeper *k = mode_open(-1, MODE_ENFORCE, &noon);

	(void)state;
	mode_limit(k, 1, 60000);
	assert_true(mode_may_stop(k, 1, at(0)));
	assert_false(mode_may_stop(k, 2, at(0)));
	mode_set(k, MODE_AUDIT);
	mode_set(k, MODE_ENFORCE);
	assert_true(mode_may_stop(k, 3, at(0)));
	mode_close(&k);
}

/* --- on trial --------------------------------------------------------------------------------------- */

static struct moment
later(int64_t ms)
{
	struct moment m = noon;

	m.real.ms += ms;
	m.boot.ms += ms;
	return m;
}

/* The same moment in a boot that began ms_up before. */
static struct moment
after_reboot(int64_t real_ms, int64_t ms_up)
{
	struct moment m = {.real = {.ms = noon.real.ms + real_ms}, .boot = {.ms = ms_up}, .boot_id = OTHER};

	return m;
}

/* A daemon that switched at noon for ten minutes ends, and this one comes. */
static struct mode_keeper *
reopened(const struct moment *now)
{
	struct mode_keeper *k = open_at(&noon);

	mode_try(k, 600000, &noon);
	keep(k);
	mode_close(&k);
	return open_at(now);
}

static void
a_trial_has_an_end(void **state)
{
	struct mode_keeper *k = open_at(&noon);

	(void)state;
	assert_false(mode_on_trial(k));
	mode_try(k, 600000, &noon);
	assert_int_equal(mode_get(k), MODE_ENFORCE);
	assert_true(mode_on_trial(k));
	assert_int_equal(mode_deadline(k).ms, noon.boot.ms + 600000);
	assert_int_equal(mode_left(k, later(1000).boot), 599000);
	assert_int_equal(mode_left(k, later(600000).boot), 0);
	assert_int_equal(mode_left(k, later(700000).boot), 0);
	mode_set(k, MODE_ENFORCE);
	assert_false(mode_on_trial(k));
	mode_close(&k);
}

static void
only_what_began_after_the_switch_is_later(void **state)
{
	struct mode_keeper *k = open_at(&noon);

	(void)state;
	mode_try(k, 600000, &noon);
	assert_false(mode_is_later(k, later(-1).boot));
	assert_false(mode_is_later(k, noon.boot));
	assert_true(mode_is_later(k, later(10).boot));
	mode_close(&k);
}

static void
a_trial_goes_on_after_a_restart(void **state)
{
	struct moment now = later(60000);
	struct mode_keeper *k = reopened(&now);

	(void)state;
	assert_int_equal(mode_get(k), MODE_ENFORCE);
	assert_true(mode_on_trial(k));
	assert_int_equal(mode_left(k, now.boot), 540000);
	assert_false(mode_is_later(k, noon.boot));
	mode_close(&k);
}

static void
a_trial_that_ended_while_nobody_looked_is_over(void **state)
{
	struct moment now = later(600000);
	struct mode_keeper *k = reopened(&now);

	(void)state;
	assert_int_equal(mode_get(k), MODE_AUDIT);
	assert_false(mode_on_trial(k));
	assert_true(mode_found(k)->lapsed);
	assert_true(mode_found(k)->stale);
	mode_close(&k);
}

/* In one boot nobody asks the wall clock. */
static void
a_clock_turned_back_lengthens_nothing(void **state)
{
	struct moment now = later(590000), over = later(600000), rebooted = after_reboot(-1, 30000);
	struct mode_keeper *k;

	(void)state;
	now.real.ms -= 86400000;
	k = reopened(&now);
	assert_int_equal(mode_left(k, now.boot), 10000);
	mode_close(&k);
	over.real.ms -= 86400000;
	k = reopened(&over);
	assert_int_equal(mode_get(k), MODE_AUDIT);
	mode_close(&k);
	/* After a reboot there is no other: before the switch it cannot be. */
	k = reopened(&rebooted);
	assert_int_equal(mode_get(k), MODE_AUDIT);
	assert_true(mode_found(k)->lapsed);
	mode_close(&k);
}

static void
a_trial_goes_on_after_a_reboot(void **state)
{
	struct moment now = after_reboot(200000, 30000), over = after_reboot(600000, 30000);
	struct mode_keeper *k = reopened(&now);

	(void)state;
	assert_int_equal(mode_left(k, now.boot), 400000);
	assert_true(mode_is_later(k, (struct btime){.ms = 10}));
	assert_true(mode_found(k)->stale);
	/* And counts in this boot's time from now on, whatever the clock says. */
	keep(k);
	mode_close(&k);
	now.boot.ms += 399000;
	now.real.ms -= 3600000;
	k = open_at(&now);
	assert_int_equal(mode_left(k, now.boot), 1000);
	mode_close(&k);
	k = reopened(&over);
	assert_int_equal(mode_get(k), MODE_AUDIT);
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
		cmocka_unit_test_setup_teardown(a_trial_has_an_end, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(only_what_began_after_the_switch_is_later, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(a_trial_goes_on_after_a_restart, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(a_trial_that_ended_while_nobody_looked_is_over, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(a_clock_turned_back_lengthens_nothing, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(a_trial_goes_on_after_a_reboot, make_dir, remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
