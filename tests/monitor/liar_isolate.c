/* A session that makes no outbound connection any more, by the policy's word and by root's. */
#include "tests/monitor/kit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static int
far_listener(char where[64])
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(inet_pton(AF_INET, STAGE_FAR, &sin.sin_addr), 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	snprintf(where, 64, "%u %s", ntohs(sin.sin_port), STAGE_FAR);
	return fd;
}

static int
connected(const struct stage_session *s, int listener, const char *where)
{
	assert_true(stage_order(s, ORDER_CONNECT_TCP, where) >= 0);
	return accept(listener, NULL, NULL);
}

/* And then only somebody else of the session has it. */
static int
left_to(const struct stage_session *s, enum order whom, int listener, const char *where)
{
	char number[16];
	int fd = stage_order(s, ORDER_CONNECT_TCP, where);

	assert_true(fd >= 0);
	snprintf(number, sizeof(number), "%d", fd);
	assert_int_equal(stage_order(s, whom, number), 0);
	return accept(listener, NULL, NULL);
}

static void
order(const char *verb, const struct stage_session *s, const char *want)
{
	char line[64], answer[256];

	snprintf(line, sizeof(line), "{\"verb\":\"%s\",\"ses\":%u}\n", verb, s->ses);
	stage_verb(line, answer, sizeof(answer));
	if (strstr(answer, want) == NULL)
		print_error("%s\n", answer);
	assert_non_null(strstr(answer, want));
}

/* They are read in the order of pids. */
static void
many_descriptors_hide_no_connection(void **state)
{
	struct stage_session s;
	struct request rq;
	struct notice n;
	char where[64];
	int far = far_listener(where), a;

	(void)state;
	if ((kit_gates() & GATEF_CONNECT) == 0)
		skip();
	stage_session(&s, KIT_AUID, true);
	assert_int_equal(stage_order(&s, ORDER_SOCKETS, "17000"), 0);
	for (int i = 0; i < 3; i++)
		assert_true(stage_order(&s, ORDER_FORK, NULL) > 0);
	a = left_to(&s, ORDER_LEAVE, far, where);
	stage_mode("enforce");
	rq = kit_request(REQ_ISOLATE, &s, 0);
	assert_int_equal(stage_ask(&rq, &n, NULL), RES_OK);
	assert_int_equal(n.value, 1);
	assert_true(kit_ends(a));
	stage_mode("audit");
	close(a);
	close(far);
	stage_session_end(&s);
}

/* An intruder who knows how descriptors are looked for; another session's on its way is let be. */
static void
a_connection_in_flight_is_ended(void **state)
{
	struct stage_session s, other;
	struct request rq;
	struct notice n;
	char where[64];
	int far = far_listener(where), a, b, c;

	(void)state;
	if ((kit_gates() & GATEF_CONNECT) == 0)
		skip();
	stage_session(&s, KIT_AUID, true);
	stage_session(&other, KIT_AUID + 1, true);
	a = left_to(&s, ORDER_FLY, far, where);
	b = left_to(&other, ORDER_FLY, far, where);
	stage_mode("enforce");
	rq = kit_request(REQ_ISOLATE, &s, 0);
	assert_int_equal(stage_ask(&rq, &n, NULL), RES_OK);
	assert_int_equal(n.value, 1);
	assert_true(kit_ends(a));
	assert_int_equal(kit_ended(b), 0);
	/* And one destination alone, of what one process made: another's is let be. */
	rq = kit_request(REQ_DESTROY, &other, other.child);
	rq.flags = REQF_MADE;
	rq.to = (struct report_addr){.family = 4, .port = (uint16_t)strtoul(where, NULL, 10)};
	assert_int_equal(inet_pton(AF_INET, STAGE_FAR, rq.to.b), 1);
	c = connected(&other, far, where);
	assert_int_equal(stage_ask(&rq, &n, NULL), RES_NOT_FOUND);
	assert_int_equal(kit_ended(c), 0);
	rq.pid = (uint32_t)other.work;
	assert_int_equal(stage_ask(&rq, &n, NULL), RES_OK);
	assert_int_equal(n.value, 2);
	assert_true(kit_ends(b));
	assert_true(kit_ends(c));
	stage_mode("audit");
	close(a);
	close(b);
	close(c);
	close(far);
	stage_session_end(&s);
	stage_session_end(&other);
}

static void
an_isolated_session_reaches_nobody(void **state)
{
	struct stage_session s, other, glass, unknown;
	struct request rq;
	struct report_addr to;
	struct notice n;
	char where[64], port[8];
	int far = far_listener(where), near = kit_tcp_listener(port, &to), a, b, c, local;

	(void)state;
	if ((kit_gates() & GATEF_CONNECT) == 0)
		skip();
	stage_session(&s, KIT_AUID, true);
	stage_session(&other, KIT_AUID + 1, true);
	stage_session(&glass, STAGE_GLASS, true);
	stage_session(&unknown, KIT_AUID, false);
	a = connected(&s, far, where);
	b = connected(&other, far, where);
	c = left_to(&s, ORDER_HIDE, far, where);
	local = connected(&s, near, port);
	assert_int_equal(kit_ask(REQ_ISOLATE, &s, 0), RES_MODE_AUDIT);
	stage_mode("enforce");
	assert_int_equal(kit_ask(REQ_ISOLATE, &glass, 0), RES_PROTECTED);
	assert_int_equal(kit_ask(REQ_ISOLATE, &unknown, 0), RES_NO_SESSION);
	rq = kit_request(REQ_ISOLATE, &s, 0);
	assert_int_equal(stage_ask(&rq, &n, NULL), RES_OK);
	assert_int_equal(n.value, 2);
	assert_true(kit_ends(a));
	assert_true(kit_ends(c));
	assert_int_equal(kit_ended(b), 0);
	assert_int_equal(kit_ended(local), 0);
	assert_int_equal(stage_order(&s, ORDER_CONNECT_TCP, where), -EPERM);
	assert_true(stage_order(&s, ORDER_CONNECT_TCP, port) >= 0);
	assert_true(stage_order(&other, ORDER_CONNECT_TCP, where) >= 0);
	assert_true(stage_alive(s.work) && stage_alive(s.child) && stage_alive(s.top));
	/* The policy's word ends with the mode. */
	stage_mode("audit");
	assert_true(stage_order(&s, ORDER_CONNECT_TCP, where) >= 0);
	stage_mode("enforce");
	assert_true(stage_order(&s, ORDER_CONNECT_TCP, where) >= 0);
	stage_mode("audit");
	close(a);
	close(b);
	close(c);
	close(local);
	close(far);
	close(near);
	stage_session_end(&s);
	stage_session_end(&other);
	stage_session_end(&glass);
	stage_session_end(&unknown);
}

static void
root_isolates_in_audit_mode_and_for_good(void **state)
{
	struct stage_session s, glass;
	struct grant g;
	struct notice n;
	char where[64];
	int far = far_listener(where), a;

	(void)state;
	if ((kit_gates() & GATEF_CONNECT) == 0)
		skip();
	stage_session(&s, KIT_AUID, true);
	stage_session(&glass, STAGE_GLASS, true);
	a = connected(&s, far, where);
	order("isolate", &s, "\"done\":\"isolated\",\"count\":1");
	assert_true(stage_hear(NOTE_ORDERED, 0, &n, NULL));
	assert_int_equal(n.result, RES_OK);
	assert_int_equal(n.flags, ORDERF_ISOLATE);
	assert_int_equal(n.ses, s.ses);
	assert_true(kit_ends(a));
	assert_int_equal(stage_order(&s, ORDER_CONNECT_TCP, where), -EPERM);
	/* Neither the mode nor the engine's next grant takes it back. */
	stage_mode("enforce");
	stage_mode("audit");
	assert_int_equal(stage_order(&s, ORDER_CONNECT_TCP, where), -EPERM);
	g = kit_grant(kit_classes("2222"));
	assert_int_equal(kit_give(&s, &g), RES_OK);
	assert_int_equal(kit_classes_done(g.generation), RES_OK);
	assert_int_equal(stage_order(&s, ORDER_CONNECT_TCP, where), -EPERM);
	order("isolate", &glass, "\"done\":\"failed\"");
	assert_true(stage_order(&glass, ORDER_CONNECT_TCP, where) >= 0);
	close(a);
	close(far);
	stage_session_end(&s);
	stage_session_end(&glass);
}

static const struct CMUnitTest tests[] = {
	kit_test(a_connection_in_flight_is_ended),
	kit_test(an_isolated_session_reaches_nobody),
	kit_test(many_descriptors_hide_no_connection),
	kit_test(root_isolates_in_audit_mode_and_for_good),
};

const struct kit_tests liar_isolate = {tests, sizeof(tests) / sizeof(*tests)};
