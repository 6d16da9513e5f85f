/* Parts of the engine alone: what the filter lets through, what a program is, what was lost. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agentd/engine/exe.h"
#include "agentd/engine/filter.h"
#include "agentd/engine/flood.h"
#include "agentd/engine/keep.h"
#include "agentd/engine/losses.h"
#include "agentd/engine/quota.h"
#include "agentd/engine/scan.h"
#include "tests/unit/ruling.h"
#include "tests/unit/unit.h"

/* --- the filter ----------------------------------------------------------------------------------- */

/* What fn does under the filter: its exit status, −signal when it was killed. */
static int
under_filter(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		_exit(filter_enter() ? fn() : 100);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

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
	assert_int_equal(under_filter(do_work), 7);
	assert_int_equal(under_filter(do_internet), 7);
	assert_int_equal(under_filter(do_new_code), 7);
	assert_int_equal(under_filter(do_fork), 7);
	assert_int_equal(under_filter(do_kill_others), 7);
	assert_int_equal(under_filter(do_exec), -SIGSYS);
	assert_int_equal(under_filter(do_ptrace), -SIGSYS);
	assert_int_equal(under_filter(do_setuid), -SIGSYS);
	assert_int_equal(under_filter(do_i386), -SIGSYS);
	if ((pid = fork()) == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		_exit(thread_before());
	}
	waitpid(pid, &status, 0);
	assert_int_equal(WEXITSTATUS(status), 7);
}

/* --- programs ------------------------------------------------------------------------------------- */

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

/* --- losses ----------------------------------------------------------------------------------------- */

struct heard {
	unsigned told, over;
	uint64_t count;
	char sentence[256];
};

static void
on_losses(uint64_t count, const char *sentence, bool over, void *arg)
{
	struct heard *h = arg;

	h->told += !over;
	h->over += over;
	h->count = count;
	snprintf(h->sentence, sizeof(h->sentence), "%s", sentence);
}

static struct mtime
at(int64_t s)
{
	return (struct mtime){.ns = (s + 1) * 1000000000};
}

static void
losses_are_told_once_a_burst(void **state)
{
	struct heard h = {0};
	struct losses *l = losses_new(on_losses, &h);
	struct aev_stats a = {0};
	struct source_stats s = {0};

	(void)state;
	losses_check(l, &a, &s, at(0));
	assert_int_equal(h.told, 0);
	a.missing = 5;
	losses_kernel(l, 7);
	losses_check(l, &a, &s, at(1));
	assert_int_equal(h.told, 1);
	assert_int_equal(h.count, 12);
	assert_string_equal(h.sentence,
	    "audit records were lost: 5 missing serials, 7 lost by the kernel");
	for (int i = 2; i < 100; i++) {
		a.missing++;
		losses_check(l, &a, &s, at(i));
	}
	assert_int_equal(h.told, 1);
	a.missing -= 50; /* late records filled holes */
	losses_check(l, &a, &s, at(150));
	assert_int_equal(h.over, 0);
	losses_check(l, &a, &s, at(160));
	assert_int_equal(h.over, 1);
	assert_int_equal(h.count, 110);
	s.overruns++;
	losses_check(l, &a, &s, at(161));
	assert_int_equal(h.told, 2);
	assert_int_equal(h.count, 1);
	losses_free(&l);
}

/* --- a ruling that is kept ----------------------------------------------------------------------- */

static void
a_kept_ruling_outlives_what_it_was_made_of(void **state)
{
	struct made_ruling *m = calloc(1, sizeof(*m));
	struct kept *k;
	const struct finding *f;
	char file[] = "prod.policy", message[] = "ask";

	(void)state;
	make_ruling(m);
	m->ruling.decision.file = file;
	m->ruling.decision.message = message;
	m->session.principals = (char[]){"a\0bb\0"};
	k = kept_new(&m->ruling);
	assert_non_null(k);
	f = kept_ruling(k)->finding;
	char *exe = strdup(m->finding.process->exe);

	memset(file, 'x', sizeof(file) - 1);
	memset(m, 0xff, sizeof(*m));
	free(m);
	assert_string_equal(kept_ruling(k)->decision.file, "prod.policy");
	assert_string_equal(kept_ruling(k)->decision.message, "ask");
	assert_string_equal(f->process->exe, exe);
	assert_string_equal(f->session->user, "alice");
	assert_memory_equal(f->session->principals, "a\0bb\0", 6);
	assert_true(f->nancestry == 0 || f->ancestry[0]->pid != 0);
	free(exe);
	kept_free(&k);
	assert_null(k);
}

/* --- shares ----------------------------------------------------------------------------------------- */

static void
who_asks_in_a_loop_uses_up_his_own(void **state)
{
	static struct quota q;
	struct mtime now = {.ns = 5000000000};

	(void)state;
	quota_init(&q, 4, 60);
	for (int i = 0; i < 4; i++)
		assert_true(quota_take(&q, 1001, now));
	for (int i = 0; i < 100; i++)
		assert_false(quota_take(&q, 1001, now));
	assert_true(quota_take(&q, 1002, now));
	now.ns += 1000000000; /* 60 a minute */
	assert_true(quota_take(&q, 1001, now));
	assert_false(quota_take(&q, 1001, now));
	now.ns += 3600000000000; /* never more than the burst */
	for (int i = 0; i < 4; i++)
		assert_true(quota_take(&q, 1001, now));
	assert_false(quota_take(&q, 1001, now));
	for (uint32_t key = 5000; key < 5000 + 3 * QUOTA_SLOTS; key++) /* more than there is room for */
		assert_true(quota_take(&q, key, now));
}

/* --- alerts in a loop ------------------------------------------------------------------------------- */

struct held {
	unsigned told;
	uint64_t n;
	struct flood_more last;
};

static void
on_more(const struct flood_more *m, void *arg)
{
	struct held *h = arg;

	h->told++;
	h->n += m->n;
	h->last = *m;
}

static void
a_loop_is_told_by_its_number(void **state)
{
	struct held held = {0};
	struct floods *fs = floods_new(on_more, &held);
	struct mtime now = {.ns = 5000000000};
	struct made_ruling m;
	const struct outcome_of o = {.ruling = &m.ruling, .done = DONE_KILLED};
	unsigned left = 0;

	(void)state;
	make_ruling(&m);
	for (int i = 0; i < 1000; i++)
		left += floods_take(fs, &o, now) == FLOOD_NONE;
	assert_int_equal(left, FLOOD_ALIKE);
	m.finding.to.port = 2222; /* what it does beside is seen */
	assert_int_equal(floods_take(fs, &o, now), FLOOD_NONE);
	m.session.ses++; /* and what others do */
	assert_int_equal(floods_take(fs, &o, now), FLOOD_NONE);
	m.session.ses--;
	floods_tick(fs, now);
	assert_int_equal(held.told, 0);
	now.ns += 60000000000;
	floods_tick(fs, now);
	assert_int_equal(held.told, 1);
	assert_int_equal(held.n, 1000 - FLOOD_ALIKE);
	assert_true(held.last.ses == 57 && held.last.activity == ACT_OUTBOUND_SSH &&
	    held.last.severity == SEV_HIGH);
	assert_int_equal(floods_take(fs, &o, now), FLOOD_NONE); /* a new minute */
	floods_free(&fs);
}

/* Every port of a network is not alike, and yet too much; nothing is held back that is not told. */
static void
a_walk_over_addresses_has_a_cap(void **state)
{
	struct held held = {0};
	struct floods *fs = floods_new(on_more, &held);
	struct mtime now = {.ns = 5000000000};
	struct made_ruling m;
	const struct outcome_of o = {.ruling = &m.ruling, .done = DONE_ALERTED};
	unsigned left = 0, more = 0;

	(void)state;
	make_ruling(&m);
	for (unsigned i = 0; i < 30000; i++) {
		enum flood f;

		m.finding.to.port = (uint16_t)i;
		f = floods_take(fs, &o, now);
		left += f == FLOOD_NONE;
		more += f == FLOOD_ONE_MORE;
	}
	floods_tick(fs, (struct mtime){.ns = INT64_MAX});
	assert_int_equal(left, FLOOD_SESSION);
	assert_int_equal(left + more, 30000); /* none is alike */
	assert_int_equal(held.n, more);
	floods_free(&fs);
	assert_null(fs);
}

/* --- whose path it is ------------------------------------------------------------------------------- */

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
	assert_int_equal(under_filter(do_look), 7);
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
		cmocka_unit_test(who_asks_in_a_loop_uses_up_his_own),
		cmocka_unit_test(a_loop_is_told_by_its_number),
		cmocka_unit_test(a_walk_over_addresses_has_a_cap),
		cmocka_unit_test(a_path_is_believed_for_its_file_alone),
		cmocka_unit_test(on_overlayfs_the_inode_decides),
		cmocka_unit_test(the_filter_lets_work_and_no_more),
		cmocka_unit_test(a_program_is_known_by_its_content),
		cmocka_unit_test(losses_are_told_once_a_burst),
		cmocka_unit_test(a_kept_ruling_outlives_what_it_was_made_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
