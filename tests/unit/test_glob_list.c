/* The files that a pattern names: which, in which order, and what is refused. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/glob_list.h"

static char dir[] = "/tmp/sshtether-listing-XXXXXX";

static void
touch(const char *name)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	close(fd);
}

static int
setup(void **state)
{
	char path[128];

	(void)state;
	assert_non_null(mkdtemp(dir));
	touch("b.policy");
	touch("a.policy");
	touch("B.policy");
	touch(".hidden.policy");
	touch("c.policy.sig");
	(void)snprintf(path, sizeof(path), "%s/d.policy", dir);
	assert_int_equal(mkdir(path, 0755), 0);
	return 0;
}

static int
teardown(void **state)
{
	char path[128];

	(void)state;
	for (const char *const *n = (const char *const[]){"a.policy", "b.policy", "B.policy", ".hidden.policy",
		 "c.policy.sig", NULL};
	    *n != NULL; n++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, *n);
		unlink(path);
	}
	(void)snprintf(path, sizeof(path), "%s/d.policy", dir);
	rmdir(path);
	return rmdir(dir);
}

static void
assert_listed(const char *pattern, const char *const *names)
{
	struct buf out = BUF_INIT;
	char path[128];
	size_t at = 0;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, pattern);
	assert_int_equal(plain_list(path, 8, &out), 0);
	for (; *names != NULL; names++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, *names);
		assert_true(at < out.n);
		assert_string_equal(out.p + at, path);
		at += strlen(path) + 1;
	}
	assert_int_equal(at, out.n);
	buf_free(&out);
}

static void
test_sorted_and_only_files(void **state)
{
	(void)state;
	assert_listed("*.policy", (const char *const[]){"B.policy", "a.policy", "b.policy", NULL});
	assert_listed("[ab].policy", (const char *const[]){"a.policy", "b.policy", NULL});
	assert_listed("*.conf", (const char *const[]){NULL});
}

static void
test_what_is_refused(void **state)
{
	struct buf out = BUF_INIT;
	const char *why = NULL;
	char pattern[128];

	(void)state;
	(void)snprintf(pattern, sizeof(pattern), "%s/*", dir);
	assert_int_equal(plain_list(pattern, 3, &out), -E2BIG);
	assert_int_equal(plain_list("/nowhere/at/all/*", 3, &out), -ENOENT);
	assert_int_equal(safe_list(pattern, 8, &out, &why), 0);
	buf_reset(&out);
	assert_int_equal(chmod(dir, 0777), 0);
	assert_int_equal(safe_list(pattern, 8, &out, &why), -EACCES);
	assert_string_equal(why, "may be written by its group or by others");
	assert_int_equal(out.n, 0);
	assert_int_equal(plain_list(pattern, 8, &out), 0);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sorted_and_only_files),
	    cmocka_unit_test(test_what_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
