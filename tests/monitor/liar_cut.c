/* Connections end, and no others.  Each lie beside the honest twin that must be obeyed. */
#include "tests/monitor/kit.h"

#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#define CROWD    "4000"  /* pairs of sockets that the kernel has to list */
#define TRIES    4
#define AT_ONCE  8       /* connections, each accepted a moment after the one before */
#define APART_NS 500000
#define FIRST_ID 1000000 /* of requests that are not waited for at once */

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

/* Connections to it, accepted one by one while the request is worked on: all are cut. */
static void
try_meanwhile(const struct stage_session *thief, struct request *rq, int listener)
{
	const struct timespec pause = {.tv_nsec = APART_NS};
	int accepted[AT_ONCE];
	struct notice n;

	for (int i = 0; i < AT_ONCE; i++)
		assert_true(stage_order(thief, ORDER_CONNECT_UNIX, "unix") >= 0);
	rq->time_ms = stage_now_ms();
	stage_send(rq, sizeof(*rq));
	for (int i = 0; i < AT_ONCE; i++) {
		(void)nanosleep(&pause, NULL);
		accepted[i] = accept(listener, NULL, NULL);
	}
	assert_true(stage_hear(NOTE_RESULT, rq->id, &n, NULL));
	assert_int_equal(n.result, RES_OK);
	assert_int_equal(n.value, AT_ONCE);
	for (int i = 0; i < AT_ONCE; i++) {
		assert_int_equal(kit_ended(accepted[i]), 1);
		close(accepted[i]);
	}
}

/*
 * The kernel lists one socket after the other, and a lot of them take a while.  What is accepted meanwhile can be on
 * no list: waiting no more, and without an inode when its place was passed.
 */
static void
a_cut_reaches_what_is_accepted_meanwhile(void **state)
{
	struct stage_session thief, crowd;
	struct request rq;
	int listener;

	(void)state;
	stage_mode("enforce");
	stage_session(&thief, KIT_AUID, true);
	stage_session(&crowd, KIT_AUID, true);
	rq = kit_request(REQ_DESTROY, &thief, 0);
	listener = kit_unix_listener(&rq);
	assert_int_equal(stage_order(&crowd, ORDER_CROWD, CROWD), 0);
	for (uint32_t i = 0; i < TRIES; i++) {
		rq.id = FIRST_ID + i;
		try_meanwhile(&thief, &rq, listener);
	}
	stage_mode("audit");
	close(listener);
	stage_session_end(&thief);
	stage_session_end(&crowd);
}

/*
 * Both ends are of the namespace of who connects, and are not on the list of the listener's.  What he has connected to
 * another listener stays, from afar and from here, and if that had the same name before.
 */
static void
a_cut_reaches_another_network_namespace(void **state)
{
	struct stage_session thief;
	struct request rq;
	int listener, old, other, a, b, near, tcp, tcp_listener;
	struct report_addr to;
	char port[8];

	(void)state;
	stage_mode("enforce");
	stage_session(&thief, 0, true);
	rq = kit_request(REQ_DESTROY, &thief, 0);
	tcp_listener = kit_tcp_listener(port, &to);
	assert_true(stage_order(&thief, ORDER_CONNECT_TCP, port) >= 0);
	tcp = accept(tcp_listener, NULL, NULL);
	old = kit_unix_listener(&rq);
	assert_true(stage_order(&thief, ORDER_CONNECT_UNIX, "unix") >= 0);
	near = accept(old, NULL, NULL);
	listener = kit_unix_listener(&rq);
	other = stage_socket("other", SOCK_STREAM, true);
	assert_int_equal(stage_order(&thief, ORDER_AFAR, NULL), 0);
	assert_true(stage_order(&thief, ORDER_CONNECT_UNIX, "unix") >= 0);
	a = accept(listener, NULL, NULL);
	assert_true(stage_order(&thief, ORDER_CONNECT_UNIX, "other") >= 0);
	b = accept(other, NULL, NULL);
	rq.time_ms = stage_now_ms();
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_OK);
	assert_true(kit_ends(a));
	assert_int_equal(kit_ended(b), 0);
	assert_int_equal(kit_ended(near), 0);
	assert_int_equal(kit_ended(tcp), 0);
	rq.time_ms = stage_now_ms();
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_NOT_FOUND);
	stage_mode("audit");
	close(a);
	close(b);
	close(near);
	close(tcp);
	close(old);
	close(other);
	close(listener);
	close(tcp_listener);
	stage_session_end(&thief);
}

/* Another's, from afar as well, stays. */
static void
a_cut_lets_others_afar_be(void **state)
{
	struct stage_session thief, owner;
	struct request rq;
	int listener, a;

	(void)state;
	stage_mode("enforce");
	stage_session(&thief, 0, true);
	stage_session(&owner, 0, true);
	rq = kit_request(REQ_DESTROY, &thief, 0);
	listener = kit_unix_listener(&rq);
	assert_int_equal(stage_order(&owner, ORDER_AFAR, NULL), 0);
	assert_true(stage_order(&owner, ORDER_CONNECT_UNIX, "unix") >= 0);
	a = accept(listener, NULL, NULL);
	rq.time_ms = stage_now_ms();
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_NOT_FOUND);
	assert_int_equal(kit_ended(a), 0);
	stage_mode("audit");
	close(a);
	close(listener);
	stage_session_end(&thief);
	stage_session_end(&owner);
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
	kit_test(a_cut_reaches_what_is_accepted_meanwhile),
	kit_test(a_cut_reaches_another_network_namespace),
	kit_test(a_cut_lets_others_afar_be),
	kit_test(a_client_that_ends_by_the_cut_was_stopped),
};

const struct kit_tests liar_cut = {tests, sizeof(tests) / sizeof(*tests)};
