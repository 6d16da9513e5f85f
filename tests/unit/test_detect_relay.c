/* relay: one hop through sshd is one finding; what is no hop is none. */
#include "tests/unit/detect_kit.h"

#define CHILD 101 /* alice's user child */

static const struct who child = {CHILD, 100, 5, ALICE, ALICE, "/usr/sbin/sshd"};

static void
sshd_connects_for_its_user(void **state)
{
	struct kit *k = *state;

	kit_connect(k, child, "192.0.2.7", 22, LATER);
	assert_int_equal(k->n, 1);
	assert_int_equal(k->found[0].activity, ACT_RELAY);
	assert_string_equal(k->found[0].to, "192.0.2.7:22");
	assert_string_equal(k->found[0].reason,
	    "alice's session 5 (from 192.0.2.9) relays through sshd to 192.0.2.7:22");
}

static void
many_connections_fold(void **state)
{
	struct kit *k = *state;

	for (int i = 0; i < 50; i++)
		kit_connect(k, child, "127.0.0.1", 8080, LATER);
	kit_connect(k, child, "127.0.0.1", 8081, LATER);
	assert_int_equal(kit_count(k, ACT_RELAY), 2);
	assert_int_equal(k->again, 49); /* each can still be stopped */
	kit_wait(k, 61000);
	kit_connect(k, child, "127.0.0.1", 8080, LATER);
	assert_int_equal(kit_count(k, ACT_RELAY), 3);
	assert_int_equal(k->found[2].count, 50); /* 49 that were held back, and this one */
}

static void
sshd_asks_for_names(void **state)
{
	struct kit *k = *state;

	kit_connect(k, child, "192.0.2.53", 53, 0);
	kit_connect(k, child, "::1", 6010, 0);
	kit_unspec(k, child, 7);
	kit_connect(k, child, "127.0.0.1", 6010, 0);
	kit_connect_unix(k, child, "/dev/log", 12, 0, 0);
	kit_flush(k);
	assert_int_equal(k->n, 0);
}

static void
a_relay_that_failed(void **state)
{
	struct kit *k = *state;

	kit_connect(k, child, "192.0.2.7", 22, -EPERM);
	kit_wait(k, 2100);
	assert_int_equal(k->n, 1);
	assert_int_equal(k->found[0].outcome, OUTCOME_FAILURE);
}

/* `ssh -W` of a refused place is over at once, and the PAM module is quicker than the records. */
static void
a_relay_whose_end_is_told_first(void **state)
{
	struct kit *k = *state;

	host_closed(k->host, 5, (struct rtime){.ms = k->ms + 3});
	kit_connect(k, child, "192.0.2.7", 22, LATER);
	assert_int_equal(k->n, 1);
	assert_int_equal(k->found[0].activity, ACT_RELAY);
	assert_string_equal(k->found[0].via, "");
	kit_wait(k, 61000);
	kit_connect(k, child, "192.0.2.7", 22, LATER); /* another process by now */
	assert_int_equal(kit_count(k, ACT_RELAY), 1);
}

/* PAM modules connect in the monitor, and in the child as long as it is root. */
static void
pam_is_no_relay(void **state)
{
	struct kit *k = *state;
	struct who monitor = {100, 1, 5, ALICE, 0, "/usr/sbin/sshd"};
	struct who early = {CHILD, 100, 5, ALICE, 0, "/usr/sbin/sshd"};

	kit_connect(k, monitor, "192.0.2.39", 389, LATER);
	kit_connect(k, early, "192.0.2.88", 88, LATER);
	kit_flush(k);
	assert_int_equal(k->n, 0);
}

static void
a_name_makes_no_sshd(void **state)
{
	struct kit *k = *state;
	struct who fake = {230, 200, 5, ALICE, ALICE, "/home/alice/sshd"};

	kit_exec(k, fake, "./sshd");
	kit_connect(k, fake, "192.0.2.7", 80, LATER);
	kit_flush(k);
	assert_int_equal(kit_count(k, ACT_RELAY), 0);
	kit_connect(k, fake, "192.0.2.7", 22, LATER);
	assert_int_equal(kit_count(k, ACT_OUTBOUND_SSH), 1);
}

static void
the_pid_of_an_sshd_that_ended(void **state)
{
	struct kit *k = *state;
	struct who heir = {CHILD, 200, 5, ALICE, ALICE, "/usr/bin/ssh"};

	kit_exec(k, heir, "ssh db");
	kit_connect(k, heir, "192.0.2.7", 22, LATER);
	assert_int_equal(kit_count(k, ACT_RELAY), 0);
	assert_int_equal(kit_count(k, ACT_OUTBOUND_SSH), 1);
}

/* root's sshd has no user child: the monitor itself forwards, once PAM is done. */
static void
root_relays_by_the_monitor(void **state)
{
	struct kit *k = *state;
	struct who monitor = {400, 1, 6, 0, 0, "/usr/sbin/sshd"};

	kit_loginuid(k, monitor, SES_UNSET, AUID_UNSET, true);
	kit_connect(k, monitor, "192.0.2.39", 389, LATER);
	kit_flush(k);
	assert_int_equal(k->n, 0);
	kit_login(k, 6, 0, "root", "192.0.2.9", 400);
	kit_connect(k, monitor, "192.0.2.7", 22, LATER);
	assert_int_equal(kit_count(k, ACT_RELAY), 1);
}

static void
a_stream_local_forward(void **state)
{
	struct kit *k = *state;

	kit_connect_unix(k, child, "/srv/app.sock", 900, ALICE, 0);
	assert_int_equal(k->n, 1);
	assert_int_equal(k->found[0].activity, ACT_RELAY);
	assert_string_equal(k->found[0].to, "/srv/app.sock");
}

#define T(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(sshd_connects_for_its_user), T(many_connections_fold), T(sshd_asks_for_names),
		T(a_relay_that_failed), T(a_relay_whose_end_is_told_first), T(pam_is_no_relay), T(a_name_makes_no_sshd),
		T(the_pid_of_an_sshd_that_ended),
		T(root_relays_by_the_monitor), T(a_stream_local_forward),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
