/* gate_unix: connections to agents and ControlMasters, by path and by whatever way, in the real kernel. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "base/proc.h"
#include "tests/monitor/gate_kit.h"

#define KILLED (ACTOR_KILLED + SIGKILL)

struct scene {
	struct gate_listener l;
	int fd;
};

/* An agent at "sock"; the gate knows it by its path too. */
static void
set_scene(struct scene *s, uint32_t ses, uint32_t uid, enum grant_socket mux)
{
	s->fd = gate_kit_listener("sock", ses, uid, mux, &s->l);
	assert_int_equal(gate_listener_set(kit.gate, &s->l, gate_kit_path("sock")), 0);
	assert_int_equal(symlink(gate_kit_path("sock"), gate_kit_path("link")), 0);
}

static void
clear_scene(struct scene *s)
{
	close(s->fd);
	(void)unlink(gate_kit_path("sock"));
	(void)unlink(gate_kit_path("link"));
	assert_int_equal(gate_listener_drop(kit.gate, s->l.cookie, gate_kit_path("sock")), 0);
}

static int
by_path(const struct actor *a)
{
	return actor_do(a, ACT_UNIX, BY_CHILD, gate_kit_path("sock"), 0);
}

static int
by_link(const struct actor *a)
{
	return actor_do(a, ACT_UNIX, BY_CHILD, gate_kit_path("link"), 0);
}

static void
row_with(const struct actor *a, enum grant_socket kind, enum grant_owner owner, enum grant_verdict v)
{
	struct gate_row row = gate_kit_row(a);

	row.grant.unix_use[kind][owner] = (uint8_t)v;
	gate_kit_set(&row);
}

static void
test_anothers_agent_is_refused_by_path_and_deadly_by_link(void **state)
{
	const struct notice *n;
	struct scene s;

	(void)state;
	set_scene(&s, kit.bob.ses, BOB, SOCKET_AGENT);
	row_with(&kit.alice, SOCKET_AGENT, GRANT_OTHER, GRANT_DENY);
	assert_int_equal(by_path(&kit.alice), EPERM);
	n = gate_kit_told(kit.alice.ses, GATE_UNIX);
	assert_non_null(n);
	assert_int_equal(n->flags, GATE_UNIX | GRANT_DENY << 8 | GATEN_REFUSED);
	assert_int_equal(n->inode, s.l.inode);
	assert_int_equal(by_link(&kit.alice), KILLED);
	assert_int_equal(gate_kit_told(kit.alice.ses, GATE_UNIX)->flags,
	    GATE_UNIX | GRANT_DENY << 8 | GATEN_KILLED | GATEN_CUT);
	assert_int_equal(gate_refused(kit.gate, kit.alice.ses), 2);
	assert_int_equal(by_path(&kit.bob), 0);
	assert_int_equal(by_link(&kit.bob), 0);
	clear_scene(&s);
}

/* The monitor must cut what a sibling holds: this one is told, whatever was told before in that second. */
static void
test_a_kill_is_told_after_a_flood(void **state)
{
	struct gate_row row = gate_kit_row(&kit.alice);
	const struct notice *n;
	struct scene s;

	(void)state;
	set_scene(&s, kit.bob.ses, BOB, SOCKET_AGENT);
	gate_kit_deny(&row, VIA_SSH, GRANT_DENY);
	row.grant.unix_use[SOCKET_AGENT][GRANT_OTHER] = GRANT_DENY;
	gate_kit_set(&row);
	for (int i = 0; i < 5; i++) { /* most of them within the second */
		for (int j = 0; j < 2 * GATE_TELL; j++)
			assert_int_equal(actor_do(&kit.alice, ACT_TCP, BY_ITSELF, NEAR, SSH_PORT), EPERM);
		gate_kit_hear();
		kit.n = 0;
		assert_int_equal(by_link(&kit.alice), KILLED);
		n = gate_kit_told(kit.alice.ses, GATE_UNIX);
		assert_non_null(n);
		assert_int_equal(n->flags, GATE_UNIX | GRANT_DENY << 8 | GATEN_KILLED | GATEN_CUT);
	}
	clear_scene(&s);
}

static void
test_audit_mode_and_report_only_tell(void **state)
{
	struct scene s;

	(void)state;
	set_scene(&s, kit.bob.ses, BOB, SOCKET_AGENT);
	row_with(&kit.alice, SOCKET_AGENT, GRANT_OTHER, GRANT_REPORT);
	assert_int_equal(by_link(&kit.alice), 0);
	assert_int_equal(gate_kit_told(kit.alice.ses, GATE_UNIX)->flags, GATE_UNIX | GRANT_REPORT << 8);
	kit.n = 0;
	row_with(&kit.alice, SOCKET_AGENT, GRANT_OTHER, GRANT_DENY);
	assert_int_equal(gate_mode(kit.gate, MODE_AUDIT), 0);
	assert_int_equal(by_path(&kit.alice), 0);
	assert_int_equal(by_link(&kit.alice), 0);
	gate_kit_hear();
	assert_int_equal(kit.n, 2); /* each once */
	assert_int_equal(kit.saw[0].flags, GATE_UNIX | GRANT_DENY << 8);
	clear_scene(&s);
}

/* The ring has room for so many; then the monitor must know that something was missed. */
static void
test_a_cut_that_cannot_be_told_is_counted(void **state)
{
	const unsigned room = GATE_RING / (sizeof(struct gate_saw) + BPF_RINGBUF_HDR_SZ);
	struct gate_row row = gate_kit_row(&kit.alice);
	uint64_t before = gate_uncut(kit.gate);
	struct scene s;

	(void)state;
	set_scene(&s, kit.bob.ses, BOB, SOCKET_AGENT);
	row.grant.unix_use[SOCKET_AGENT][GRANT_OTHER] = GRANT_DENY;
	gate_kit_serves(&row, &kit.alice); /* which is not killed */
	gate_kit_set(&row);
	for (unsigned i = 0; i < room + 10; i++) {
		assert_int_equal(actor_do(&kit.alice, ACT_UNIX, BY_ITSELF, gate_kit_path("link"), 0), 0);
		close(accept(s.fd, NULL, NULL));
		if (i + 1 == room)
			assert_int_equal(gate_uncut(kit.gate), before);
	}
	assert_int_equal(gate_uncut(kit.gate), before + 10);
	clear_scene(&s);
}

/* Who listens → which verdict of the row counts. */
static void
test_each_owner_has_its_verdict(void **state)
{
	const struct {
		uint32_t ses, uid; /* of the listener */
		bool has_row;      /* its session */
		uint64_t login;    /* of that */
		enum grant_owner denied;
		int by_path;
	} cases[] = {
		{kit.alice.ses, ALICE, true, 7, GRANT_SELF, EPERM},
		{kit.alice.ses, 0, true, 7, GRANT_SELF, EPERM},          /* whatever the uid now */
		{kit.again.ses, ALICE, true, 7, GRANT_SAME_LOGIN, EPERM},
		{kit.again.ses, ALICE, true, 7, GRANT_SAME_USER, 0},
		{kit.again.ses, ALICE, true, 8, GRANT_SAME_USER, EPERM}, /* another key */
		{kit.again.ses, ALICE, true, 8, GRANT_SAME_LOGIN, 0},
		{kit.again.ses, ALICE, true, 0, GRANT_SAME_USER, 0},     /* nobody knows: the weaker counts */
		{kit.again.ses, ALICE, false, 0, GRANT_SAME_USER, 0},
		{kit.bob.ses, BOB, true, 7, GRANT_OTHER, EPERM},
		{kit.bob.ses, BOB, false, 0, GRANT_OTHER, EPERM},
		{SES_UNSET, 0, false, 0, GRANT_OTHER, EPERM},
		{SES_UNSET, ALICE, false, 0, GRANT_OTHER, 0},            /* her own local agent */
		{SES_UNSET, ALICE, false, 0, GRANT_SELF, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct gate_row theirs = {.ses = cases[i].ses, .auid = cases[i].uid};
		struct scene s;

		assert_int_equal(gate_row_drop(kit.gate, kit.again.ses), 0);
		assert_int_equal(gate_row_drop(kit.gate, kit.bob.ses), 0);
		theirs.grant.login = cases[i].login;
		if (cases[i].has_row)
			gate_kit_set(&theirs);
		row_with(&kit.alice, SOCKET_AGENT, cases[i].denied, GRANT_DENY);
		set_scene(&s, cases[i].ses, cases[i].uid, SOCKET_AGENT);
		if (by_path(&kit.alice) != cases[i].by_path)
			fail_msg("case %zu by path", i);
		if (by_link(&kit.alice) != (cases[i].by_path == 0 ? 0 : KILLED))
			fail_msg("case %zu by link", i);
		if (gate_refuses(kit.gate, kit.alice.ses, ALICE, s.l.cookie) != (cases[i].by_path != 0))
			fail_msg("case %zu by what it says", i);
		clear_scene(&s);
	}
}

static void
test_agents_and_controlmasters_are_two_things(void **state)
{
	struct scene s;

	(void)state;
	row_with(&kit.alice, SOCKET_MUX, GRANT_OTHER, GRANT_DENY);
	set_scene(&s, kit.bob.ses, BOB, SOCKET_AGENT);
	assert_int_equal(by_link(&kit.alice), 0);
	clear_scene(&s);
	set_scene(&s, kit.bob.ses, BOB, SOCKET_MUX);
	assert_int_equal(by_path(&kit.alice), EPERM);
	assert_int_equal(by_link(&kit.alice), KILLED);
	assert_true((gate_kit_told(kit.alice.ses, GATE_UNIX)->flags & GATEN_MUX) != 0);
	clear_scene(&s);
}

static void
test_a_revoked_sessions_agent_is_nobodys(void **state)
{
	struct gate_row row = gate_kit_row(&kit.alice), other = gate_kit_row(&kit.again);
	struct scene s;

	(void)state;
	set_scene(&s, kit.alice.ses, ALICE, SOCKET_AGENT);
	gate_kit_set(&other);
	for (int order = 0; order <= 1; order++) {
		row.flags = order == 0 ? GATEROW_REVOKED : GATEROW_REVOKED_ORDER;
		gate_kit_set(&row);
		assert_int_equal(gate_mode(kit.gate, MODE_ENFORCE), 0);
		assert_int_equal(by_path(&kit.alice), EPERM);
		assert_int_equal(by_link(&kit.alice), KILLED);
		/* The policy's word ends with the mode, root's does not. */
		assert_int_equal(gate_mode(kit.gate, MODE_AUDIT), 0);
		assert_int_equal(by_path(&kit.alice), order == 0 ? 0 : EPERM);
		assert_int_equal(by_link(&kit.alice), order == 0 ? 0 : KILLED);
		assert_int_equal(by_link(&kit.again), order == 0 ? 0 : KILLED);
	}
	clear_scene(&s);
	set_scene(&s, kit.again.ses, ALICE, SOCKET_AGENT);
	assert_int_equal(by_link(&kit.alice), 0);
	clear_scene(&s);
}

static void
test_sshd_is_never_killed(void **state)
{
	struct gate_row row = gate_kit_row(&kit.alice);
	struct scene s;

	(void)state;
	set_scene(&s, kit.bob.ses, BOB, SOCKET_AGENT);
	gate_kit_serves(&row, &kit.alice);
	row.grant.unix_use[SOCKET_AGENT][GRANT_OTHER] = GRANT_DENY;
	gate_kit_set(&row);
	assert_int_equal(by_link(&kit.alice), 0);
	assert_int_equal(gate_kit_told(kit.alice.ses, GATE_UNIX)->flags,
	    GATE_UNIX | GRANT_DENY << 8 | GATEN_RELAY | GATEN_CUT);
	assert_int_equal(by_path(&kit.alice), EPERM);
	clear_scene(&s);
}

static void
test_a_path_is_its_listeners_only_while_that_is_known(void **state)
{
	struct scene s;

	(void)state;
	set_scene(&s, kit.bob.ses, BOB, SOCKET_AGENT);
	row_with(&kit.alice, SOCKET_AGENT, GRANT_OTHER, GRANT_DENY);
	assert_int_equal(by_path(&kit.alice), EPERM);
	assert_int_equal(gate_listener_drop(kit.gate, s.l.cookie, NULL), 0);
	assert_int_equal(by_path(&kit.alice), 0);
	/* Not by path: only the listener itself is known. */
	assert_int_equal(gate_listener_drop(kit.gate, s.l.cookie, gate_kit_path("sock")), 0);
	assert_int_equal(gate_listener_set(kit.gate, &s.l, NULL), 0);
	assert_int_equal(by_path(&kit.alice), KILLED);
	clear_scene(&s);
}

/* What the monitor asks, without connecting. */
static void
test_it_says_whom_it_would_refuse(void **state)
{
	static struct gate_listener all[GATE_LISTENERS];
	struct scene s;

	(void)state;
	assert_int_equal(gate_listeners(kit.gate, all), 0);
	set_scene(&s, kit.bob.ses, BOB, SOCKET_AGENT);
	assert_int_equal(gate_listeners(kit.gate, all), 1);
	assert_memory_equal(&all[0], &s.l, sizeof(s.l));
	row_with(&kit.alice, SOCKET_AGENT, GRANT_OTHER, GRANT_DENY);
	assert_true(gate_refuses(kit.gate, kit.alice.ses, ALICE, s.l.cookie));
	assert_false(gate_refuses(kit.gate, kit.alice.ses, ALICE, s.l.cookie + 1));
	assert_false(gate_refuses(kit.gate, kit.bob.ses, BOB, s.l.cookie));
	/* Who borrows her grant, and who does not. */
	assert_false(gate_refuses(kit.gate, kit.again.ses, ALICE, s.l.cookie));
	assert_int_equal(gate_borrow_set(kit.gate, ALICE, kit.alice.ses), 0);
	assert_true(gate_refuses(kit.gate, kit.again.ses, ALICE, s.l.cookie));
	assert_true(gate_refuses(kit.gate, SES_UNSET, ALICE, s.l.cookie));
	assert_false(gate_refuses(kit.gate, SES_UNSET, AUID_UNSET, s.l.cookie));
	assert_int_equal(gate_mode(kit.gate, MODE_AUDIT), 0);
	assert_false(gate_refuses(kit.gate, kit.alice.ses, ALICE, s.l.cookie));
	clear_scene(&s);
}

const struct CMUnitTest gate_unix_tests[] = {
	cmocka_unit_test_setup(test_anothers_agent_is_refused_by_path_and_deadly_by_link, gate_kit_fresh),
	cmocka_unit_test_setup(test_a_kill_is_told_after_a_flood, gate_kit_fresh),
	cmocka_unit_test_setup(test_a_cut_that_cannot_be_told_is_counted, gate_kit_fresh),
	cmocka_unit_test_setup(test_audit_mode_and_report_only_tell, gate_kit_fresh),
	cmocka_unit_test_setup(test_each_owner_has_its_verdict, gate_kit_fresh),
	cmocka_unit_test_setup(test_agents_and_controlmasters_are_two_things, gate_kit_fresh),
	cmocka_unit_test_setup(test_a_revoked_sessions_agent_is_nobodys, gate_kit_fresh),
	cmocka_unit_test_setup(test_sshd_is_never_killed, gate_kit_fresh),
	cmocka_unit_test_setup(test_a_path_is_its_listeners_only_while_that_is_known, gate_kit_fresh),
	cmocka_unit_test_setup(test_it_says_whom_it_would_refuse, gate_kit_fresh),
};
const size_t gate_unix_n = sizeof(gate_unix_tests) / sizeof(*gate_unix_tests);
