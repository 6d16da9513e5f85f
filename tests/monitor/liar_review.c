/* Connections that were there before the grant that denies them. */
#include "tests/monitor/kit.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/proc.h"
#include "base/report_addr.h"
#include "tests/unit/unit.h"

static struct {
	int ssh, other; /* listeners */
	char ssh_port[8], other_port[8];
	struct report_addr to_ssh;
} net;

static struct stage_session s, other;

/* In audit mode.  False: this kernel cannot gate connections. */
static bool
begin(void)
{
	struct report_addr unused;

	if ((kit_gates() & GATEF_CONNECT) == 0)
		return false;
	net.ssh = kit_tcp_listener(net.ssh_port, &net.to_ssh);
	net.other = kit_tcp_listener(net.other_port, &unused);
	stage_session(&s, KIT_AUID, true);
	stage_session(&other, KIT_AUID + 1, true);
	return true;
}

static void
end(void)
{
	stage_mode("audit");
	close(net.ssh);
	close(net.other);
	stage_session_end(&s);
	stage_session_end(&other);
}

/* More descriptors than a look, or another action, is over with at once. */
static void
hold_many(const struct stage_session *holder)
{
	assert_int_equal(stage_order(holder, ORDER_SOCKETS, "17000"), 0);
	for (int i = 0; i < 200; i++)
		assert_true(stage_order(holder, ORDER_FORK, NULL) > 0);
}

static int
connected(const struct stage_session *who, int listener, const char *port)
{
	assert_true(stage_order(who, ORDER_CONNECT_TCP, port) >= 0);
	return accept(listener, NULL, NULL);
}

/* Made by s, whose own process does not have it any more; where it is then, the order says. */
static int
given_away(enum order how, int listener, const char *port)
{
	char number[16];
	int fd = stage_order(&s, ORDER_CONNECT_TCP, port);

	assert_true(fd >= 0);
	snprintf(number, sizeof(number), "%d", fd);
	assert_int_equal(stage_order(&s, how, number), 0);
	return accept(listener, NULL, NULL);
}

static void
in_force(uint32_t generation, uint32_t flags)
{
	struct request rq = {.kind = REQ_CLASSES_DONE, .value = generation, .flags = flags};

	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_OK);
}

/* A new policy is in force; with `denied`, that session's grant denies SSH. */
static void
rule(const struct stage_session *denied)
{
	const struct stage_session *const all[] = {&s, &other};
	const struct grant allow = kit_grant(kit_classes(net.ssh_port));

	for (int i = 0; i < 2; i++) {
		struct grant g = allow;

		if (all[i] == denied)
			kit_deny(&g, VIA_SSH);
		assert_int_equal(kit_give(all[i], &g), RES_OK);
	}
	in_force(allow.generation, REQF_REVIEW);
}

static void
is_told(const struct stage_session *who)
{
	struct notice n;

	do
		assert_true(kit_saw(who->ses, GATE_TCP, &n));
	while ((n.flags & GATEN_BEFORE) == 0);
	assert_int_equal(n.result, RES_OK);
	assert_int_equal(n.flags >> 8 & 0xff, GRANT_DENY);
	assert_true(report_addr_eq(&n.peer, &net.to_ssh));
	assert_int_equal(n.id, who->ses);
}

static void
what_was_there_before_the_rule_ends(void **state)
{
	struct stage_session glass;
	int ended, others, no_ssh, glasss;

	(void)state;
	if (!begin())
		skip();
	stage_session(&glass, STAGE_GLASS, true);
	stage_mode("enforce");
	rule(NULL);
	ended = connected(&s, net.ssh, net.ssh_port);
	others = connected(&other, net.ssh, net.ssh_port);
	no_ssh = connected(&s, net.other, net.other_port);
	glasss = connected(&glass, net.ssh, net.ssh_port);
	assert_true(stage_order(&s, ORDER_FORK, NULL) > 0); /* who shares it loses it, too */
	rule(&s);
	is_told(&s);
	assert_true(kit_ends(ended));
	assert_int_equal(kit_ended(others), 0);
	assert_int_equal(kit_ended(no_ssh), 0);
	assert_int_equal(kit_ended(glasss), 0);
	assert_true(stage_alive(s.work) && stage_alive(s.child) && stage_alive(s.top));
	end();
	stage_session_end(&glass);
}

/* A thread can have a table of descriptors of its own. */
static void
what_a_thread_alone_holds_ends(void **state)
{
	int ended;

	(void)state;
	if (!begin())
		skip();
	stage_mode("enforce");
	rule(NULL);
	ended = given_away(ORDER_HIDE, net.ssh, net.ssh_port);
	assert_int_equal(kit_ended(ended), 0);
	rule(&s);
	is_told(&s);
	assert_true(kit_ends(ended));
	end();
}

/* Nobody has its descriptor, and who made it is known all the same. */
static void
what_is_in_flight_ends(void **state)
{
	int ended, others;

	(void)state;
	if (!begin())
		skip();
	stage_mode("enforce");
	rule(NULL);
	ended = given_away(ORDER_FLY, net.ssh, net.ssh_port);
	others = given_away(ORDER_FLY, net.other, net.other_port);
	rule(&s);
	is_told(&s);
	assert_true(kit_ends(ended));
	assert_int_equal(kit_ended(others), 0); /* no SSH */
	close(others);
	end();
}

/* What a look finds ends, and whoever else asks is answered meanwhile. */
static void
many_descriptors_delay_nobody(void **state)
{
	int64_t start;
	int ended;

	(void)state;
	if (!begin())
		skip();
	stage_mode("enforce");
	rule(NULL);
	ended = connected(&s, net.ssh, net.ssh_port);
	hold_many(&s);
	rule(&s);
	(void)usleep(1500000); /* it has begun */
	start = stage_now_ms();
	assert_int_equal(kit_ask(REQ_ALIVE, &other, 0), RES_OK);
	assert_true(stage_now_ms() - start < 1000);
	is_told(&s);
	assert_true(kit_ends(ended));
	end();
}

/* An operator who takes enforce mode back, while what was found waits for another end. */
static void
nothing_ends_once_the_mode_is_back(void **state)
{
	struct request rq;
	int kept;

	(void)state;
	if (!begin())
		skip();
	hold_many(&other);
	stage_mode("enforce");
	rule(NULL);
	kept = connected(&s, net.ssh, net.ssh_port);
	rq = kit_request(REQ_ISOLATE, &other, 0);
	(void)stage_ask(&rq, NULL, NULL); /* takes two seconds, and is of no other row the next time */
	stage_send(&rq, sizeof(rq));
	rule(&s);
	(void)usleep(700000); /* it is over */
	stage_mode("audit");
	(void)usleep(2500000); /* so is the other's */
	assert_int_equal(kit_ended(kept), 0);
	end();
}

/* Audit mode ends nothing; enforce mode begins with what is there. */
static void
what_was_there_before_the_mode_ends(void **state)
{
	int ended;

	(void)state;
	if (!begin())
		skip();
	rule(NULL);
	ended = connected(&s, net.ssh, net.ssh_port);
	rule(&s);
	(void)usleep(100000);
	assert_int_equal(kit_ended(ended), 0);
	stage_mode("enforce");
	is_told(&s);
	assert_true(kit_ends(ended));
	end();
}

/* The engine was late, and the fallback knows nobody.  What was allowed for a while is no such thing. */
static void
what_was_there_before_the_grant_ends(void **state)
{
	const struct stage_session nobody = {.ses = SES_UNSET};
	struct grant g;
	int ended, others;

	(void)state;
	if (!begin())
		skip();
	stage_mode("enforce");
	g = kit_grant(kit_classes(net.ssh_port));
	assert_int_equal(kit_give(&nobody, &g), RES_OK);
	g.login = 1;
	assert_int_equal(kit_give(&other, &g), RES_OK);
	in_force(g.generation, 0);
	ended = connected(&s, net.ssh, net.ssh_port);
	others = connected(&other, net.ssh, net.ssh_port);
	kit_deny(&g, VIA_SSH);
	assert_int_equal(kit_give(&other, &g), RES_OK);
	(void)usleep(100000);
	assert_int_equal(kit_ended(ended) + kit_ended(others), 0);
	g = kit_grant(kit_classes(net.ssh_port));
	assert_int_equal(kit_give(&nobody, &g), RES_OK);
	g.login = 1;
	assert_int_equal(kit_give(&other, &g), RES_OK);
	in_force(g.generation, 0);
	kit_deny(&g, VIA_SSH);
	assert_int_equal(kit_give(&s, &g), RES_OK);
	is_told(&s);
	assert_true(kit_ends(ended));
	assert_int_equal(kit_ended(others), 0);
	end();
}

/* Whoever has many does not use up the cap on actions, which is everybody's. */
static void
all_of_one_session_are_one_action(void **state)
{
	int ended[STAGE_RATE + 10];

	(void)state;
	if (!begin())
		skip();
	stage_mode("enforce");
	rule(NULL);
	for (size_t i = 0; i < sizeof(ended) / sizeof(*ended); i++)
		ended[i] = connected(&s, net.ssh, net.ssh_port);
	rule(&s);
	for (size_t i = 0; i < sizeof(ended) / sizeof(*ended); i++)
		is_told(&s);
	for (size_t i = 0; i < sizeof(ended) / sizeof(*ended); i++) {
		assert_true(kit_ends(ended[i]));
		close(ended[i]);
	}
	end();
}

/* A rule that would stop too many is no rule to be trusted. */
static void
the_stop_limit_holds(void **state)
{
	const struct request limit = {.kind = REQ_POLICY, .limit = 1, .window_s = 60};
	struct grant g;
	struct notice n;
	int a, b;

	(void)state;
	if (!begin())
		skip();
	stage_mode("enforce");
	rule(NULL);
	a = connected(&s, net.ssh, net.ssh_port);
	b = connected(&other, net.ssh, net.ssh_port);
	stage_send(&limit, sizeof(limit));
	g = kit_grant(kit_classes(net.ssh_port));
	kit_deny(&g, VIA_SSH);
	assert_int_equal(kit_give(&s, &g), RES_OK);
	assert_int_equal(kit_give(&other, &g), RES_OK);
	in_force(g.generation, REQF_REVIEW);
	assert_true(stage_hear(NOTE_STOP_LIMIT, 0, &n, NULL));
	(void)usleep(100000);
	assert_true(kit_ended(a) + kit_ended(b) <= 1);
	end();
}

static const struct CMUnitTest tests[] = {
	kit_test(what_was_there_before_the_rule_ends),
	kit_test(what_a_thread_alone_holds_ends),
	kit_test(what_is_in_flight_ends),
	kit_test(many_descriptors_delay_nobody),
	kit_test(nothing_ends_once_the_mode_is_back),
	kit_test(what_was_there_before_the_mode_ends),
	kit_test(what_was_there_before_the_grant_ends),
	kit_test(all_of_one_session_are_one_action),
	kit_test(the_stop_limit_holds),
};

const struct kit_tests liar_review = {tests, sizeof(tests) / sizeof(*tests)};
