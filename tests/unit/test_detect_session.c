/* login, listen, session-bridge, session-escape. */
#include "tests/unit/detect_kit.h"

#include <string.h>

static const struct who child = {101, 100, 5, ALICE, ALICE, "/usr/sbin/sshd"};
static const struct who tool = {201, 200, 5, ALICE, ALICE, "/usr/bin/python3"};

/* --- login ------------------------------------------------------------------------------------ */

static void
once_by_records(void **state)
{
	struct kit *k = *state;

	kit_login(k, 6, BOB, "bob", "192.0.2.8", 300);
	assert_int_equal(k->n, 1);
	assert_int_equal(k->found[0].activity, ACT_LOGIN);
	assert_int_equal(k->found[0].ses, 6);
	assert_int_equal(k->found[0].outcome, OUTCOME_SUCCESS);
	assert_string_equal(k->found[0].reason, "bob's session 6 (from 192.0.2.8) opened");
	kit_logout(k, 6, BOB, 300);
	kit_flush(k);
	assert_int_equal(k->n, 1);
}

static void
once_by_report(void **state)
{
	struct kit *k = *state;

	kit_report(k, 6, BOB, "bob", "192.0.2.8", 300, "SHA256:b");
	kit_flush(k);
	assert_int_equal(k->n, 1);
	assert_int_equal(k->found[0].pid, 300);
}

static void
sudo_and_cron_are_no_logins(void **state)
{
	struct kit *k = *state;
	struct who sudo = {210, 200, 5, ALICE, 0, "/usr/bin/sudo"};
	struct who cron = {800, 1, 9, ALICE, 0, "/usr/sbin/cron"};

	kit_user_start(k, sudo, "/usr/bin/sudo", "root");
	kit_loginuid(k, cron, SES_UNSET, AUID_UNSET, true);
	kit_user_start(k, cron, "/usr/sbin/cron", "alice");
	kit_flush(k);
	assert_int_equal(k->n, 0);
}

/* --- listen ----------------------------------------------------------------------------------- */

static void
a_bind_and_a_listen(void **state)
{
	struct kit *k = *state;

	kit_bind(k, tool, "0.0.0.0", 8000, 4);
	assert_int_equal(k->n, 0);
	kit_listen(k, tool, 4);
	assert_int_equal(k->n, 1);
	assert_int_equal(k->found[0].activity, ACT_LISTEN);
	assert_string_equal(k->found[0].to, "0.0.0.0:8000");
	kit_bind(k, tool, "0.0.0.0", 5353, 5); /* a datagram socket: no listen follows */
	kit_wait(k, 5000);
	kit_flush(k);
	assert_int_equal(k->n, 1);
}

static void
binds_alone_are_recorded(void **state)
{
	struct kit *k = *state;

	kit_bind(k, tool, "0.0.0.0", 8000, 4);
	kit_bind(k, tool, "0.0.0.0", 0, 5); /* any port: of a client */
	kit_wait(k, 600);
	assert_int_equal(k->n, 1);
	assert_string_equal(k->found[0].to, "0.0.0.0:8000");
}

static void
a_remote_forward(void **state)
{
	struct kit *k = *state;

	kit_bind(k, child, "::1", 8080, 9); /* ssh -R 8080:…: one forward, both families */
	kit_listen(k, child, 9);
	kit_bind(k, child, "127.0.0.1", 8080, 10);
	kit_listen(k, child, 10);
	assert_int_equal(k->n, 1);
	assert_non_null(strstr(k->found[0].reason, "through sshd"));
	kit_bind_unix(k, child, "/home/alice/remote.sock", 70);
	assert_int_equal(k->n, 2);
	kit_bind_unix(k, child, "/tmp/ssh-XXXXabcdef/agent.101", 71); /* its agent: no listening of interest */
	assert_int_equal(k->n, 2);
}

/* --- session-bridge --------------------------------------------------------------------------- */

static void
a_window_in_anothers_tmux(void **state)
{
	struct kit *k = *state;
	struct who server = {220, 1, 5, ALICE, ALICE, "/usr/bin/tmux"};
	struct who client = {420, 301, 6, ALICE, ALICE, "/usr/bin/tmux"};
	static const char path[] = "/tmp/tmux-1001/default";

	kit_login(k, 6, ALICE, "alice", "192.0.2.9", 300);
	kit_forget(k);
	kit_connect_unix(k, server, path, 0, 0, -ENOENT); /* none there: this one will start it */
	kit_connect_unix(k, server, path, 50, ALICE, 0);
	assert_int_equal(k->n, 0);
	kit_connect_unix(k, client, path, 50, ALICE, 0);
	assert_int_equal(k->n, 1);
	assert_int_equal(k->found[0].activity, ACT_SESSION_BRIDGE);
	assert_string_equal(k->found[0].via, "tmux");
	assert_int_equal(k->found[0].owner_ses, 5);
	assert_int_equal(kit_alerts(k), 0);
}

static void
jobs(void **state)
{
	static const struct {
		const char *exe, *words, *via;
	} cases[] = {
		{"/usr/bin/at", "at now", "at"},
		{"/usr/bin/at", "at -f job 12:00", "at"},
		{"/usr/bin/at", "at -l", NULL},
		{"/usr/bin/batch", "batch", "at"},
		{"/usr/bin/crontab", "crontab -e", "cron"},
		{"/usr/bin/crontab", "crontab -", "cron"},
		{"/usr/bin/crontab", "crontab -l", NULL},
		{"/usr/bin/systemd-run", "systemd-run --user sleep 1", "systemd-run"},
		{"/usr/bin/systemd-run", "systemd-run --scope bash", NULL},
		{"/usr/bin/atq", "atq", NULL},
	};
	struct kit *k = *state;
	struct who w = {230, 200, 5, ALICE, ALICE, NULL};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		kit_forget(k);
		w.exe = cases[i].exe;
		kit_exec(k, w, cases[i].words);
		assert_int_equal(k->n, cases[i].via != NULL);
		if (cases[i].via != NULL)
			assert_string_equal(k->found[0].via, cases[i].via);
	}
}

/* --- session-escape --------------------------------------------------------------------------- */

static void
loginuid_changed_and_dropped(void **state)
{
	struct kit *k = *state;
	struct who sh = {240, 200, 5, ALICE, 0, "/usr/bin/dash"}, out = sh;

	kit_exec(k, sh, "sh -c echo");
	out.ses = 99;
	out.auid = BOB;
	kit_loginuid(k, out, 5, ALICE, true);
	assert_int_equal(k->n, 1);
	assert_int_equal(k->found[0].activity, ACT_SESSION_ESCAPE);
	assert_int_equal(k->found[0].ses, 5);
	assert_int_equal(k->found[0].top, 100); /* the ancestry still leads to sshd */
	sh.pid++;
	kit_exec(k, sh, "sh -c echo");
	out = sh;
	out.ses = SES_UNSET;
	out.auid = AUID_UNSET;
	kit_loginuid(k, out, 5, ALICE, true);
	assert_int_equal(k->n, 2);
	assert_non_null(strstr(k->found[1].reason, "left every session"));
	assert_int_equal(host_process(k->host, out.pid)->ses, SES_UNSET);
}

/* What it does as somebody else is still alice's: her login, her origin. */
static void
after_the_escape(void **state)
{
	struct kit *k = *state;
	struct who sh = {240, 200, 99, BOB, 0, "/usr/bin/dash"};
	struct who ssh = {241, 240, 99, BOB, BOB, "/usr/bin/ssh"};
	struct who again = {242, 240, 100, MALLORY, 0, "/usr/bin/dash"};
	struct who add = {243, 242, 100, MALLORY, 0, "/usr/bin/ssh-add"};

	kit_report(k, 6, BOB, "bob", "192.0.2.8", 300, "SHA256:b");
	kit_bind_unix(k, (struct who){301, 300, 6, BOB, BOB, "/usr/sbin/sshd"}, "/tmp/ssh-XXXXabcd/agent.301", 77);
	kit_loginuid(k, sh, 5, ALICE, true);
	kit_forget(k);
	kit_exec(k, ssh, "ssh db");
	kit_connect(k, ssh, "192.0.2.7", 22, 0);
	kit_flush(k);
	assert_int_equal(kit_count(k, ACT_OUTBOUND_SSH), 1);
	assert_int_equal(kit_found(k, ACT_OUTBOUND_SSH, 0)->ses, 5);
	assert_int_equal(kit_found(k, ACT_OUTBOUND_SSH, 0)->pid, 241);
	kit_loginuid(k, again, 99, BOB, true);
	kit_exec(k, add, "ssh-add -l");
	kit_connect_unix(k, add, "/tmp/ssh-XXXXabcd/agent.301", 77, BOB, 0);
	assert_int_equal(kit_count(k, ACT_SESSION_ESCAPE), 1);
	assert_int_equal(kit_found(k, ACT_SESSION_ESCAPE, 0)->ses, 5);
	assert_int_equal(kit_found(k, ACT_AGENT_HIJACK, 0)->ses, 5);
	assert_int_equal(kit_found(k, ACT_AGENT_HIJACK, 0)->owner, OWNER_OTHER);
}

/* With bob's login uid bob's agent is as much another's as before. */
static void
an_escape_to_the_owner(void **state)
{
	struct kit *k = *state;
	struct who sh = {240, 200, 99, BOB, BOB, "/usr/bin/dash"};

	kit_report(k, 6, BOB, "bob", "192.0.2.8", 300, "SHA256:b");
	kit_bind_unix(k, (struct who){301, 300, 6, BOB, BOB, "/usr/sbin/sshd"}, "/tmp/ssh-XXXXabcd/agent.301", 77);
	kit_loginuid(k, sh, 5, ALICE, true);
	kit_connect_unix(k, sh, "/tmp/ssh-XXXXabcd/agent.301", 77, BOB, 0);
	assert_int_equal(kit_found(k, ACT_AGENT_HIJACK, 0)->owner, OWNER_OTHER);
}

/* A cron that was started by hand: its jobs are its own, and nobody's escape. */
static void
a_service_is_its_own(void **state)
{
	struct kit *k = *state;
	struct who cron = {260, 200, 21, BOB, 0, "/usr/sbin/cron"};
	struct who job = {261, 260, 21, BOB, BOB, "/usr/bin/ssh"};

	kit_loginuid(k, cron, 5, ALICE, true);
	kit_user_start(k, cron, "/usr/sbin/cron", "bob");
	kit_exec(k, job, "ssh db");
	kit_connect(k, job, "192.0.2.7", 22, 0);
	kit_flush(k);
	assert_int_equal(kit_found(k, ACT_OUTBOUND_SSH, 0)->ses, 21);
}

static void
a_try_that_the_kernel_refused(void **state)
{
	struct kit *k = *state;
	struct who sh = {240, 200, 5, BOB, ALICE, "/usr/bin/dash"};

	sh.ses = 5;
	kit_loginuid(k, sh, 5, ALICE, false);
	assert_int_equal(k->n, 1);
	assert_int_equal(k->found[0].outcome, OUTCOME_FAILURE);
	assert_int_equal(host_session(k->host, 5)->state, SESSION_OPEN);
}

/* An sshd, a cron that an administrator started by hand let people in. */
static void
a_service_from_a_login(void **state)
{
	struct kit *k = *state;
	struct who sshd = {250, 200, 20, BOB, 0, "/usr/sbin/sshd"};
	struct who cron = {260, 200, 21, BOB, 0, "/usr/sbin/cron"};
	struct who su = {270, 200, 22, BOB, 0, "/usr/bin/su"};

	kit_loginuid(k, sshd, 5, ALICE, true);
	kit_user_start(k, sshd, "/usr/sbin/sshd", "bob");
	kit_loginuid(k, cron, 5, ALICE, true);
	kit_user_start(k, cron, "/usr/sbin/cron", "bob");
	kit_wait(k, 5000);
	kit_flush(k);
	assert_int_equal(kit_count(k, ACT_SESSION_ESCAPE), 0);
	kit_loginuid(k, su, 5, ALICE, true); /* nobody says that this was a login */
	kit_wait(k, 1900);
	assert_int_equal(kit_count(k, ACT_SESSION_ESCAPE), 0);
	kit_wait(k, 200);
	assert_int_equal(kit_count(k, ACT_SESSION_ESCAPE), 1);
}

/*
 * sshd inside a container that a login started: it may not set login uids, and tries at each login.
 */
static void
a_container_without_the_right(void **state)
{
	struct kit *k = *state;
	struct who sshd = {250, 200, 5, BOB, 0, "/usr/sbin/sshd"};

	kit_loginuid(k, sshd, 5, ALICE, false);
	kit_wait(k, 5000);
	assert_int_equal(k->n, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(once_by_records), T(once_by_report), T(sudo_and_cron_are_no_logins),
		T(a_bind_and_a_listen), T(binds_alone_are_recorded), T(a_remote_forward),
		T(a_window_in_anothers_tmux), T(jobs), T(loginuid_changed_and_dropped),
		T(after_the_escape), T(an_escape_to_the_owner), T(a_service_is_its_own),
		T(a_try_that_the_kernel_refused), T(a_service_from_a_login),
		T(a_container_without_the_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
