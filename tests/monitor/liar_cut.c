/* Connections end, and no others.  Each lie beside the honest twin that must be obeyed. */
#include "tests/monitor/kit.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static void
only_this_sessions_tcp_is_destroyed(void **state)
{
	struct stage_session mine, other;
	struct request rq;
	struct notice n;
	char port[8];
	int listener, a, b;

	(void)state;
	stage_session(&mine, KIT_AUID, true);
	stage_session(&other, KIT_AUID, true);
	rq = kit_request(REQ_DESTROY, &mine, 0);
	listener = kit_tcp_listener(port, &rq.to);
	assert_true(stage_order(&mine, ORDER_CONNECT_TCP, port) >= 0);
	a = accept(listener, NULL, NULL);
	assert_true(stage_order(&other, ORDER_CONNECT_TCP, port) >= 0);
	b = accept(listener, NULL, NULL);
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_MODE_AUDIT);
	assert_int_equal(kit_ended(a), 0);
	stage_mode("enforce");
	assert_int_equal(stage_ask(&rq, &n, NULL), RES_OK);
	assert_int_equal(n.value, 1);
	assert_true(kit_ends(a));
	assert_int_equal(kit_ended(b), 0);
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_NOT_FOUND);
	rq.to.family = 9;
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_BAD);
	assert_true(stage_alive(mine.work));
	stage_mode("audit");
	close(a);
	close(b);
	close(listener);
	stage_session_end(&mine);
	stage_session_end(&other);
}

/* A kill alone would leave the connection to the sibling. */
static void
a_cut_reaches_every_holder(void **state)
{
	struct stage_session thief, owner;
	struct request rq;
	int listener, a, b;
	pid_t sibling;

	(void)state;
	stage_mode("enforce");
	stage_session(&thief, KIT_AUID, true);
	stage_session(&owner, KIT_AUID, true);
	rq = kit_request(REQ_KILL, &thief, thief.work);
	listener = kit_unix_listener(&rq);
	assert_true(stage_order(&thief, ORDER_CONNECT_UNIX, "unix") >= 0);
	a = accept(listener, NULL, NULL);
	assert_true(stage_order(&owner, ORDER_CONNECT_UNIX, "unix") >= 0);
	b = accept(listener, NULL, NULL);
	sibling = stage_order(&thief, ORDER_FORK, NULL);
	assert_int_equal(kit_ended(a), 0);
	rq.time_ms = stage_now_ms();
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_OK);
	assert_true(stage_gone_soon(thief.work));
	assert_true(stage_alive(sibling));
	assert_true(kit_ends(a));
	assert_int_equal(kit_ended(b), 0);
	/* The same without a kill, for sshd at another's agent. */
	rq.kind = REQ_DESTROY;
	rq.ses = owner.ses;
	rq.pid = 0;
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_OK);
	assert_true(kit_ends(b));
	assert_true(stage_alive(owner.work));
	(void)kill(sibling, SIGKILL);
	stage_mode("audit");
	close(a);
	close(b);
	close(listener);
	stage_session_end(&thief);
	stage_session_end(&owner);
}

/* A listener that is slow, or stopped, to accept.  The kernel lists such a connection under the listener only. */
static void
a_cut_reaches_what_waits_to_be_accepted(void **state)
{
	struct stage_session thief;
	struct request rq;
	int listener, late;
	pid_t sibling;

	(void)state;
	stage_mode("enforce");
	stage_session(&thief, KIT_AUID, true);
	rq = kit_request(REQ_KILL, &thief, thief.work);
	listener = kit_unix_listener(&rq);
	assert_true(stage_order(&thief, ORDER_CONNECT_UNIX, "unix") >= 0);
	sibling = stage_order(&thief, ORDER_FORK, NULL);
	rq.time_ms = stage_now_ms();
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_OK);
	assert_true(stage_gone_soon(thief.work));
	assert_true(stage_alive(sibling));
	late = accept(listener, NULL, NULL);
	assert_true(kit_ends(late));
	(void)kill(sibling, SIGKILL);
	stage_mode("audit");
	close(late);
	close(listener);
	stage_session_end(&thief);
}

/* As a ControlMaster's client or ssh-add does when the other side goes. */
static void
a_client_that_ends_by_the_cut_was_stopped(void **state)
{
	struct stage_session thief;
	struct request rq;
	struct notice n;

	(void)state;
	stage_mode("enforce");
	stage_session(&thief, KIT_AUID, true);
	for (int i = 0; i < 4; i++) {
		pid_t client;
		int listener, conn;

		rq = kit_request(REQ_KILL, &thief, 0);
		listener = kit_unix_listener(&rq);
		client = stage_order(&thief, ORDER_CLIENT, "unix");
		assert_true(client > 0);
		conn = accept(listener, NULL, NULL);
		rq.pid = (uint32_t)client;
		rq.time_ms = stage_now_ms();
		assert_int_equal(stage_ask(&rq, &n, NULL), RES_OK);
		assert_int_equal(n.value, 1);
		assert_true(stage_gone_soon(client));
		close(conn);
		close(listener);
	}
	stage_mode("audit");
	stage_session_end(&thief);
}

static const struct CMUnitTest tests[] = {
	kit_test(only_this_sessions_tcp_is_destroyed),
	kit_test(a_cut_reaches_every_holder),
	kit_test(a_cut_reaches_what_waits_to_be_accepted),
	kit_test(a_client_that_ends_by_the_cut_was_stopped),
};

const struct kit_tests liar_cut = {tests, sizeof(tests) / sizeof(*tests)};
