/* What grants come to in the kernel, whatever the engine does afterwards. */
#include "tests/monitor/kit.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/proc.h"
#include "base/safe.h"
#include "tests/unit/unit.h"

static bool
connect_gate_is_missing(void)
{
	if ((kit_gates() & GATEF_CONNECT) != 0)
		return false;
	print_message("no connect gate on this kernel\n");
	return true;
}

static void
what_is_denied_is_refused_in_enforce_mode(void **state)
{
	struct stage_session s, other;
	struct report_addr to;
	struct notice n;
	char port[8];
	int listener = kit_tcp_listener(port, &to);
	uint32_t generation = kit_classes(port);
	struct grant g = kit_grant(generation);

	(void)state;
	if (connect_gate_is_missing())
		skip();
	stage_session(&s, KIT_AUID, true);
	stage_session(&other, KIT_AUID + 1, true);
	kit_deny(&g, VIA_SSH);
	assert_int_equal(kit_give(&s, &g), RES_OK);
	assert_int_equal(kit_classes_done(generation), RES_OK);
	assert_true(stage_order(&s, ORDER_CONNECT_TCP, port) >= 0);
	assert_true(kit_saw(s.ses, GATE_TCP, &n));
	assert_int_equal(n.flags & (GATEN_REFUSED | GATEN_BORROWED), 0);
	assert_int_equal(n.flags >> 8 & 0xff, GRANT_DENY);
	assert_int_equal(n.pid, s.work);
	stage_mode("enforce");
	assert_int_equal(stage_order(&s, ORDER_CONNECT_TCP, port), -EPERM);
	do
		assert_true(kit_saw(s.ses, GATE_TCP, &n));
	while ((n.flags & GATEN_BEFORE) != 0); /* of the one above */
	assert_true((n.flags & GATEN_REFUSED) != 0);
	assert_int_equal(n.peer.port, to.port);
	assert_true(stage_order(&other, ORDER_CONNECT_TCP, port) >= 0);
	stage_mode("audit");
	assert_true(stage_order(&s, ORDER_CONNECT_TCP, port) >= 0);
	close(listener);
	stage_session_end(&s);
	stage_session_end(&other);
}

/* at, cron, systemd-run: the same user's, under a session id that no sshd reported. */
static void
a_users_other_tasks_borrow_what_denies(void **state)
{
	struct stage_session lender, later, borrower, stranger;
	struct report_addr to;
	struct notice n;
	char port[8];
	int listener = kit_tcp_listener(port, &to);
	uint32_t generation = kit_classes(port);
	struct grant deny = kit_grant(generation);
	const struct grant allow = kit_grant(generation);

	(void)state;
	if (connect_gate_is_missing())
		skip();
	kit_deny(&deny, VIA_SSH);
	stage_session(&lender, KIT_AUID, true);
	stage_session(&borrower, KIT_AUID, false);
	stage_session(&stranger, KIT_AUID + 1, false);
	assert_int_equal(kit_give(&lender, &deny), RES_OK);
	assert_int_equal(kit_classes_done(generation), RES_OK);
	stage_mode("enforce");
	assert_int_equal(stage_order(&borrower, ORDER_CONNECT_TCP, port), -EPERM);
	assert_true(kit_saw(lender.ses, GATE_TCP, &n));
	assert_true((n.flags & GATEN_BORROWED) != 0);
	assert_int_equal(n.id, borrower.ses);
	assert_true(stage_order(&stranger, ORDER_CONNECT_TCP, port) >= 0);
	/* A session that may do everything lends nothing; one that no longer may not, neither. */
	stage_session(&later, KIT_AUID, true);
	assert_int_equal(kit_give(&later, &allow), RES_OK);
	assert_int_equal(stage_order(&borrower, ORDER_CONNECT_TCP, port), -EPERM);
	assert_int_equal(kit_give(&later, &deny), RES_OK);
	assert_int_equal(kit_give(&lender, &allow), RES_OK);
	assert_int_equal(stage_order(&borrower, ORDER_CONNECT_TCP, port), -EPERM);
	assert_true(stage_order(&lender, ORDER_CONNECT_TCP, port) >= 0);
	stage_session_end(&later);
	do
		assert_true(stage_hear(NOTE_OVER, 0, &n, NULL));
	while (n.ses != later.ses);
	assert_int_equal(kit_ask(REQ_ALIVE, &lender, 0), RES_OK); /* what goes with it has gone: the loop has turned since */
	assert_true(stage_order(&borrower, ORDER_CONNECT_TCP, port) >= 0);
	stage_mode("audit");
	close(listener);
	stage_session_end(&lender);
	stage_session_end(&borrower);
	stage_session_end(&stranger);
}

static void
a_silent_engines_logins_have_the_fallback_grant(void **state)
{
	struct stage_session s, granted;
	struct report_addr to;
	struct verdict got;
	char port[8];
	int listener = kit_tcp_listener(port, &to);
	uint32_t generation = kit_classes(port);
	const struct stage_session nobody = {.ses = SES_UNSET};
	struct grant deny = kit_grant(generation);
	const struct grant allow = kit_grant(generation);

	(void)state;
	if (connect_gate_is_missing())
		skip();
	kit_deny(&deny, VIA_SSH);
	assert_int_equal(kit_give(&nobody, &deny), RES_OK);
	assert_int_equal(kit_classes_done(generation), RES_OK);
	stage_mode("enforce");
	stage_session(&s, KIT_AUID, true);
	stage_session(&granted, KIT_AUID + 1, true);
	/* Its grant came, and then nothing more. */
	assert_int_equal(kit_give(&granted, &allow), RES_OK);
	assert_int_equal(packet_recv(s.report, &got, sizeof(got), NULL, 0), sizeof(got));
	assert_int_equal(got.source, VERDICT_FALLBACK);
	assert_int_equal(got.action, VERDICT_ALLOW);
	assert_int_equal(stage_order(&s, ORDER_CONNECT_TCP, port), -EPERM);
	assert_int_equal(packet_recv(granted.report, &got, sizeof(got), NULL, 0), sizeof(got));
	assert_true(stage_order(&granted, ORDER_CONNECT_TCP, port) >= 0);
	stage_mode("audit");
	close(listener);
	stage_session_end(&s);
	stage_session_end(&granted);
}

/* A session that the engine forgets at a reload, and classes that it never makes ready. */
static void
nobody_is_left_on_classes_that_are_gone(void **state)
{
	struct stage_session s, kept;
	struct report_addr to;
	char port[8];
	int listener = kit_tcp_listener(port, &to);
	uint32_t generation = kit_classes(port);
	const struct stage_session nobody = {.ses = SES_UNSET};
	struct grant deny = kit_grant(generation), g;

	(void)state;
	if (connect_gate_is_missing())
		skip();
	kit_deny(&deny, VIA_SSH);
	stage_session(&s, KIT_AUID, true);
	stage_session(&kept, KIT_AUID + 1, true);
	g = kit_grant(generation);
	assert_int_equal(kit_give(&s, &g), RES_OK);
	assert_int_equal(kit_give(&nobody, &deny), RES_OK);
	assert_int_equal(kit_classes_done(generation), RES_OK);
	stage_mode("enforce");
	assert_true(stage_order(&s, ORDER_CONNECT_TCP, port) >= 0);
	assert_int_equal(stage_order(&kept, ORDER_CONNECT_TCP, port), -EPERM); /* had no row at all */
	/* The new classes are never done: those who moved on already have the fallback of the old ones. */
	g = kit_grant(kit_classes(port));
	assert_int_equal(kit_give(&kept, &g), RES_OK);
	assert_true(stage_order(&kept, ORDER_CONNECT_TCP, port) >= 0);
	generation = kit_classes(port);
	assert_true(generation != g.generation);
	assert_int_equal(stage_order(&kept, ORDER_CONNECT_TCP, port), -EPERM);
	/* And the other way round: s has no grant of the new ones. */
	g = kit_grant(generation);
	deny.generation = generation;
	assert_int_equal(kit_give(&kept, &g), RES_OK);
	assert_int_equal(kit_give(&nobody, &deny), RES_OK);
	assert_int_equal(kit_classes_done(generation), RES_OK);
	assert_int_equal(stage_order(&s, ORDER_CONNECT_TCP, port), -EPERM);
	assert_true(stage_order(&kept, ORDER_CONNECT_TCP, port) >= 0);
	stage_mode("audit");
	close(listener);
	stage_session_end(&s);
	stage_session_end(&kept);
}

static void
refusals_count_for_the_stop_limit(void **state)
{
	struct stage_session s[3];
	struct report_addr to;
	struct notice n;
	char port[8];
	int listener = kit_tcp_listener(port, &to);
	uint32_t generation = kit_classes(port);
	struct grant deny = kit_grant(generation);

	(void)state;
	if (connect_gate_is_missing())
		skip();
	kit_deny(&deny, VIA_SSH);
	stage_send(&(struct request){.kind = REQ_POLICY, .limit = 2, .window_s = 600}, sizeof(struct request));
	for (uint32_t i = 0; i < 3; i++) {
		stage_session(&s[i], KIT_AUID + 20 + i, true);
		assert_int_equal(kit_give(&s[i], &deny), RES_OK);
	}
	assert_int_equal(kit_classes_done(generation), RES_OK);
	stage_mode("enforce");
	/* One user who tries again and again is one. */
	for (int i = 0; i < 4; i++)
		assert_int_equal(stage_order(&s[0], ORDER_CONNECT_TCP, port), -EPERM);
	assert_int_equal(stage_order(&s[1], ORDER_CONNECT_TCP, port), -EPERM);
	assert_int_equal(stage_order(&s[2], ORDER_CONNECT_TCP, port), -EPERM);
	assert_true(stage_hear(NOTE_STOP_LIMIT, 0, &n, NULL));
	assert_true(stage_order(&s[0], ORDER_CONNECT_TCP, port) >= 0);
	close(listener);
	for (int i = 0; i < 3; i++)
		stage_session_end(&s[i]);
}

static const struct CMUnitTest tests[] = {
	kit_test(what_is_denied_is_refused_in_enforce_mode),
	kit_test(a_users_other_tasks_borrow_what_denies),
	kit_test(a_silent_engines_logins_have_the_fallback_grant),
	kit_test(nobody_is_left_on_classes_that_are_gone),
	kit_test(refusals_count_for_the_stop_limit),
};

const struct kit_tests liar_gates = {tests, sizeof(tests) / sizeof(*tests)};
