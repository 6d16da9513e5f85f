/* unreported-session: the three ways past the PAM module, and the many logins that did not take one. */
#include "tests/unit/detect_kit.h"

#include <string.h>

#define REPORT_MS 31000

static const struct who nopam_user = {701, 700, SES_UNSET, AUID_UNSET, BOB, "/usr/sbin/sshd"};
static const struct who nopam_root = {702, 700, SES_UNSET, AUID_UNSET, 0, "/usr/sbin/sshd"};

static int
setup(void **state)
{
	static struct kit k;

	kit_open(&k, true);
	*state = &k;
	return 0;
}

/* --- without PAM ------------------------------------------------------------------------------ */

static void
without_pam(void **state)
{
	struct kit *k = *state;
	const struct found *f;

	kit_setuid(k, nopam_user);
	assert_int_equal(k->n, 1);
	f = kit_only(k, ACT_UNREPORTED_SESSION, CONFIDENCE_HIGH);
	assert_int_equal(f->ses, SES_UNSET);
	assert_int_equal(f->uid, BOB);
	assert_int_equal(f->pid, 701);
	assert_string_equal(f->reason, "a task without a session is a login of uid 1002 through sshd "
	    "that never passed PAM: it has no session id");
}

static void
root_once_a_connection(void **state)
{
	struct kit *k = *state;
	struct who second = nopam_root;

	second.pid = 703; /* a second shell over the same connection */
	kit_setuid(k, nopam_root);
	kit_setuid(k, second);
	assert_int_equal(kit_count(k, ACT_UNREPORTED_SESSION), 1);
	assert_int_equal(k->again, 1);
}

/* Whoever comes that way, for the same user; another user, or another program, is another thing. */
static void
once_a_day(void **state)
{
	struct kit *k = *state;
	struct who second = nopam_user, other = {731, 730, SES_UNSET, AUID_UNSET, BOB, "/usr/sbin/dropbear"};

	second.pid = 721;
	second.ppid = 720; /* another connection */
	kit_setuid(k, nopam_user);
	k->ms += 3600 * 1000LL;
	kit_setuid(k, second);
	assert_int_equal(kit_count(k, ACT_UNREPORTED_SESSION), 1);
	assert_int_equal(k->again, 1);
	kit_setuid(k, nopam_root);
	kit_setuid(k, other);
	assert_int_equal(kit_count(k, ACT_UNREPORTED_SESSION), 3);
	k->ms += 25 * 3600 * 1000LL;
	kit_setuid(k, second);
	assert_int_equal(kit_count(k, ACT_UNREPORTED_SESSION), 4);
	assert_int_equal(kit_found(k, ACT_UNREPORTED_SESSION, 3)->count, 2);
}

static void
dropbear(void **state)
{
	struct kit *k = *state;
	struct who drop = {711, 710, SES_UNSET, AUID_UNSET, ALICE, "/usr/sbin/dropbear"};

	kit_setuid(k, drop);
	assert_int_equal(kit_count(k, ACT_UNREPORTED_SESSION), 1);
}

/* What every connection of every sshd does before anybody is let in, should a site record it. */
static void
sshds_own_child_is_no_login(void **state)
{
	struct kit *k = *state;
	struct who child = {701, 700, SES_UNSET, AUID_UNSET, 103, "/usr/sbin/sshd"};
	struct fact f = kit_task(FACT_SETUID, nopam_root);
	struct who su = {720, 1, SES_UNSET, AUID_UNSET, ALICE, "/usr/bin/su"};

	kit_setuid(k, child);
	f.a[0] = UINT32_MAX; /* the effective one, for a while */
	f.euid = ALICE;
	kit_fact(k, &f);
	f.a[0] = UINT32_MAX; /* and back */
	f.euid = 0;
	kit_fact(k, &f);
	kit_setuid(k, su);
	assert_int_equal(k->n, 0);
}

static void
a_pam_login_has_its_login_uid(void **state)
{
	struct kit *k = *state;

	kit_report(k, 5, ALICE, "alice", "192.0.2.9", 100, "SHA256:a");
	kit_setuid(k, (struct who){101, 100, 5, ALICE, ALICE, "/usr/sbin/sshd"});
	kit_wait(k, REPORT_MS);
	assert_int_equal(kit_count(k, ACT_UNREPORTED_SESSION), 0);
}

static void
a_containers_server_is_not_ours(void **state)
{
	struct kit *k = *state;

	k->elsewhere = true;
	kit_setuid(k, nopam_user);
	assert_int_equal(k->n, 0);
}

/* --- through PAM, not reported ---------------------------------------------------------------- */

static void
the_module_is_gone(void **state)
{
	struct kit *k = *state;

	kit_report(k, 5, ALICE, "alice", "192.0.2.9", 100, "SHA256:a");
	kit_login(k, 6, BOB, "bob", "192.0.2.8", 300);
	kit_wait(k, REPORT_MS - 2000);
	assert_int_equal(kit_count(k, ACT_UNREPORTED_SESSION), 0);
	kit_wait(k, 2000);
	assert_int_equal(kit_only(k, ACT_UNREPORTED_SESSION, CONFIDENCE_MEDIUM)->ses, 6); /* a report can be lost */
	kit_login(k, 7, BOB, "bob", "192.0.2.8", 400);
	kit_wait(k, REPORT_MS);
	assert_int_equal(kit_count(k, ACT_UNREPORTED_SESSION), 1);
	assert_int_equal(k->again, 1);
	kit_login(k, 8, BOB, "bob", "192.0.2.7", 500); /* from elsewhere */
	kit_login(k, 9, MALLORY, "mallory", "192.0.2.8", 600);
	kit_wait(k, REPORT_MS);
	assert_int_equal(kit_count(k, ACT_UNREPORTED_SESSION), 3);
}

static void
never_installed(void **state)
{
	struct kit *k = *state;

	kit_login(k, 6, BOB, "bob", "192.0.2.8", 300);
	kit_wait(k, REPORT_MS);
	kit_report(k, 5, ALICE, "alice", "192.0.2.9", 100, "SHA256:a"); /* from now on */
	kit_wait(k, REPORT_MS);
	assert_int_equal(kit_count(k, ACT_UNREPORTED_SESSION), 0);
}

/* The engine was stopped: the records were there before the report was read. */
static void
a_report_that_is_late(void **state)
{
	struct kit *k = *state;

	kit_report(k, 5, ALICE, "alice", "192.0.2.9", 100, "SHA256:a");
	kit_login(k, 6, BOB, "bob", "192.0.2.8", 300);
	kit_wait(k, REPORT_MS - 5000);
	kit_report(k, 6, BOB, "bob", "192.0.2.8", 300, "SHA256:b");
	kit_wait(k, REPORT_MS);
	assert_int_equal(kit_count(k, ACT_UNREPORTED_SESSION), 0);
}

/* A daemon that started meanwhile found the session alive. */
static void
a_session_that_was_found(void **state)
{
	struct kit *k = *state;
	const struct endpoint none = {0};

	kit_report(k, 5, ALICE, "alice", "192.0.2.9", 100, "SHA256:a");
	kit_login(k, 6, BOB, "bob", "192.0.2.8", 300);
	(void)host_found(k->host, 6, BOB, 300, 7, none, none, (struct rtime){.ms = k->ms});
	kit_wait(k, REPORT_MS);
	assert_int_equal(kit_count(k, ACT_UNREPORTED_SESSION), 0);
}

static void
the_end_of_the_input_accuses_nobody(void **state)
{
	struct kit *k = *state;

	kit_report(k, 5, ALICE, "alice", "192.0.2.9", 100, "SHA256:a");
	kit_login(k, 6, BOB, "bob", "192.0.2.8", 300);
	kit_flush(k);
	assert_int_equal(kit_count(k, ACT_UNREPORTED_SESSION), 0);
}

static void
cron_and_sudo_are_no_logins(void **state)
{
	struct kit *k = *state;
	struct who cron = {800, 1, 9, ALICE, 0, "/usr/sbin/cron"};
	struct who sudo = {210, 200, 5, ALICE, 0, "/usr/bin/sudo"};

	kit_report(k, 5, ALICE, "alice", "192.0.2.9", 100, "SHA256:a");
	kit_loginuid(k, cron, SES_UNSET, AUID_UNSET, true);
	kit_user_start(k, cron, "/usr/sbin/cron", "alice");
	kit_user_start(k, sudo, "/usr/bin/sudo", "root");
	kit_wait(k, REPORT_MS);
	assert_int_equal(kit_count(k, ACT_UNREPORTED_SESSION), 0);
}

/* --- a server in a session -------------------------------------------------------------------- */

static const struct who shell = {200, 101, 5, ALICE, ALICE, "/usr/bin/bash"};
static const struct who server = {500, 200, 5, ALICE, ALICE, "/usr/sbin/sshd"};

static void
lives(struct kit *k, uint32_t pid, uint32_t ppid)
{
	k->tasks[k->ntasks].pid = pid;
	k->tasks[k->ntasks].ppid = ppid;
	k->tasks[k->ntasks++].ses = 5;
}

/* sshd executes itself for each connection, and forks once more when somebody was let in. */
static void
take_connection(struct kit *k)
{
	struct who conn = {510, 500, 5, ALICE, ALICE, "/usr/sbin/sshd"};

	kit_report(k, 5, ALICE, "alice", "192.0.2.9", 100, "SHA256:a");
	kit_exec(k, shell, "-bash");
	kit_exec(k, server, "/usr/sbin/sshd -f c");
	kit_exec(k, conn, "/usr/sbin/sshd -f c -R");
	lives(k, 500, 200);
	lives(k, 510, 500);
	lives(k, 512, 510);
	kit_forget(k);
}

static void
a_server_of_ones_own(void **state)
{
	struct kit *k = *state;
	const struct found *f;

	take_connection(k);
	kit_exec(k, (struct who){513, 512, 5, ALICE, ALICE, "/usr/bin/bash"}, "bash -c id");
	assert_int_equal(k->n, 1);
	f = kit_only(k, ACT_UNREPORTED_SESSION, CONFIDENCE_HIGH);
	assert_int_equal(f->ses, 5);
	assert_int_equal(f->pid, 513);
	assert_string_equal(f->reason, "alice's session 5 (from 192.0.2.9) let somebody in through a sshd of "
	    "its own (pid 510), who runs bash as uid 1001");
	kit_exec(k, (struct who){514, 512, 5, ALICE, ALICE, "/usr/bin/bash"}, "bash -c id");
	assert_int_equal(k->n, 1);
	assert_int_equal(k->again, 1);
}

/* One after the other, each of them a few processes: told once, and each can be stopped. */
static void
each_who_comes_in_is_seen(void **state)
{
	struct kit *k = *state;
	uint32_t pid = 1000;

	take_connection(k);
	for (uint32_t i = 0; i < 200; i++) {
		pid += 3 + i * i % 7;
		k->ntasks = 0;
		lives(k, pid + 1, pid);
		kit_exec(k, (struct who){pid, 500, 5, ALICE, ALICE, "/usr/sbin/sshd"}, "/usr/sbin/sshd -f c -R");
		kit_exec(k, (struct who){pid + 2, pid + 1, 5, ALICE, ALICE, "/usr/bin/bash"}, "bash -c id");
	}
	assert_int_equal(kit_count(k, ACT_UNREPORTED_SESSION), 1);
	assert_int_equal(k->again, 199);
	assert_string_equal(kit_found(k, ACT_UNREPORTED_SESSION, 0)->subject,
	    "session 5's own server, uid 1001 by /usr/sbin/sshd");
}

/* The child was gone before anybody could look at it. */
static void
a_short_command(void **state)
{
	struct kit *k = *state;
	struct who orphan = {523, 522, 5, ALICE, ALICE, "/usr/bin/bash"};

	take_connection(k);
	kit_exec(k, orphan, "bash -c id");
	assert_non_null(strstr(kit_only(k, ACT_UNREPORTED_SESSION, CONFIDENCE_MEDIUM)->reason, "(pid 510)"));
	kit_forget(k);
	orphan.pid = 533; /* a subshell of hers that was as short */
	orphan.ppid = 532;
	kit_exec(k, orphan, "bash -c id");
	assert_int_equal(k->n, 0);
}

static void
a_connection_of_long_ago(void **state)
{
	struct kit *k = *state;

	take_connection(k);
	k->ms += 10 * 60 * 1000;
	kit_exec(k, (struct who){523, 522, 5, ALICE, ALICE, "/usr/bin/bash"}, "bash -c id");
	assert_int_equal(k->n, 0);
}

static void
what_a_server_runs_besides(void **state)
{
	struct kit *k = *state;

	take_connection(k);
	kit_exec(k, (struct who){513, 510, 5, ALICE, 0, "/usr/sbin/unix_chkpwd"}, "/usr/sbin/unix_chkpwd alice nullok");
	kit_exec(k, (struct who){514, 510, 5, ALICE, ALICE, "/usr/bin/keys"}, "/usr/bin/keys alice");
	kit_exec(k, (struct who){515, 200, 5, ALICE, ALICE, "/usr/bin/bash"}, "bash -c true");
	kit_exec(k, (struct who){516, 999, 5, ALICE, ALICE, "/usr/bin/bash"}, "/bin/bash -c true");
	assert_int_equal(k->n, 0);
}

/* Nobody took a connection: a shell whose parent is not known is a shell. */
static void
an_orphan_without_a_connection(void **state)
{
	struct kit *k = *state;

	kit_report(k, 5, ALICE, "alice", "192.0.2.9", 100, "SHA256:a");
	kit_exec(k, shell, "-bash");
	kit_exec(k, server, "/usr/sbin/sshd -f c"); /* it listens, no more */
	kit_exec(k, (struct who){523, 522, 5, ALICE, ALICE, "/usr/bin/bash"}, "bash -c id");
	assert_int_equal(kit_count(k, ACT_UNREPORTED_SESSION), 0);
}

/* The session's own: its shells come from an sshd that executed nothing in the session. */
static void
the_sessions_own_shells(void **state)
{
	struct kit *k = *state;

	kit_report(k, 5, ALICE, "alice", "192.0.2.9", 100, "SHA256:a");
	kit_exec(k, (struct who){200, 101, 5, ALICE, ALICE, "/usr/bin/bash"}, "-bash");
	kit_exec(k, (struct who){201, 101, 5, ALICE, ALICE, "/usr/bin/bash"}, "bash -c id");
	kit_report(k, 6, 0, "root", "192.0.2.8", 300, "SHA256:b");
	kit_exec(k, (struct who){302, 300, 6, 0, 0, "/usr/bin/bash"}, "-bash");
	kit_exec(k, (struct who){303, 300, 6, 0, 0, "/usr/bin/dash"}, "sh -c run-parts /etc/update-motd.d");
	assert_int_equal(kit_count(k, ACT_UNREPORTED_SESSION), 0);
}

/* The system's sshd, restarted by hand in session 5: each connection begins there and leaves by PAM. */
static void
a_restart_by_hand(void **state)
{
	struct kit *k = *state;
	struct who listener = {500, 200, 5, ALICE, 0, "/usr/sbin/sshd"};
	struct who monitor = {510, 500, 5, ALICE, 0, "/usr/sbin/sshd"};

	kit_report(k, 5, ALICE, "alice", "192.0.2.9", 100, "SHA256:a");
	kit_exec(k, shell, "-bash");
	kit_exec(k, listener, "/usr/sbin/sshd");
	kit_exec(k, monitor, "/usr/sbin/sshd -R");
	monitor.ses = 6;
	monitor.auid = BOB;
	kit_loginuid(k, monitor, 5, ALICE, true);
	kit_report(k, 6, BOB, "bob", "192.0.2.8", 510, "SHA256:b");
	kit_exec(k, (struct who){513, 511, 6, BOB, BOB, "/usr/bin/bash"}, "-bash");
	kit_exec(k, (struct who){514, 510, 6, BOB, 0, "/usr/bin/dash"}, "sh -c motd");
	kit_wait(k, REPORT_MS);
	assert_int_equal(kit_count(k, ACT_UNREPORTED_SESSION), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, kit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_pam),
		TEST(root_once_a_connection),
		TEST(once_a_day),
		TEST(dropbear),
		TEST(sshds_own_child_is_no_login),
		TEST(a_pam_login_has_its_login_uid),
		TEST(a_containers_server_is_not_ours),
		TEST(the_module_is_gone),
		TEST(never_installed),
		TEST(a_report_that_is_late),
		TEST(a_session_that_was_found),
		TEST(the_end_of_the_input_accuses_nobody),
		TEST(cron_and_sudo_are_no_logins),
		TEST(a_server_of_ones_own),
		TEST(each_who_comes_in_is_seen),
		TEST(a_short_command),
		TEST(a_connection_of_long_ago),
		TEST(what_a_server_runs_besides),
		TEST(an_orphan_without_a_connection),
		TEST(the_sessions_own_shells),
		TEST(a_restart_by_hand),
	};

	return cmocka_run_group_tests_name("unreported-session", tests, NULL, NULL);
}
