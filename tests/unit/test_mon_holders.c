/* Who has a socket open: of several the right one, wherever its descriptor is, and whatever else is open. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agentd/monitor/holders.h"

#define HOARD   400000 /* two seconds; nobody's share is that large */
#define HOARDER 19000  /* of one process, where it may have so many */
#define MOST    2000   /* of them */
#define FEW     2000   /* more than the table of a hint may have room for */
#define NOBODY  65534

static int pair[2];

struct mtime __wrap_mtime_now(void);

/* What others do with the machine costs none of the time that a walk has. */
struct mtime
__wrap_mtime_now(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t), 0);
	return (struct mtime){.ns = t.tv_sec * 1000000000LL + t.tv_nsec};
}

static uint64_t
inode_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

static int
as_many_as_may_be(void **state)
{
	struct rlimit most;

	(void)state;
	if (getrlimit(RLIMIT_NOFILE, &most) == -1)
		return -1;
	most.rlim_cur = most.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &most);
}

static int
setup(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
}

static int
teardown(void **state)
{
	(void)state;
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static pid_t
child_with_all(void)
{
	const pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	assert_true(pid > 0);
	return pid;
}

static void
end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
all_in_one_walk(void **state)
{
	struct sought first = {.inode = inode_of(pair[0]), .oldest = true}, last = {.inode = first.inode},
	    other = {.inode = inode_of(pair[1])}, none = {.inode = UINT64_MAX};
	struct sought *const all[] = {&none, &other, &first, &last};
	const struct mtime soon = mtime_after(mtime_now(), 1000);
	const pid_t child = child_with_all();

	(void)state;
	close(pair[1]);
	holders_find(all, 4);
	assert_int_equal(first.rc, 0);
	assert_int_equal(first.holder.pid, getpid());
	assert_int_equal(last.rc, 0);
	assert_int_equal(last.holder.pid, child);
	assert_int_equal(other.rc, 0);
	assert_int_equal(other.holder.pid, child);
	assert_true(none.rc == -ENOENT || none.rc == -EOVERFLOW); /* of others, on a busy machine */
	assert_true(holders_try(&other, child, soon));
	assert_false(holders_try(&other, getpid(), soon));
	end(child);
	pair[1] = dup(pair[0]);
}

static void *
hide(void *unused)
{
	(void)unused;
	assert_int_equal(unshare(CLONE_FILES), 0);
	assert_int_equal(write(pair[1], "x", 1), 1);
	assert_int_equal(read(pair[1], &(char){0}, 1), 1);
	return NULL;
}

/* A thread alone has it, in a table of its own. */
static void
behind_a_thread(void **state)
{
	struct sought s = {.inode = inode_of(pair[1])}, *const one = &s;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, hide, NULL), 0);
	assert_int_equal(read(pair[0], &(char){0}, 1), 1);
	close(pair[1]);
	holders_find(&one, 1);
	assert_int_equal(s.rc, 0);
	assert_int_equal(s.holder.pid, getpid());
	assert_int_equal(write(pair[0], "x", 1), 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	pair[1] = dup(pair[0]);
}

static int ready[2];

/* Its first thread ends, and shows no descriptors any more: the other has them. */
static void *
say_when_alone(void *unused)
{
	char state = ' ';
	struct proc_stat st;

	(void)unused;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (state != 'Z' && proc_stat(getpid(), &st) == 0)
		state = st.state;
	(void)!write(ready[1], "x", 1);
	pause();
	_exit(0);
}

static void __attribute__((noreturn))
be_hoarder(size_t n, bool last, bool headless)
{
	const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pthread_t thread;

	if (getuid() == 0 && setuid(NOBODY) == -1)
		_exit(1);
	while (n-- > 0 && dup(fd) != -1)
		continue;
	if (last)
		(void)!dup(pair[1]);
	close(pair[1]);
	if (headless && pthread_create(&thread, NULL, say_when_alone, NULL) == 0)
		(void)syscall(SYS_exit, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)!write(ready[1], "x", 1);
	pause();
	_exit(0);
}

/* Who is named beforehand is not read for as long as he likes: that is the walk's, which shares its time out. */
static void
a_hint_is_soon_read(void **state)
{
	struct sought s = {.inode = inode_of(pair[1])}, *const one = &s;
	const pid_t child = child_with_all();
	pid_t hoarder;

	(void)state;
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	hoarder = fork();
	if (hoarder == 0)
		be_hoarder(FEW, true, false);
	assert_true(hoarder > 0);
	assert_int_equal(read(ready[0], &(char){0}, 1), 1);
	assert_true(holders_try(&s, child, mtime_after(mtime_now(), 1000)));
	assert_false(holders_try(&s, child, mtime_now()));
	assert_false(holders_try(&s, hoarder, mtime_after(mtime_now(), 1000)));
	end(child);
	close(pair[1]);
	holders_find(&one, 1);
	assert_int_equal(s.rc, 0);
	assert_int_equal(s.holder.pid, hoarder);
	end(hoarder);
	pair[1] = dup(pair[0]);
	close(ready[0]);
	close(ready[1]);
}

static void
look_behind_a_hoard(bool headless)
{
	static pid_t hoarder[MOST];
	const uid_t uid = getuid() == 0 ? NOBODY : getuid();
	struct sought seen = {.inode = inode_of(pair[0])}, behind = {.inode = inode_of(pair[1]), .maker = uid};
	struct sought unknown = {.inode = behind.inode, .maker = UID_UNKNOWN};
	struct sought *const all[] = {&seen, &behind, &unknown};
	struct rlimit most;
	size_t n = 0, each;
	uint32_t auid;

	assert_int_equal(proc_loginuid(getpid(), &auid), 0);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &most), 0);
	each = most.rlim_cur - 50 < HOARDER ? most.rlim_cur - 50 : HOARDER;
	for (; n * each < HOARD && n < MOST; n++) {
		hoarder[n] = fork();
		if (hoarder[n] == 0)
			be_hoarder(each, (n + 1) * each >= HOARD, headless);
		assert_true(hoarder[n] > 0);
		assert_int_equal(read(ready[0], &(char){0}, 1), 1);
	}
	close(pair[1]);
	holders_find(all, 3);
	assert_int_equal(seen.rc, 0);
	assert_int_equal(behind.rc, -EOVERFLOW);
	assert_true(behind.makers);
	assert_int_equal(behind.unread, auid != AUID_UNSET ? auid : uid);
	assert_int_equal(unknown.rc, -EOVERFLOW);
	assert_int_equal(unknown.unread, behind.unread);
	while (n > 0)
		end(hoarder[--n]);
	holders_find(all, 3);
	assert_int_equal(seen.rc, 0);
	assert_int_equal(seen.holder.pid, getpid());
	assert_false(behind.rc == 0 || behind.makers);
	pair[1] = dup(pair[0]);
	close(ready[0]);
	close(ready[1]);
}

/* One user has more than is read: the few of each other process are found all the same, his last one is not. */
static void
behind_a_hoard(void **state)
{
	(void)state;
	look_behind_a_hoard(false);
}

static void
behind_a_hoard_whose_first_threads_have_ended(void **state)
{
	(void)state;
	look_behind_a_hoard(true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_in_one_walk, setup, teardown),
		cmocka_unit_test_setup_teardown(behind_a_thread, setup, teardown),
		cmocka_unit_test_setup_teardown(a_hint_is_soon_read, setup, teardown),
		cmocka_unit_test_setup_teardown(behind_a_hoard, setup, teardown),
		cmocka_unit_test_setup_teardown(behind_a_hoard_whose_first_threads_have_ended, setup, teardown),
	};

	return cmocka_run_group_tests(tests, as_many_as_may_be, NULL);
}
