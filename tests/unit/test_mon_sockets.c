/* The sockets that a process has open: all of them, so many of them, and only for so long. */
#include "tests/unit/unit.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/monitor/sockets.h"

static const struct mtime never = {.ns = INT64_MAX};

static void
sockets_are_listed_up_to_the_cap(void **state)
{
	uint64_t inode[4];
	struct stat st;
	int pair[2];
	size_t n;
	bool found = false;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(fstat(pair[0], &st), 0);
	n = sockets_list(getpid(), inode, 4);
	for (size_t i = 0; i < n; i++)
		found |= inode[i] == st.st_ino;
	assert_true(found);
	assert_int_equal(sockets_list(getpid(), inode, 1), 1);
	assert_int_equal(sockets_list(0, inode, 4), 0);
	close(pair[0]);
	close(pair[1]);
}

static bool
count(int number, uint64_t inode, void *arg)
{
	struct stat st;

	assert_int_equal(fstat(number, &st), 0);
	assert_int_equal(st.st_ino, inode);
	++*(unsigned *)arg;
	return true;
}

/* What is not a socket takes time, too. */
static void
the_time_is_over(void **state)
{
	const struct mtime past = mtime_after(mtime_now(), -1);
	unsigned n = 0;
	struct stat st;
	int pair[2];

	(void)state;
	assert_false(sockets_each(getpid(), past, count, &n));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(fstat(pair[0], &st), 0);
	assert_false(sockets_each_thread(getpid(), past, count, &n));
	assert_int_equal(n, 0);
	assert_true(sockets_each_thread(getpid(), never, count, &n));
	assert_true(n >= 2);
	close(pair[0]);
	close(pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sockets_are_listed_up_to_the_cap),
		cmocka_unit_test(the_time_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
