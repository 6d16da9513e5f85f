/* gate_tcp: connections, datagrams and execs against the rows of their sessions, in the real kernel. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/proc.h"
#include "tests/monitor/gate_kit.h"

#define ALLOWED ECONNREFUSED /* by the closed port itself */

static int
tcp(const struct actor *a, enum actor_by by, const char *to, uint16_t port)
{
	return actor_do(a, ACT_TCP, by, to, port);
}

static void
denied_row(const struct actor *a, enum grant_via via, enum grant_verdict verdict)
{
	struct gate_row row = gate_kit_row(a);

	gate_kit_deny(&row, via, verdict);
	gate_kit_set(&row);
}

static void
test_everything_works_here(void **state)
{
	uint8_t why[GATEF_COUNT];
	unsigned works = gate_works(kit.gate, why);

	(void)state;
	for (unsigned i = 0; i < GATEF_COUNT; i++)
		if ((works & 1u << i) == 0)
			print_message("facility %u: %s\n", i, strerror(why[i]));
	assert_int_equal(works, (1u << GATEF_COUNT) - 1);
}

static void
test_a_denied_class_is_refused_and_its_neighbours_are_not(void **state)
{
	const struct notice *n;

	(void)state;
	denied_row(&kit.alice, VIA_SSH, GRANT_DENY);
	assert_int_equal(tcp(&kit.alice, BY_ITSELF, NEAR, SSH_PORT), EPERM);
	n = gate_kit_told(kit.alice.ses, GATE_TCP);
	assert_non_null(n);
	assert_int_equal(n->flags, GATE_TCP | GRANT_DENY << 8 | GATEN_REFUSED);
	assert_int_equal(n->peer.family, 4);
	assert_memory_equal(n->peer.b, ((uint8_t[]){127, 0, 0, 1}), 4);
	assert_int_equal(n->peer.port, SSH_PORT);
	assert_int_equal(n->pid, kit.alice.pid);
	assert_int_equal(n->auid, ALICE);
	assert_int_equal(n->id, kit.alice.ses);
	assert_true(rtime_now().ms - (int64_t)n->value < 5000 && (int64_t)n->value <= rtime_now().ms + 1);
	/* another address, another port, another session, a task without one */
	assert_int_equal(tcp(&kit.alice, BY_ITSELF, FAR, SSH_PORT), ALLOWED);
	assert_int_equal(tcp(&kit.alice, BY_ITSELF, NEAR, OTHER_PORT), ALLOWED);
	assert_int_equal(tcp(&kit.bob, BY_ITSELF, NEAR, SSH_PORT), ALLOWED);
	assert_int_equal(tcp(&kit.again, BY_ITSELF, NEAR, SSH_PORT), ALLOWED);
	assert_int_equal(gate_refused(kit.gate, kit.alice.ses), 1);
}

static void
test_whatever_the_address_is_written_as(void **state)
{
	static const char *const near[] = {"0.0.0.0", "::", "::1", NEAR_MAPPED, "::ffff:0.0.0.0"};

	(void)state;
	denied_row(&kit.alice, VIA_SSH, GRANT_DENY);
	for (size_t i = 0; i < sizeof(near) / sizeof(*near); i++)
		assert_int_equal(tcp(&kit.alice, BY_ITSELF, near[i], SSH_PORT), EPERM);
	assert_int_equal(tcp(&kit.alice, BY_ITSELF, "::ffff:" FAR, SSH_PORT), ALLOWED);
}

static void
test_whatever_the_way_to_connect(void **state)
{
	int mptcp;

	(void)state;
	denied_row(&kit.alice, VIA_SSH, GRANT_DENY);
	assert_int_equal(actor_do(&kit.alice, ACT_FAST_OPEN, BY_ITSELF, NEAR, SSH_PORT), EPERM);
	mptcp = actor_do(&kit.alice, ACT_MPTCP, BY_ITSELF, NEAR, SSH_PORT);
	assert_true(mptcp == EPERM || mptcp == EPROTONOSUPPORT || mptcp == ENOPROTOOPT);
	assert_int_equal(tcp(&kit.alice, BY_CHILD, NEAR, SSH_PORT), EPERM);
	assert_int_equal(tcp(&kit.alice, BY_OTHER, NEAR, SSH_PORT), EPERM);
	assert_int_equal(tcp(&kit.alice, BY_NOBODY, NEAR, SSH_PORT), EPERM);
}

static void
test_report_lets_it_pass_and_tells(void **state)
{
	(void)state;
	denied_row(&kit.alice, VIA_SSH, GRANT_REPORT);
	assert_int_equal(tcp(&kit.alice, BY_ITSELF, NEAR, SSH_PORT), ALLOWED);
	assert_non_null(gate_kit_told(kit.alice.ses, GATE_TCP));
	assert_int_equal(gate_kit_told(kit.alice.ses, GATE_TCP)->flags, GATE_TCP | GRANT_REPORT << 8);
	assert_int_equal(gate_refused(kit.gate, kit.alice.ses), 0);
}

static void
test_audit_mode_refuses_nothing_and_tells(void **state)
{
	(void)state;
	denied_row(&kit.alice, VIA_SSH, GRANT_DENY);
	assert_int_equal(gate_mode(kit.gate, MODE_AUDIT), 0);
	assert_int_equal(tcp(&kit.alice, BY_ITSELF, NEAR, SSH_PORT), ALLOWED);
	assert_non_null(gate_kit_told(kit.alice.ses, GATE_TCP));
	assert_int_equal(gate_kit_told(kit.alice.ses, GATE_TCP)->flags, GATE_TCP | GRANT_DENY << 8);
	assert_int_equal(gate_mode(kit.gate, MODE_ENFORCE), 0);
	assert_int_equal(tcp(&kit.alice, BY_ITSELF, NEAR, SSH_PORT), EPERM);
}

/* A trial that nobody is left to end. */
static void
test_enforce_ends_at_its_deadline(void **state)
{
	const struct btime now = btime_now();

	(void)state;
	denied_row(&kit.alice, VIA_SSH, GRANT_DENY);
	assert_int_equal(gate_until(kit.gate, (struct btime){.ms = now.ms + 3600000}), 0);
	assert_int_equal(tcp(&kit.alice, BY_ITSELF, NEAR, SSH_PORT), EPERM);
	assert_int_equal(gate_until(kit.gate, (struct btime){.ms = now.ms - 2000}), 0);
	assert_int_equal(tcp(&kit.alice, BY_ITSELF, NEAR, SSH_PORT), ALLOWED);
	assert_int_equal(gate_until(kit.gate, (struct btime){.ms = 0}), 0);
	assert_int_equal(tcp(&kit.alice, BY_ITSELF, NEAR, SSH_PORT), EPERM);
}

static void
test_rows_go_and_come(void **state)
{
	struct gate_row row = gate_kit_row(&kit.alice), found;

	(void)state;
	assert_int_equal(gate_row_get(kit.gate, kit.alice.ses, &found), -ENOENT);
	gate_kit_deny(&row, VIA_SSH, GRANT_DENY);
	gate_kit_set(&row);
	assert_int_equal(gate_row_get(kit.gate, kit.alice.ses, &found), 0);
	assert_memory_equal(&found, &row, sizeof(row));
	assert_int_equal(tcp(&kit.alice, BY_ITSELF, NEAR, SSH_PORT), EPERM);
	assert_int_equal(gate_row_drop(kit.gate, kit.alice.ses), 0);
	assert_int_equal(gate_row_drop(kit.gate, kit.alice.ses), 0);
	assert_int_equal(tcp(&kit.alice, BY_ITSELF, NEAR, SSH_PORT), ALLOWED);
}

/* --- by whom -------------------------------------------------------------------------------------------- */

static void
test_sshd_and_its_child_of_the_same_program_relay(void **state)
{
	struct gate_row row = gate_kit_row(&kit.alice);

	(void)state;
	gate_kit_serves(&row, &kit.alice);
	gate_kit_deny(&row, VIA_RELAY, GRANT_DENY);
	gate_kit_set(&row);
	assert_int_equal(tcp(&kit.alice, BY_CHILD, NEAR, SSH_PORT), EPERM);
	assert_int_equal(gate_kit_told(kit.alice.ses, GATE_TCP)->flags,
	    GATE_TCP | GRANT_DENY << 8 | GATEN_REFUSED | GATEN_RELAY);
	assert_int_equal(tcp(&kit.alice, BY_NOBODY, NEAR, SSH_PORT), EPERM); /* the user's sshd */
	/* what it runs is a process of the session, which may */
	assert_int_equal(tcp(&kit.alice, BY_OTHER, NEAR, SSH_PORT), ALLOWED);
	assert_int_equal(tcp(&kit.alice, BY_PROXY, NEAR, SSH_PORT), ALLOWED);
}

/* PAM's modules connect in it, whatever the session may; but root's logins have no other sshd. */
static void
test_sshd_itself_works_for_pam_unless_root_logged_in(void **state)
{
	struct gate_row row = gate_kit_row(&kit.alice);

	(void)state;
	gate_kit_serves(&row, &kit.alice);
	gate_kit_deny(&row, VIA_RELAY, GRANT_DENY);
	gate_kit_deny(&row, VIA_SSH, GRANT_DENY);
	row.flags = GATEROW_ISOLATED;
	gate_kit_set(&row);
	assert_int_equal(tcp(&kit.alice, BY_ITSELF, NEAR, SSH_PORT), ALLOWED);
	assert_int_equal(tcp(&kit.alice, BY_CHILD, NEAR, SSH_PORT), EPERM);
	row.auid = 0;
	gate_kit_set(&row);
	assert_int_equal(tcp(&kit.alice, BY_ITSELF, NEAR, SSH_PORT), EPERM);
}

/* Root's, with the number that the session's sshd had: its start tells them apart. */
static void
test_a_later_process_with_its_pid_is_not_sshd(void **state)
{
	struct gate_row row = gate_kit_row(&kit.alice);

	(void)state;
	gate_kit_deny(&row, VIA_RELAY, GRANT_DENY);
	for (int ticks = -1; ticks <= 1; ticks++) {
		gate_kit_serves(&row, &kit.alice);
		row.sshd_start += (uint64_t)ticks;
		row.auid = 0;
		gate_kit_set(&row);
		assert_int_equal(tcp(&kit.alice, BY_ITSELF, NEAR, SSH_PORT), ticks == 0 ? EPERM : ALLOWED);
		assert_int_equal(tcp(&kit.alice, BY_CHILD, NEAR, SSH_PORT), ticks == 0 ? EPERM : ALLOWED);
	}
}

/* Any port is one of the relay's. */
static void
test_a_relay_is_judged_at_every_port(void **state)
{
	struct gate_row row = gate_kit_row(&kit.alice);

	(void)state;
	gate_kit_serves(&row, &kit.alice);
	row.grant.tcp[VIA_RELAY][0][0] = GRANT_DENY << 2;
	gate_kit_set(&row);
	assert_int_equal(tcp(&kit.alice, BY_CHILD, NEAR, OTHER_PORT), EPERM);
	assert_int_equal(tcp(&kit.alice, BY_CHILD, FAR, OTHER_PORT), ALLOWED);
	assert_int_equal(tcp(&kit.alice, BY_OTHER, NEAR, OTHER_PORT), ALLOWED);
}

/* From now on it is an SSH client. */
static void
mark_copy(void)
{
	int fd = open(gate_kit_path("copy"), O_PATH | O_CLOEXEC);

	assert_int_equal(gate_client_set(kit.gate, fd), 0);
	close(fd);
	assert_int_equal(gate_client_set(kit.gate, fd), -EBADF);
}

static void
test_an_ssh_client_is_judged_at_every_port_and_so_is_its_proxy(void **state)
{
	struct gate_row row = gate_kit_row(&kit.alice);

	(void)state;
	row.grant.tcp[VIA_SSH][0][0] = GRANT_DENY << 2;
	gate_kit_set(&row);
	assert_int_equal(tcp(&kit.alice, BY_OTHER, NEAR, OTHER_PORT), ALLOWED);
	mark_copy();
	assert_int_equal(tcp(&kit.alice, BY_OTHER, NEAR, OTHER_PORT), EPERM);
	assert_int_equal(tcp(&kit.alice, BY_PROXY, NEAR, OTHER_PORT), EPERM);
	assert_int_equal(tcp(&kit.alice, BY_CHILD, NEAR, OTHER_PORT), ALLOWED);
}

static void
test_a_session_without_destination_cannot_run_a_client(void **state)
{
	struct gate_row row = gate_kit_row(&kit.alice);

	(void)state;
	row.grant.flags = GRANTF_NO_DESTINATION;
	gate_kit_set(&row);
	mark_copy();
	assert_int_equal(actor_do(&kit.alice, ACT_NOTHING, BY_OTHER, "", 0), ACTOR_KILLED + SIGKILL);
	assert_non_null(gate_kit_told(kit.alice.ses, GATE_EXEC));
	assert_int_equal(gate_kit_told(kit.alice.ses, GATE_EXEC)->flags,
	    GATE_EXEC | GRANT_DENY << 8 | GATEN_KILLED);
	assert_int_equal(actor_do(&kit.bob, ACT_NOTHING, BY_OTHER, "", 0), 0);
	assert_int_equal(gate_mode(kit.gate, MODE_AUDIT), 0);
	assert_int_equal(actor_do(&kit.alice, ACT_NOTHING, BY_OTHER, "", 0), 0);
	assert_int_equal(gate_kit_told(kit.alice.ses, GATE_EXEC)->flags, GATE_EXEC | GRANT_DENY << 8);
}

static void
test_a_row_is_borrowed_by_another_session_of_its_user(void **state)
{
	const struct notice *n;

	(void)state;
	denied_row(&kit.alice, VIA_SSH, GRANT_DENY);
	assert_int_equal(tcp(&kit.again, BY_ITSELF, NEAR, SSH_PORT), ALLOWED);
	assert_int_equal(gate_borrow_set(kit.gate, ALICE, kit.alice.ses), 0);
	assert_int_equal(tcp(&kit.again, BY_ITSELF, NEAR, SSH_PORT), EPERM);
	n = gate_kit_told(kit.alice.ses, GATE_TCP);
	assert_non_null(n);
	assert_int_equal(n->id, kit.again.ses);
	assert_true((n->flags & GATEN_BORROWED) != 0);
	assert_int_equal(tcp(&kit.bob, BY_ITSELF, NEAR, SSH_PORT), ALLOWED);
	assert_int_equal(gate_borrow_set(kit.gate, ALICE, SES_UNSET), 0);
	assert_int_equal(tcp(&kit.again, BY_ITSELF, NEAR, SSH_PORT), ALLOWED);
}

static void
test_who_has_no_grant(void **state)
{
	struct actor nobody, glass;

	(void)state;
	actor_open(&nobody, AUID_UNSET);
	actor_open(&glass, GLASS);
	assert_int_equal(gate_ungranted(kit.gate, true), 0);
	assert_int_equal(tcp(&kit.bob, BY_ITSELF, NEAR, SSH_PORT), EPERM);
	assert_non_null(gate_kit_told(SES_UNSET, GATE_TCP));
	assert_int_equal(gate_kit_told(SES_UNSET, GATE_TCP)->id, kit.bob.ses);
	assert_int_equal(tcp(&kit.bob, BY_ITSELF, NEAR, OTHER_PORT), ALLOWED);
	assert_int_equal(tcp(&nobody, BY_ITSELF, NEAR, SSH_PORT), ALLOWED);
	assert_int_equal(tcp(&glass, BY_ITSELF, NEAR, SSH_PORT), ALLOWED);
	assert_int_equal(gate_mode(kit.gate, MODE_AUDIT), 0);
	assert_int_equal(tcp(&kit.bob, BY_ITSELF, NEAR, SSH_PORT), ALLOWED);
	actor_close(&nobody);
	actor_close(&glass);
}

static void
test_break_glass_has_no_row_and_lends_none(void **state)
{
	struct gate_row row = {.ses = kit.bob.ses, .auid = GLASS};

	(void)state;
	assert_int_equal(gate_row_set(kit.gate, &row), -EPERM);
	assert_int_equal(gate_borrow_set(kit.gate, GLASS, kit.bob.ses), -EPERM);
	assert_int_equal(gate_borrow_set(kit.gate, GLASS, SES_UNSET), -EPERM);
}

/* --- isolated --------------------------------------------------------------------------------------------- */

static void
test_an_isolated_session_reaches_nothing_outside(void **state)
{
	struct gate_row row = gate_kit_row(&kit.alice);

	(void)state;
	/* Datagrams of others are none of the gate's business. */
	gate_kit_set(&row);
	assert_int_not_equal(actor_do(&kit.alice, ACT_UDP_PROBE, BY_ITSELF, "192.0.2.1", 53), EPERM);
	assert_int_not_equal(actor_do(&kit.alice, ACT_UDP_CONNECT, BY_ITSELF, "192.0.2.1", 53), EPERM);
	row.flags = GATEROW_ISOLATED;
	gate_kit_set(&row);
	assert_int_equal(tcp(&kit.alice, BY_ITSELF, "192.0.2.1", 80), EPERM);
	assert_int_equal(tcp(&kit.alice, BY_ITSELF, "2001:db8::1", 80), EPERM);
	assert_non_null(gate_kit_told(kit.alice.ses, GATE_TCP));
	assert_int_equal(actor_do(&kit.alice, ACT_UDP_PROBE, BY_ITSELF, "192.0.2.1", 53), EPERM);
	assert_int_equal(actor_do(&kit.alice, ACT_UDP_PROBE, BY_ITSELF, "2001:db8::1", 53), EPERM);
	assert_int_equal(actor_do(&kit.alice, ACT_UDP_CONNECT, BY_ITSELF, "192.0.2.1", 53), EPERM);
	assert_non_null(gate_kit_told(kit.alice.ses, GATE_DATAGRAM));
	assert_int_equal(tcp(&kit.alice, BY_ITSELF, NEAR, OTHER_PORT), ALLOWED);
	assert_int_equal(tcp(&kit.alice, BY_ITSELF, "::1", OTHER_PORT), ALLOWED);
	assert_int_not_equal(actor_do(&kit.alice, ACT_UDP_PROBE, BY_ITSELF, NEAR, 53), EPERM);
}

/* A trial may end when no daemon is left to free whom the policy has isolated. */
static void
test_the_policys_word_ends_with_enforce_and_roots_does_not(void **state)
{
	struct gate_row row = gate_kit_row(&kit.alice);

	(void)state;
	for (int order = 0; order <= 1; order++) {
		row.flags = order == 0 ? GATEROW_ISOLATED : GATEROW_ISOLATED | GATEROW_ISOLATED_ORDER;
		gate_kit_set(&row);
		assert_int_equal(gate_until(kit.gate, (struct btime){.ms = btime_now().ms + 3600000}), 0);
		assert_int_equal(tcp(&kit.alice, BY_ITSELF, "192.0.2.1", 80), EPERM);
		assert_int_equal(gate_until(kit.gate, (struct btime){.ms = btime_now().ms - 2000}), 0);
		assert_int_equal(actor_do(&kit.alice, ACT_UDP_PROBE, BY_ITSELF, "192.0.2.1", 53) == EPERM, order);
		assert_int_equal(actor_do(&kit.alice, ACT_UDP_CONNECT, BY_ITSELF, "192.0.2.1", 53) == EPERM, order);
	}
	assert_int_equal(tcp(&kit.alice, BY_ITSELF, "192.0.2.1", 80), EPERM);
	assert_int_equal(gate_until(kit.gate, (struct btime){.ms = 0}), 0);
}

/* --- classes ------------------------------------------------------------------------------------------------ */

static void
test_no_moment_of_openness_while_generations_change(void **state)
{
	struct gate_row row = gate_kit_row(&kit.alice);
	long n, tries = 0;

	(void)state;
	gate_kit_deny(&row, VIA_SSH, GRANT_DENY);
	gate_kit_set(&row);
	/* On a busy machine few tries may fall into the first of the rounds. */
	for (int round = 0; round < 20 && tries <= 100; round++) {
		actor_hammer(&kit.alice, NEAR, SSH_PORT);
		for (int i = 0; i < 40; i++) {
			row.grant.generation = gate_kit_classes();
			gate_kit_set(&row);
			assert_int_equal(gate_classes_done(kit.gate, row.grant.generation), 0);
		}
		n = actor_hammered(&kit.alice);
		assert_true(n >= 0); /* −1: one was not refused */
		tries += n;
	}
	assert_true(tries > 100);
}

static void
test_a_generation_that_is_not_being_made_is_refused(void **state)
{
	uint32_t generation = gate_kit_classes();
	struct gate_row row = gate_kit_row(&kit.alice);
	const struct class_prefix p = {.bits = 128};
	const struct class_ports ports = {.lo = 1, .hi = 1};

	(void)state;
	assert_int_equal(gate_prefixes(kit.gate, generation + 1, &p, 1), -EINVAL);
	assert_int_equal(gate_ports(kit.gate, generation - 1, &ports, 1), -EINVAL);
	assert_int_equal(gate_classes_done(kit.gate, generation + 2), -EINVAL);
	assert_int_equal(gate_classes_done(kit.gate, generation), 0);
	/* A row of one that is gone: nothing has a class, no port but 22 is an SSH port. */
	gate_kit_deny(&row, VIA_SSH, GRANT_DENY);
	row.grant.generation = generation + GATE_SLOTS;
	gate_kit_set(&row);
	assert_int_equal(tcp(&kit.alice, BY_ITSELF, NEAR, SSH_PORT), ALLOWED);
}

static void
test_a_flood_is_refused_counted_and_told_in_part(void **state)
{
	uint64_t told = 0, untold = 0;

	(void)state;
	denied_row(&kit.alice, VIA_SSH, GRANT_DENY);
	for (int i = 0; i < 400; i++)
		assert_int_equal(tcp(&kit.alice, BY_ITSELF, NEAR, SSH_PORT), EPERM);
	assert_int_equal(gate_refused(kit.gate, kit.alice.ses), 400);
	gate_kit_hear();
	assert_true(kit.n >= GATE_TELL && kit.n < 400);
	(void)usleep(1100 * 1000); /* the next second */
	assert_int_equal(tcp(&kit.alice, BY_ITSELF, NEAR, SSH_PORT), EPERM);
	gate_kit_hear();
	for (size_t i = 0; i < kit.n; i++) {
		told++;
		untold += kit.saw[i].start_ticks;
	}
	assert_int_equal(told + untold, 401);
}

const struct CMUnitTest gate_tcp_tests[] = {
	cmocka_unit_test_setup(test_everything_works_here, gate_kit_fresh),
	cmocka_unit_test_setup(test_a_denied_class_is_refused_and_its_neighbours_are_not, gate_kit_fresh),
	cmocka_unit_test_setup(test_whatever_the_address_is_written_as, gate_kit_fresh),
	cmocka_unit_test_setup(test_whatever_the_way_to_connect, gate_kit_fresh),
	cmocka_unit_test_setup(test_report_lets_it_pass_and_tells, gate_kit_fresh),
	cmocka_unit_test_setup(test_audit_mode_refuses_nothing_and_tells, gate_kit_fresh),
	cmocka_unit_test_setup(test_enforce_ends_at_its_deadline, gate_kit_fresh),
	cmocka_unit_test_setup(test_rows_go_and_come, gate_kit_fresh),
	cmocka_unit_test_setup(test_sshd_and_its_child_of_the_same_program_relay, gate_kit_fresh),
	cmocka_unit_test_setup(test_sshd_itself_works_for_pam_unless_root_logged_in, gate_kit_fresh),
	cmocka_unit_test_setup(test_a_later_process_with_its_pid_is_not_sshd, gate_kit_fresh),
	cmocka_unit_test_setup(test_a_relay_is_judged_at_every_port, gate_kit_fresh),
	cmocka_unit_test_setup(test_an_ssh_client_is_judged_at_every_port_and_so_is_its_proxy, gate_kit_fresh),
	cmocka_unit_test_setup(test_a_session_without_destination_cannot_run_a_client, gate_kit_fresh),
	cmocka_unit_test_setup(test_a_row_is_borrowed_by_another_session_of_its_user, gate_kit_fresh),
	cmocka_unit_test_setup(test_who_has_no_grant, gate_kit_fresh),
	cmocka_unit_test_setup(test_break_glass_has_no_row_and_lends_none, gate_kit_fresh),
	cmocka_unit_test_setup(test_an_isolated_session_reaches_nothing_outside, gate_kit_fresh),
	cmocka_unit_test_setup(test_the_policys_word_ends_with_enforce_and_roots_does_not, gate_kit_fresh),
	cmocka_unit_test_setup(test_no_moment_of_openness_while_generations_change, gate_kit_fresh),
	cmocka_unit_test_setup(test_a_generation_that_is_not_being_made_is_refused, gate_kit_fresh),
	cmocka_unit_test_setup(test_a_flood_is_refused_counted_and_told_in_part, gate_kit_fresh),
};
const size_t gate_tcp_n = sizeof(gate_tcp_tests) / sizeof(*gate_tcp_tests);
