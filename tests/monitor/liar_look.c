/* What is only looked at.  Each lie beside the honest twin that must be obeyed. */
#include "tests/monitor/kit.h"

#include <sys/stat.h>
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

/* Each socket that a user connects to is asked about, and he can hold a lot of descriptors. */
static void
nobody_holds_the_loop_up(void **state)
{
	struct stage_session s;
	struct request rq;
	int listener;
	int64_t start;

	(void)state;
	stage_session(&s, KIT_AUID, true);
	assert_int_equal(stage_order(&s, ORDER_HOARD, NULL), 900);
	for (int i = 0; i < 100; i++)
		assert_true(stage_order(&s, ORDER_FORK, NULL) > 0);
	rq = kit_request(REQ_OWNER, &s, 0);
	listener = kit_unix_listener(&rq);
	for (rq.id = 1000000; rq.id < 1000020; rq.id++)
		stage_send(&rq, sizeof(rq));
	start = stage_now_ms();
	stage_mode("audit");
	assert_true(stage_now_ms() - start < 100);
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
	kit_test(a_program_is_handed_over_to_be_read_only),
	kit_test(alive_is_what_the_kernel_says),
	kit_test(what_lives_is_not_over),
	kit_test(nobody_holds_the_loop_up),
	kit_test(the_trail_takes_no_word_from_outside_the_tables),
};

const struct kit_tests liar_look = {tests, sizeof(tests) / sizeof(*tests)};
