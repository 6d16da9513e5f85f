/* unreported-session by its socket: who serves a connection that nobody reported, and the many who were. */
#include "tests/unit/detect_kit.h"

#include <string.h>

#define SETTLED 10000
#define GRACE   150000

static int
setup(void **state)
{
	static struct kit k;

	kit_open(&k, true);
	*state = &k;
	return 0;
}

static struct served
served(const struct kit *k, int64_t age, uint32_t uid)
{
	return (struct served){.time.ms = k->ms, .since.ms = k->ms - age, .local = kit_endpoint("192.0.2.10", 2203),
	    .peer = kit_endpoint("198.51.100.7", 40000), .pid = 801, .ppid = 800, .ses = SES_UNSET,
	    .auid = AUID_UNSET, .uid = uid, .euid = uid, .dropped = uid != 0, .program = "sshd"};
}

static void
user_is_told_once_settled(void **state)
{
	struct kit *k = *state;
	struct served v = served(k, SETTLED - 1, BOB);

	assert_false(detect_served(k->detect, &v));
	v.time.ms += 1;
	assert_true(detect_served(k->detect, &v));
	assert_int_equal(kit_count(k, ACT_UNREPORTED_SESSION), 1);
	assert_string_equal(kit_found(k, ACT_UNREPORTED_SESSION, 0)->reason,
	    "a task without a session serves 198.51.100.7:40000 at 192.0.2.10:2203 as uid 1002 (sshd, pid 801) "
	    "for 10 s, and nobody reported a login from there");
}

/* Before a login, sshd's child is of a system account; root's own login looks like none for as long. */
static void
not_yet_let_in(void **state)
{
	struct kit *k = *state;
	struct served v = served(k, GRACE - 1, 103), root = served(k, GRACE - 1, 0);

	assert_false(detect_served(k->detect, &v));
	assert_false(detect_served(k->detect, &root));
	assert_int_equal(k->n, 0);
	root.time.ms++;
	assert_true(detect_served(k->detect, &root));
	assert_int_equal(k->n, 1);
}

/* One that a user runs has the user's uid before anybody is let in. */
static void
own_server_needs_grace(void **state)
{
	struct kit *k = *state;
	struct served v = served(k, SETTLED, ALICE);

	v.dropped = false;
	assert_false(detect_served(k->detect, &v));
	v.since.ms -= GRACE;
	assert_true(detect_served(k->detect, &v));
	assert_int_equal(k->n, 1);
}

static void
reported_by_its_connection(void **state)
{
	struct kit *k = *state;
	const struct session *s;
	struct served v;

	kit_report(k, 57, ALICE, "alice", "192.0.2.1", 500, "SHA256:a");
	kit_forget(k);
	s = host_session(k->host, 57);
	v = served(k, GRACE, ALICE);
	v.peer = s->peer;
	v.local = s->local;
	v.pid = 0; /* nobody asked who serves it */
	assert_true(detect_served(k->detect, &v));
	v.peer.port++;
	assert_false(detect_served(k->detect, &v));
	assert_int_equal(k->n, 0);
}

/* Found alive, and its connection could not be read: its sshd is known. */
static void
found_by_its_sshd(void **state)
{
	const struct endpoint none = {0};
	struct kit *k = *state;
	struct served v = served(k, GRACE, ALICE);

	(void)host_found(k->host, 58, ALICE, 800, 1, none, none, v.time);
	assert_true(detect_served(k->detect, &v));
	assert_int_equal(k->n, 0);
}

static void
told_by_records_already(void **state)
{
	const struct who child = {801, 800, SES_UNSET, AUID_UNSET, BOB, "/usr/sbin/sshd"};
	struct kit *k = *state;
	struct served v;

	kit_setuid(k, child);
	assert_int_equal(kit_count(k, ACT_UNREPORTED_SESSION), 1);
	v = served(k, SETTLED, BOB);
	assert_true(detect_served(k->detect, &v));
	assert_int_equal(kit_count(k, ACT_UNREPORTED_SESSION), 1);
	assert_int_equal(k->again, 0);
}

/* Of PAM's sessions, where no module ever reported one, nothing is said. */
static void
no_module_at_all(void **state)
{
	struct kit *k = *state;
	struct served v = served(k, GRACE, ALICE);

	v.ses = 60;
	v.auid = ALICE;
	assert_true(detect_served(k->detect, &v));
	assert_int_equal(k->n, 0);
}

/* Whoever may serve it: there is no more to say than whose hoard it is, once, and late. */
static void
behind_a_hoard(void **state)
{
	struct kit *k = *state;
	struct served v = served(k, GRACE - 1, ALICE);

	v.pid = v.ppid = 0;
	v.dropped = false;
	v.unread = true;
	v.hoarder = BOB;
	assert_false(detect_served(k->detect, &v));
	v.time.ms++;
	assert_true(detect_served(k->detect, &v));
	assert_int_equal(kit_count(k, ACT_UNREPORTED_SESSION), 1);
	assert_int_equal(kit_found(k, ACT_UNREPORTED_SESSION, 0)->confidence, CONFIDENCE_LOW);
	assert_int_equal(kit_found(k, ACT_UNREPORTED_SESSION, 0)->uid, BOB);
	assert_string_equal(kit_found(k, ACT_UNREPORTED_SESSION, 0)->reason,
	    "a task without a session may serve 198.51.100.7:40000 at 192.0.2.10:2203 (a socket of uid 1001), from where "
	    "nobody reported a login; who serves it is not to be seen, for uid 1002 has more descriptors open than are read");
	v.peer.port++;
	assert_true(detect_served(k->detect, &v));
	assert_int_equal(kit_count(k, ACT_UNREPORTED_SESSION), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(user_is_told_once_settled, setup, kit_teardown),
		cmocka_unit_test_setup_teardown(not_yet_let_in, setup, kit_teardown),
		cmocka_unit_test_setup_teardown(own_server_needs_grace, setup, kit_teardown),
		cmocka_unit_test_setup_teardown(reported_by_its_connection, setup, kit_teardown),
		cmocka_unit_test_setup_teardown(found_by_its_sshd, setup, kit_teardown),
		cmocka_unit_test_setup_teardown(told_by_records_already, setup, kit_teardown),
		cmocka_unit_test_setup_teardown(no_module_at_all, setup, kit_teardown),
		cmocka_unit_test_setup_teardown(behind_a_hoard, setup, kit_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
