/* filter: what work the engine can do under it, and what ends it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agentd/engine/filter.h"
#include "tests/unit/filter_kit.h"
#include "tests/unit/unit.h"

static int
do_work(void)
{
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	char room[64];
	void *p = malloc(1 << 22);

	return fd != -1 && read(fd, room, sizeof(room)) > 0 && p != NULL ? 7 : 1;
}

static int
do_internet(void)
{
	if (socket(AF_INET, SOCK_STREAM, 0) != -1 || errno != ENOSYS)
		return 1;
	if (socket(AF_INET6, SOCK_DGRAM, 0) != -1 || socket(AF_PACKET, SOCK_RAW, 0) != -1)
		return 2;
	if (socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT) != -1)
		return 3;
	return socket(AF_UNIX, SOCK_DGRAM, 0) != -1 &&
	    socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG) != -1 ? 7 : 4;
}

static int
do_new_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return 1;
	if (mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0)
		return 2;
	return mmap(NULL, 4096, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? 7 : 3;
}

static int
do_exec(void)
{
	char *const argv[] = {(char[]){"true"}, NULL};

	execv("/bin/true", argv);
	return 1;
}

static int
do_fork(void)
{
	return fork() == -1 ? 7 : 1; /* clone(2) is not in the list; glibc makes it so */
}

static int
do_ptrace(void)
{
	syscall(SYS_ptrace, 0, 0, 0, 0);
	return 1;
}

static int
do_setuid(void)
{
	syscall(SYS_setuid, 0);
	return 1;
}

static int
do_i386(void)
{
#ifdef __x86_64__
	int rc;

	__asm__ volatile("int $0x80" : "=a"(rc) : "a"(20) : "memory"); /* getpid */
	(void)rc;
	return 1;
#else
	return 7;
#endif
}

static int
do_kill_others(void)
{
	return kill(1, 0) == -1 && errno == ENOSYS ? 7 : 1;
}

static void *
in_thread(void *arg)
{
	int *go = arg;

	while (__atomic_load_n(go, __ATOMIC_SEQ_CST) == 0)
		usleep(1000);
	return socket(AF_INET, SOCK_STREAM, 0) == -1 && errno == ENOSYS ? arg : NULL;
}

/* Threads that were there before are under it too. */
static int
thread_before(void)
{
	static int go;
	pthread_t t;
	void *ok = NULL;

	if (pthread_create(&t, NULL, in_thread, &go) != 0 || !filter_enter())
		return 1;
	__atomic_store_n(&go, 1, __ATOMIC_SEQ_CST);
	pthread_join(t, &ok);
	return ok != NULL ? 7 : 2;
}

static void
the_filter_lets_work_and_no_more(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(kit_under_filter(do_work), 7);
	assert_int_equal(kit_under_filter(do_internet), 7);
	assert_int_equal(kit_under_filter(do_new_code), 7);
	assert_int_equal(kit_under_filter(do_fork), 7);
	assert_int_equal(kit_under_filter(do_kill_others), 7);
	assert_int_equal(kit_under_filter(do_exec), -SIGSYS);
	assert_int_equal(kit_under_filter(do_ptrace), -SIGSYS);
	assert_int_equal(kit_under_filter(do_setuid), -SIGSYS);
	assert_int_equal(kit_under_filter(do_i386), -SIGSYS);
	if ((pid = fork()) == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		_exit(thread_before());
	}
	waitpid(pid, &status, 0);
	assert_int_equal(WEXITSTATUS(status), 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_filter_lets_work_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
