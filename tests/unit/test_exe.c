/* exe: whose path it is. */
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agentd/engine/exe.h"
#include "tests/unit/filter_kit.h"
#include "tests/unit/unit.h"

static struct process
process_of(char *exe)
{
	struct stat st;

	assert_int_equal(stat(exe, &st), 0);
	return (struct process){.exe = exe, .exe_inode = st.st_ino, .exe_dev_major = major(st.st_dev),
	    .exe_dev_minor = minor(st.st_dev)};
}

static int
do_look(void)
{
	char exe[PATH_MAX] = "";
	struct process p;

	if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) == -1)
		return 1;
	p = process_of(exe);
	return exe_is_here(&p) ? 7 : 2;
}

/* Any file can be mounted over any name in a namespace of one's own: the file is what counts. */
static void
a_path_is_believed_for_its_file_alone(void **state)
{
	char exe[PATH_MAX] = "", none[] = "/nonexistent/ssh";
	struct process p;

	(void)state;
	assert_true(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
	p = process_of(exe);
	assert_true(exe_is_here(&p));
	assert_int_equal(kit_under_filter(do_look), 7);
	p.exe_inode++;
	assert_false(exe_is_here(&p));
	p = process_of(exe);
	p.exe_inode = 0; /* nobody saw it start */
	assert_false(exe_is_here(&p));
	p = process_of(exe);
	p.exe = none;
	assert_false(exe_is_here(&p));
	p.exe = NULL;
	assert_false(exe_is_here(&p));
}

/* Bits: 1 a file of another device is believed, 2 so it is on overlayfs, 4 another inode there is. */
static int
look_on(const char *dir)
{
	char file[PATH_MAX], layers[3 * PATH_MAX];
	struct process p;
	int seen = 0;

	if (unshare(CLONE_NEWNS) == -1 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("tmpfs", dir, "tmpfs", 0, NULL) == -1)
		return 100;
	for (const char *const *name = (const char *const[]){"low", "up", "work", "all", NULL}; *name != NULL;
	    name++) {
		snprintf(file, sizeof(file), "%s/%s", dir, *name);
		if (mkdir(file, 0755) == -1)
			return 101;
	}
	snprintf(file, sizeof(file), "%s/all", dir);
	snprintf(layers, sizeof(layers), "lowerdir=%s/low,upperdir=%s/up,workdir=%s/work", dir, dir, dir);
	if (mount("overlay", file, "overlay", 0, layers) == -1)
		return 102;
	snprintf(file, sizeof(file), "%s/all/program", dir);
	close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0755));
	p = process_of(file);
	p.exe_dev_minor++;
	seen |= exe_is_here(&p) ? 2 : 0;
	p.exe_inode++;
	seen |= exe_is_here(&p) ? 4 : 0;
	snprintf(file, sizeof(file), "%s/up/program", dir);
	p = process_of(file);
	p.exe_dev_minor++;
	seen |= exe_is_here(&p) ? 1 : 0;
	return seen;
}

/* There audit and stat(2) name different devices for one file. */
static void
on_overlayfs_the_inode_decides(void **state)
{
	char dir[] = "/tmp/sshtether-unit-XXXXXX";
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_non_null(mkdtemp(dir));
	pid = fork();
	if (pid == 0)
		_exit(look_on(dir));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(status, 2 << 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_believed_for_its_file_alone),
		cmocka_unit_test(on_overlayfs_the_inode_decides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
