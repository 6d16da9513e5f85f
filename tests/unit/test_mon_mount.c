/* Lines of mountinfo, and this program's own mount. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agentd/monitor/mount.h"
#include "base/safe.h"

static void
the_type_follows_the_dash(void **state)
{
	static const char ext4[] = "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext4 /dev/root rw\n",
			  sshfs[] = "37 35 0:55 / /home/eve/x rw,nosuid - fuse.sshfs eve@host: rw,user_id=1000\n",
			  cut[] = "38 35 0:55 / /home/eve/x rw,nosuid";
	bool served = true;

	(void)state;
	assert_true(mount_line(ext4, 36, true, &served));
	assert_false(served);
	assert_true(mount_line(sshfs, 37, true, &served));
	assert_true(served);
	assert_false(mount_line(ext4, 3, true, &served));
	assert_false(mount_line(ext4, 35, true, &served));
	assert_false(mount_line(cut, 38, true, &served));
	assert_false(mount_line("", 0, true, &served));
}

static bool
is_served(const char *type, bool ours)
{
	char line[256];
	bool served = false;

	snprintf(line, sizeof(line), "36 35 98:0 /a /b rw - %s source rw\n", type);
	assert_true(mount_line(line, 36, ours, &served));
	return served;
}

static void
only_what_is_known_answers_by_itself(void **state)
{
	(void)state;
	assert_false(is_served("xfs", false));
	assert_false(is_served("tmpfs", false));
	assert_true(is_served("nfs4", true));
	assert_true(is_served("virtiofs", true));
	assert_true(is_served("ext4.mine", true));
	assert_true(is_served("", true));
	/* Its layers are whoever's who made the namespace. */
	assert_false(is_served("overlay", true));
	assert_true(is_served("overlay", false));
}

/* Whoever can write a long line could write another's at its end. */
static void
the_end_of_a_long_line_is_no_line(void **state)
{
	static const char lie[] = "36 35 98:0 / / rw - ext4 /dev/sda rw\n",
			  truth[] = "36 35 0:55 / /x rw - fuse.x x rw\n";
	bool served = false;
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	fputs("35 1 0:1 / /", f);
	for (size_t i = strlen("35 1 0:1 / /"); i < 8191; i++)
		fputc('x', f);
	fputs(lie, f);
	fputs(truth, f);
	assert_int_equal(fclose(f), 0);
	f = fmemopen(text, size, "r");
	assert_true(mount_search(f, 36, true, &served));
	assert_true(served);
	fclose(f);
	free(text);
}

static void
an_ordinary_program_is_served_by_nobody(void **state)
{
	(void)state;
	assert_false(mount_program_is_served(getpid()));
	assert_true(mount_program_is_served(0)); /* no such process: in doubt */
}

/* A program that was never in a file has a mount that no mountinfo shows, and must be read all the same. */
static void
a_program_in_memory_is_served_by_nobody(void **state)
{
	char name[] = "sleep", time[] = "100", *argv[] = {name, time, NULL};
	struct buf program = BUF_INIT;
	int fd = memfd_create("x", MFD_CLOEXEC), ready[2];
	char byte;
	pid_t pid;

	(void)state;
	assert_int_equal(plain_read("/bin/sleep", 1 << 20, &program), 0);
	assert_int_equal(write_all(fd, program.p, program.n), 0);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		fexecve(fd, argv, environ);
		_exit(1);
	}
	close(ready[1]); /* the child's end closes as it becomes the program */
	assert_int_equal(read(ready[0], &byte, 1), 0);
	assert_false(mount_program_is_served(pid));
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	close(ready[0]);
	close(fd);
	buf_free(&program);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_type_follows_the_dash),
		cmocka_unit_test(only_what_is_known_answers_by_itself),
		cmocka_unit_test(the_end_of_a_long_line_is_no_line),
		cmocka_unit_test(an_ordinary_program_is_served_by_nobody),
		cmocka_unit_test(a_program_in_memory_is_served_by_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
