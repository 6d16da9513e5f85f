/* case/seen: who in a session is somebody else than logged in, and who is so by sshd's own doing. */
#include "agentd/case/case.h"
#include "tests/unit/detect_kit.h"

#define SES     5
#define MONITOR 100
#define CHILD   101

static struct kit k;
static struct case_file c;

static int
setup(void **state)
{
	(void)state;
	kit_open(&k, false);
	kit_login(&k, SES, ALICE, "alice", "192.0.2.9", MONITOR);
	c = (struct case_file){.ses = SES, .auid = ALICE};
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	kit_close(&k);
	return 0;
}

/* On Debian pam_motd has sshd run these, as root, whoever logs in. */
static void
the_message_of_the_day_is_no_escalation(void **state)
{
	const struct who sh = {200, MONITOR, SES, ALICE, 0, "/usr/bin/dash"};
	const struct who parts = {201, 200, SES, ALICE, 0, "/usr/bin/run-parts"};
	const struct who uname = {202, 201, SES, ALICE, 0, "/usr/bin/uname"};

	(void)state;
	kit_exec(&k, sh, "sh -c run-parts");
	kit_exec(&k, parts, "run-parts /etc/update-motd.d");
	kit_exec(&k, uname, "uname -snrvm");
	case_look(&c, k.host);
	assert_int_equal(c.seen.ntasks, 0);
}

static void
what_the_user_started_is(void **state)
{
	const struct who shell = {200, CHILD, SES, ALICE, ALICE, "/usr/bin/bash"};
	const struct who under_sudo = {201, 200, SES, ALICE, 0, "/usr/bin/id"};
	const struct who exploit = {300, CHILD, SES, ALICE, 0, "/usr/bin/dash"};

	(void)state;
	kit_exec(&k, shell, "-bash");
	kit_exec(&k, under_sudo, "id");
	kit_exec(&k, exploit, "sh"); /* in the place of the shell: sshd is its parent, but not that which runs PAM */
	case_look(&c, k.host);
	assert_int_equal(c.seen.ntasks, 2);
}

/* Its parent was never seen: it may have been the user's. */
static void
a_gap_excuses_nobody(void **state)
{
	const struct who orphan = {200, 199, SES, ALICE, 0, "/usr/bin/id"};

	(void)state;
	kit_exec(&k, orphan, "id");
	case_look(&c, k.host);
	assert_int_equal(c.seen.ntasks, 1);
}

/* --- and what comes of it together with a hijack, by her own uid --- */

static struct case_file *
take_hijack(struct cases *t)
{
	const struct finding f = {.activity = ACT_AGENT_HIJACK, .time.ms = k.ms, .session = host_session(k.host, SES),
	    .owner = OWNER_OTHER, .uid = ALICE, .euid = ALICE};
	const struct ruling r = {.finding = &f, .decision = {.action = DO_ALERT, .severity = SEV_HIGH}};

	return cases_take(t, &r, DONE_ALERTED, "x", k.host);
}

static void
escalation_that_is_seen_is_enough(void **state)
{
	const struct who shell = {200, CHILD, SES, ALICE, ALICE, "/usr/bin/bash"};
	const struct who under_sudo = {201, 200, SES, ALICE, 0, "/usr/bin/id"};
	struct cases *t = cases_new("", NULL);
	struct buf reason = BUF_INIT;
	const struct case_file *of;

	(void)state;
	kit_exec(&k, shell, "-bash");
	kit_exec(&k, under_sudo, "id");
	of = take_hijack(t);
	assert_int_equal(of->score, 100);
	assert_int_equal(of->indicators, 1);
	assert_true(case_is_due(of)); /* the hijack's alert did not say that */
	case_reason(of, &reason);
	assert_string_equal(reason.p, "alice's session 5 from 192.0.2.9: 1 indicator, score 100: agent-hijack, and "
	    "/usr/bin/id[201] ran as uid 0");
	buf_free(&reason);
	cases_free(&t);
}

/* Nothing is found of sudo: it shows when somebody asks, or when the session ends. */
static void
escalation_that_comes_later(void **state)
{
	const struct who under_sudo = {201, 200, SES, ALICE, 0, "/usr/bin/id"};

	for (unsigned asked = 0; asked < 2; asked++) {
		struct cases *t = cases_new("", NULL);
		struct case_file *of = take_hijack(t);

		assert_int_equal(of->score, 70);
		assert_false(case_is_due(of));
		kit_exec(&k, under_sudo, "id");
		if (asked > 0)
			cases_look(t, of, k.host);
		else
			cases_over(t, SES, k.host, (struct rtime){.ms = k.ms});
		assert_int_equal(of->score, 100);
		assert_ptr_equal(cases_ripe(t, (struct rtime){.ms = k.ms}, false), of);
		cases_free(&t);
		teardown(state);
		setup(state);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_message_of_the_day_is_no_escalation), T(what_the_user_started_is), T(a_gap_excuses_nobody),
		T(escalation_that_is_seen_is_enough), T(escalation_that_comes_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
