/* What is only looked at.  Each lie beside the honest twin that must be obeyed. */
#include "tests/monitor/kit.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static void
the_owner_of_a_socket_is_who_listens(void **state)
{
	struct stage_session s;
	struct request rq;
	struct notice n;
	int listener;

	(void)state;
	stage_session(&s, KIT_AUID, true);
	rq = kit_request(REQ_OWNER, &s, 0);
	listener = kit_unix_listener(&rq);
	assert_int_equal(stage_ask(&rq, &n, NULL), RES_OK);
	assert_int_equal(n.pid, getpid());
	assert_int_equal(n.uid, getuid());
	close(listener);
	assert_int_equal(stage_ask(&rq, &n, NULL), RES_NOT_FOUND);
	rq.inode = 0;
	assert_int_equal(stage_ask(&rq, &n, NULL), RES_BAD);
	stage_session_end(&s);
}

static void
the_holder_of_a_connection_is_who_came_last(void **state)
{
	struct request rq = {.kind = REQ_HOLDER};
	struct stat ours, theirs;
	struct report_addr to;
	int fds[STAGE_FDS], pair[2], listener;
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);
	struct notice n;
	char port[8];
	pid_t child;

	(void)state;
	listener = kit_tcp_listener(port, &to);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	pair[0] = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(pair[0], (struct sockaddr *)&at, len), 0);
	pair[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	close(listener);
	assert_int_equal(fstat(pair[1], &ours), 0);
	rq.inode = ours.st_ino;
	child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(stage_ask(&rq, &n, fds), RES_OK);
	assert_int_equal(n.pid, child);
	assert_int_equal(n.value, getpid());
	assert_int_equal(n.flags & HOLDERF_DROPPED, 0);
	assert_int_equal(n.nfds, 1);
	assert_int_equal(stat("/proc/self/exe", &ours), 0);
	assert_int_equal(fstat(fds[0], &theirs), 0);
	assert_true(ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev);
	assert_int_equal(write(fds[0], "x", 1), -1);
	close(fds[0]);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(pair[0]);
	close(pair[1]);
	assert_int_equal(stage_ask(&rq, &n, NULL), RES_NOT_FOUND);
	rq.inode = 0;
	assert_int_equal(stage_ask(&rq, &n, NULL), RES_BAD);
}

static void
a_program_is_handed_over_to_be_read_only(void **state)
{
	struct stage_session s;
	struct request rq;
	struct notice n;
	struct stat ours, theirs;
	int fds[STAGE_FDS];
	char byte;

	(void)state;
	stage_session(&s, KIT_AUID, true);
	rq = kit_request(REQ_PROGRAM, &s, s.work);
	assert_int_equal(stage_ask(&rq, &n, fds), RES_OK);
	assert_int_equal(n.nfds, 2);
	assert_int_equal(stat("/proc/self/exe", &ours), 0);
	assert_int_equal(fstat(fds[0], &theirs), 0);
	assert_true(ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev);
	assert_int_equal(write(fds[0], "x", 1), -1);
	assert_int_equal(read(fds[1], &byte, 1), 1);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(kit_ask(REQ_PROGRAM, &s, 1), RES_OTHER_SESSION);
	assert_int_equal(kit_ask(REQ_PROGRAM, &s, (pid_t)INT32_MAX), RES_GONE);
	stage_session_end(&s);
}

static void
alive_is_what_the_kernel_says(void **state)
{
	struct stage_session s;

	(void)state;
	stage_session(&s, KIT_AUID, true);
	assert_int_equal(kit_ask(REQ_ALIVE, &s, 0), RES_OK);
	stage_session_end(&s);
	assert_true(stage_gone_soon(s.work) && stage_gone_soon(s.child));
	assert_int_equal(kit_ask(REQ_ALIVE, &s, 0), RES_GONE);
}

/* A walk over /proc may miss a task that does nothing but fork: "over" is never the last word. */
static void
what_lives_is_not_over(void **state)
{
	struct stage_session s;
	struct notice n;

	(void)state;
	stage_mode("enforce");
	stage_session(&s, KIT_AUID, true);
	stage_session_end(&s);
	do
		assert_true(stage_hear(NOTE_OVER, 0, &n, NULL));
	while (n.ses != s.ses);
	assert_int_equal(kit_ask(REQ_KILL, &s, s.work), RES_GONE);
	stage_mode("audit");
}

/* Four hundred thousand descriptors of one user, which take longer to read than any answer may. */
static void
hoard(const struct stage_session *s)
{
	struct rlimit most;
	char each[16];
	rlim_t n = 0, step;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &most), 0);
	step = most.rlim_max < 20000 ? most.rlim_max - 50 : 19950;
	snprintf(each, sizeof(each), "%u", (unsigned)step);
	assert_int_equal(stage_order(s, ORDER_SOCKETS, each), 0);
	for (n = step; n < 400000; n += step)
		assert_true(stage_order(s, ORDER_FORK, NULL) > 0);
}

/* A connection that he leaves to a child of his, behind all that is open there. */
static uint64_t
hide_connection(const struct stage_session *s)
{
	char port[8], name[64];
	struct report_addr to;
	const int listener = kit_tcp_listener(port, &to);
	const int fd = stage_order(s, ORDER_CONNECT_TCP, port);
	struct stat st;

	assert_true(fd > 0);
	snprintf(name, sizeof(name), "/proc/%d/fd/%d", (int)s->work, fd);
	assert_int_equal(stat(name, &st), 0);
	snprintf(name, sizeof(name), "%d", fd);
	assert_int_equal(stage_order(s, ORDER_LEAVE, name), 0);
	close(listener);
	return st.st_ino;
}

static void
a_hoard_hides_nobody_but_its_owner(void **state)
{
	struct request holder = {.kind = REQ_HOLDER}, owner;
	struct stage_session s;
	struct report_addr to;
	struct notice n;
	struct stat st;
	char port[8];
	int listener[2];

	(void)state;
	stage_session(&s, KIT_AUID, true);
	owner = kit_request(REQ_OWNER, &s, 0);
	listener[0] = kit_tcp_listener(port, &to);
	listener[1] = kit_unix_listener(&owner);
	assert_int_equal(fstat(listener[0], &st), 0);
	hoard(&s);
	holder.inode = st.st_ino;
	assert_int_equal(stage_ask(&holder, &n, NULL), RES_OK);
	assert_int_equal(n.pid, getpid());
	assert_int_equal(stage_ask(&owner, &n, NULL), RES_OK);
	assert_int_equal(n.pid, getpid());
	holder.inode = hide_connection(&s);
	holder.uid = STAGE_UID;
	assert_int_equal(stage_ask(&holder, &n, NULL), RES_UNREAD);
	assert_int_equal(n.uid, KIT_AUID);
	assert_int_equal(n.flags, HOLDERF_MAKERS);
	close(listener[0]);
	close(listener[1]);
	stage_session_end(&s);
}

/* Each socket that a user connects to is asked about, and he can hold a lot of descriptors. */
static void
nobody_holds_the_loop_up(void **state)
{
	struct stage_session s;
	struct request rq;
	int listener;
	int64_t start, took = INT64_MAX;

	(void)state;
	stage_session(&s, KIT_AUID, true);
	assert_int_equal(stage_order(&s, ORDER_HOARD, NULL), 900);
	for (int i = 0; i < 100; i++)
		assert_true(stage_order(&s, ORDER_FORK, NULL) > 0);
	rq = kit_request(REQ_OWNER, &s, 0);
	listener = kit_unix_listener(&rq);
	/* A loop that is held up is so each time, one that has to wait for a busy machine is not. */
	for (uint32_t round = 0; round < 5 && took >= 100; round++) {
		for (uint32_t i = 0; i < 20; i++) {
			rq.id = 1000000 + round * 20 + i;
			stage_send(&rq, sizeof(rq));
		}
		start = stage_now_ms();
		stage_mode("audit");
		took = stage_now_ms() - start;
	}
	assert_true(took < 100);
	close(listener);
	stage_session_end(&s);
}

static void
the_trail_takes_no_word_from_outside_the_tables(void **state)
{
	struct request rq = {.kind = REQ_AUDIT, .activity = ACT_COUNT};

	(void)state;
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_BAD);
	rq.activity = ACT_RELAY;
	rq.action = DO_COUNT;
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_BAD);
	rq.action = DO_BLOCK;
	rq.done = UINT32_MAX;
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_BAD);
}

static const struct CMUnitTest tests[] = {
	kit_test(the_owner_of_a_socket_is_who_listens),
	kit_test(the_holder_of_a_connection_is_who_came_last),
	kit_test(a_program_is_handed_over_to_be_read_only),
	kit_test(alive_is_what_the_kernel_says),
	kit_test(what_lives_is_not_over),
	kit_test(nobody_holds_the_loop_up),
	kit_test(a_hoard_hides_nobody_but_its_owner),
	kit_test(the_trail_takes_no_word_from_outside_the_tables),
};

const struct kit_tests liar_look = {tests, sizeof(tests) / sizeof(*tests)};
