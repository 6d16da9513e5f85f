/* host/session: from reports, from records, from /proc; who may push whom out. */
#include "tests/unit/detect_kit.h"

#include <stdlib.h>
#include <string.h>

static struct kit k;

static int
setup(void **state)
{
	(void)state;
	kit_open(&k, false);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	kit_close(&k);
	return 0;
}

static void
from_records(void **state)
{
	const struct session *s;

	(void)state;
	kit_login(&k, 5, ALICE, "alice", "192.0.2.9", 100);
	s = host_session(k.host, 5);
	assert_non_null(s);
	assert_int_equal(s->source, SESSION_RECORDS);
	assert_true(s->ssh);
	assert_string_equal(s->user, "alice");
	assert_string_equal(s->service, "sshd");
	assert_int_equal(s->monitor_pid, 100);
	assert_int_equal(s->child_pid, 101);
	assert_true(addr_eq(s->peer.addr, kit_addr("192.0.2.9")));
	assert_int_equal(s->state, SESSION_OPEN);
	kit_logout(&k, 5, ALICE, 100);
	assert_int_equal(s->state, SESSION_CLOSED);
	assert_true(s->closed.ms > s->opened.ms);
}

static void
a_report_outranks_records(void **state)
{
	struct who monitor = {100, 1, 5, ALICE, 0, "/usr/sbin/sshd"};
	const struct session *s;

	(void)state;
	kit_report(&k, 5, ALICE, "alice", "192.0.2.9", 100, "SHA256:a");
	kit_user_start(&k, monitor, "/usr/sbin/sshd", "forged");
	s = host_session(k.host, 5);
	assert_int_equal(s->source, SESSION_REPORT);
	assert_string_equal(s->user, "alice");
	assert_string_equal(s->key_fp, "SHA256:a");
	assert_int_equal(s->peer.port, 50000);
	monitor.pid = 900; /* another pid can not close it */
	kit_logout(&k, 5, ALICE, 900);
	assert_int_equal(s->state, SESSION_OPEN);
}

static void
certificates_and_groups(void **state)
{
	struct report r = {.pid = 100, .uid = ALICE, .auid = ALICE, .ses = 5, .ngroups = 2,
	    .flags = REPORT_KEY_KNOWN | REPORT_CERT, .cert_serial = 7, .groups = {10, 20}};
	const struct session *s;

	(void)state;
	memcpy(r.user, "alice", 6);
	memcpy(r.ca_fp, "SHA256:ca", 10);
	memcpy(r.cert_id, "alice@office", 13);
	memcpy(r.principals, "ops\0web\0", 9);
	for (int twice = 0; twice < 2; twice++) { /* a second report of the same login leaks nothing */
		s = host_open(k.host, &r, (struct rtime){.ms = 1});
		assert_non_null(s);
		assert_true(s->cert);
		assert_string_equal(s->cert_id, "alice@office");
		assert_memory_equal(s->principals, "ops\0web\0", 9);
		assert_int_equal(s->ngroups, 2);
		assert_int_equal(s->groups[1], 20);
		assert_null(s->group_names[0]);
	}
	r.ses = SES_UNSET;
	assert_null(host_open(k.host, &r, (struct rtime){.ms = 1}));
}

static void
found_alive(void **state)
{
	struct session *s = host_found(k.host, 5, ALICE, 100, 4000, kit_endpoint("192.0.2.9", 50000),
	    kit_endpoint("192.0.2.1", 22), (struct rtime){.ms = 5});
	struct who child = {101, 100, 5, ALICE, ALICE, "/usr/sbin/sshd"};

	(void)state;
	assert_int_equal(s->source, SESSION_PROC);
	assert_true(s->ssh);
	kit_connect(&k, child, "192.0.2.7", 22, LATER); /* the user child shows itself */
	assert_int_equal(s->child_pid, 101);
	assert_true(host_process(k.host, 101)->is_sshd);
	assert_int_equal(kit_count(&k, ACT_RELAY), 1);
}

/* Session ids begin at 1 again after a boot: a log over two boots. */
static void
another_boot(void **state)
{
	(void)state;
	kit_login(&k, 5, ALICE, "alice", "192.0.2.9", 100);
	kit_login(&k, 5, BOB, "bob", "192.0.2.8", 300);
	assert_string_equal(host_session(k.host, 5)->user, "bob");
	assert_int_equal(host_session(k.host, 5)->monitor_pid, 300);
	assert_int_equal(host_stats_get(k.host)->sessions, 1);
}

/* Its login is all that is left, for who may have hidden. */
static void
over_lets_go_of_all_it_owns(void **state)
{
	struct who agent = {200, 101, 5, ALICE, ALICE, "/usr/bin/ssh-agent"};

	(void)state;
	kit_login(&k, 5, ALICE, "alice", "192.0.2.9", 100);
	kit_login(&k, 6, BOB, "bob", "192.0.2.8", 300);
	kit_exec(&k, agent, "ssh-agent");
	kit_bind_unix(&k, agent, "/tmp/ssh-XXXXlocal/agent.199", 9);
	assert_int_equal(host_stats_get(k.host)->sockets, 1);
	host_over(k.host, 5, (struct rtime){.ms = k.ms});
	assert_int_equal(host_session(k.host, 5)->state, SESSION_OVER);
	kit_wait(&k, 1); /* its last records may still come */
	assert_non_null(host_session(k.host, 5));
	host_over(k.host, 5, (struct rtime){.ms = k.ms}); /* said twice: no longer for that */
	assert_non_null(host_process(k.host, 200));
	kit_wait(&k, 5000);
	assert_int_equal(host_session(k.host, 5)->state, SESSION_OVER);
	assert_string_equal(host_session(k.host, 5)->user, "alice");
	assert_null(host_process(k.host, 200));
	assert_int_equal(host_session(k.host, 5)->nproc, 0);
	assert_int_equal(host_stats_get(k.host)->sockets, 0);
	assert_int_equal(host_session(k.host, 6)->state, SESSION_OPEN);
}

/* A chain of forks is never where the walk of /proc looks, and lives on. */
static void
over_by_mistake(void **state)
{
	struct who hidden = {4000, 101, 5, ALICE, ALICE, "/usr/bin/nc"};
	const struct session *s;

	(void)state;
	kit_close(&k);
	kit_open(&k, true);
	kit_report(&k, 5, ALICE, "alice", "192.0.2.9", 100, "SHA256:a");
	host_over(k.host, 5, (struct rtime){.ms = k.ms + 10});
	kit_connect(&k, hidden, "192.0.2.7", 80, LATER); /* from before: it only came late */
	s = host_session(k.host, 5);
	assert_int_equal(s->state, SESSION_OVER);
	k.tasks[0].ses = k.tasks[1].ses = SES_UNSET; /* the sshd is gone, whatever else lives */
	kit_wait(&k, 20 * 3600 * 1000LL);
	kit_connect(&k, hidden, "192.0.2.7", 22, LATER);
	assert_int_equal(kit_count(&k, ACT_OUTBOUND_SSH), 1);
	s = host_session(k.host, 5);
	assert_int_equal(s->state, SESSION_OPEN);
	assert_int_equal(s->source, SESSION_REPORT);
	assert_int_equal(s->closed.ms, 0);
	assert_string_equal(s->user, "alice");
	assert_string_equal(s->key_fp, "SHA256:a");
	assert_true(addr_eq(s->peer.addr, kit_addr("192.0.2.9")));
	kit_wait(&k, 61000); /* and no task of it is known again */
	assert_int_equal(s->state, SESSION_OVER);
	(void)host_found(k.host, 5, ALICE, 0, 0, s->peer, s->local, (struct rtime){.ms = k.ms});
	assert_int_equal(s->state, SESSION_OPEN);
	assert_string_equal(s->user, "alice");
}

static void
found_without_its_sshd(void **state)
{
	const struct endpoint none = {0}, peer = kit_endpoint("192.0.2.9", 50000);
	struct session *s = host_found(k.host, 5, ALICE, 100, 4000, peer, none, (struct rtime){.ms = 5});

	(void)state;
	assert_ptr_equal(host_found(k.host, 5, ALICE, 0, 0, none, none, (struct rtime){.ms = 6}), s);
	assert_int_equal(s->monitor_pid, 100);
	assert_true(addr_eq(s->peer.addr, peer.addr)); /* what is known stays */
	s = host_found(k.host, 6, BOB, 0, 0, none, none, (struct rtime){.ms = 6});
	assert_true(s->ssh);
	assert_int_equal(s->peer.addr.family, 0);
}

/* One user's past logins make room for his new ones before anything that lives. */
static void
the_past_is_bounded(void **state)
{
	(void)state;
	kit_login(&k, 6, BOB, "bob", "192.0.2.8", 300);
	host_over(k.host, 6, (struct rtime){.ms = k.ms});
	kit_login(&k, 5, ALICE, "alice", "192.0.2.9", 100);
	kit_logout(&k, 5, ALICE, 100); /* the oldest of hers; its tasks live on */
	for (uint32_t i = 0; i < ST_SESSIONS_USER + 10; i++) {
		kit_login(&k, 1000 + i, ALICE, "alice", "192.0.2.9", 5000 + 2 * i);
		host_over(k.host, 1000 + i, (struct rtime){.ms = k.ms});
		kit_forget(&k);
		kit_wait(&k, 6000);
	}
	assert_int_equal(host_stats_get(k.host)->sessions, ST_SESSIONS_USER + 1);
	assert_int_equal(host_stats_get(k.host)->sessions_dropped, 0); /* nothing of the present */
	assert_non_null(host_session(k.host, 5));
	assert_non_null(host_session(k.host, 6));
	assert_null(host_session(k.host, 1000));
}

static bool
in_order(struct session *s, void *arg)
{
	uint32_t *last = arg;

	assert_true(s->ses > *last);
	*last = s->ses;
	return s->ses < 90;
}

static void
each_in_order(void **state)
{
	static const uint32_t ids[] = {50, 7, 99, 3, 80, 21, 95};
	uint32_t last = 0;

	(void)state;
	for (uint32_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		kit_login(&k, ids[i], ALICE, "alice", "192.0.2.9", 1000 + 10 * i);
	host_each_session(k.host, in_order, &last);
	assert_int_equal(last, 95); /* the first that said stop */
}

/* One user's sessions push out his own, closed ones first, and nobody else's. */
static void
a_flood_of_one_user(void **state)
{
	struct report r = {.uid = MALLORY, .auid = MALLORY};

	(void)state;
	kit_report(&k, 5, ALICE, "alice", "192.0.2.9", 100, "SHA256:a");
	for (uint32_t i = 0; i < ST_SESSIONS_USER; i++) {
		r.ses = 1000 + i;
		r.pid = 2000 + i;
		assert_non_null(host_open(k.host, &r, (struct rtime){.ms = k.ms}));
	}
	r.ses = r.pid = 900000;
	assert_non_null(host_open(k.host, &r, (struct rtime){.ms = k.ms})); /* all are real logins */
	assert_int_equal(host_stats_get(k.host)->sessions_dropped, 0);
	host_closed(k.host, 1010, (struct rtime){.ms = k.ms});
	r.ses = r.pid = 900001;
	assert_non_null(host_open(k.host, &r, (struct rtime){.ms = k.ms}));
	assert_null(host_session(k.host, 1010));
	kit_report(&k, 6, BOB, "bob", "192.0.2.8", 300, NULL);
	assert_non_null(host_session(k.host, 5));
	assert_non_null(host_session(k.host, 6));
}

static void
quiet_sessions_of_a_replay_go_in_time(void **state)
{
	struct who sh = {200, 101, 5, ALICE, ALICE, "/usr/bin/dash"};

	(void)state;
	kit_login(&k, 5, ALICE, "alice", "192.0.2.9", 100);
	kit_exec(&k, sh, "sh");
	kit_logout(&k, 5, ALICE, 100);
	kit_wait(&k, 30000);
	assert_non_null(host_process(k.host, 200));
	kit_wait(&k, 60000);
	assert_null(host_process(k.host, 200));
	assert_non_null(host_session(k.host, 5)); /* who it was is remembered longer */
	kit_wait(&k, 25 * 3600 * 1000LL);
	assert_null(host_session(k.host, 5));
}

/* A log that begins in the middle of a session. */
static void
a_session_without_a_beginning(void **state)
{
	struct who ssh = {200, 199, 77, ALICE, ALICE, "/usr/bin/ssh"};

	(void)state;
	kit_exec(&k, ssh, "ssh db");
	kit_connect(&k, ssh, "192.0.2.7", 22, LATER);
	assert_int_equal(kit_count(&k, ACT_OUTBOUND_SSH), 1);
	assert_int_equal(host_session(k.host, 77)->auid, ALICE);
	assert_false(host_session(k.host, 77)->ssh);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

struct openings {
	size_t n;
	uint64_t ses; /* a bit each */
	size_t max;
};

static bool
note_opening(struct session *s, void *arg)
{
	struct openings *o = arg;

	o->ses |= UINT64_C(1) << s->ses;
	return ++o->n < o->max;
}

/* Of one user, by whatever source; what is closed is not among them, however long it is remembered. */
static void
those_that_are_open(void **state)
{
	struct openings o = {.max = 100}, first = {.max = 1}, none = {.max = 100};

	(void)state;
	kit_login(&k, 5, ALICE, "alice", "192.0.2.9", 100);
	kit_report(&k, 6, ALICE, "alice", "192.0.2.9", 200, "SHA256:a");
	kit_report(&k, 7, BOB, "bob", "192.0.2.9", 300, "SHA256:b");
	kit_report(&k, 8, ALICE, "alice", "198.51.100.7", 400, "SHA256:a");
	kit_logout(&k, 6, ALICE, 200);
	host_each_open(k.host, ALICE, note_opening, &o);
	assert_int_equal(o.n, 2);
	assert_int_equal(o.ses, 1 << 5 | 1 << 8);
	host_each_open(k.host, ALICE, note_opening, &first);
	assert_int_equal(first.n, 1);
	host_each_open(k.host, MALLORY, note_opening, &none);
	assert_int_equal(none.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(from_records), T(a_report_outranks_records), T(certificates_and_groups), T(found_alive),
		T(found_without_its_sshd),
		T(another_boot), T(over_lets_go_of_all_it_owns), T(over_by_mistake),
		T(the_past_is_bounded), T(each_in_order),
		T(a_flood_of_one_user), T(quiet_sessions_of_a_replay_go_in_time),
		T(a_session_without_a_beginning),
		T(those_that_are_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
