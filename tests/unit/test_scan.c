/* scan: a program is known by what is in its file. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agentd/engine/scan.h"
#include "tests/unit/unit.h"

static bool
is_ssh(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct scan s;

	if (fd == -1)
		return false;
	scan_file(fd, &s);
	close(fd);
	assert_int_equal(s.error, 0);
	return s.ssh;
}

static bool
made_is_ssh(size_t at1, const char *one, size_t at2, const char *two)
{
	FILE *f = tmpfile();
	struct scan s;

	assert_non_null(f);
	assert_int_equal(pwrite(fileno(f), one, strlen(one), (off_t)at1), strlen(one));
	assert_int_equal(pwrite(fileno(f), two, strlen(two), (off_t)at2), strlen(two));
	scan_file(fileno(f), &s);
	fclose(f);
	return s.ssh;
}

static void
a_program_is_known_by_its_content(void **state)
{
	const size_t piece = 256u << 10;

	(void)state;
	assert_true(made_is_ssh(100, "ssh-userauth", 9000, "ssh-connection"));
	assert_false(made_is_ssh(100, "ssh-userauth", 9000, "ssh-userauth"));
	assert_false(made_is_ssh(100, "ssh-connection", 9000, "SSH-2.0-"));
	assert_true(made_is_ssh(100, "libssh2.so.1", 9000, "x"));
	assert_true(made_is_ssh(100, "libssh.so.4", 9000, "x"));
	assert_false(made_is_ssh(100, "libcurl.so.4", 9000, "libssl.so.3"));
	for (size_t back = 1; back < 14; back++)
		assert_true(made_is_ssh(piece - back, "ssh-connection", 3 * piece - back, "ssh-userauth"));
	if (access("/usr/bin/ssh", R_OK) == 0)
		assert_true(is_ssh("/usr/bin/ssh"));
	if (access("/usr/bin/dbclient", R_OK) == 0)
		assert_true(is_ssh("/usr/bin/dbclient"));
	assert_false(is_ssh("/bin/bash"));
	assert_false(is_ssh("/usr/bin/curl"));
	assert_false(is_ssh("/usr/bin/scp"));
	assert_false(is_ssh("/usr/bin/git"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_is_known_by_its_content),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
