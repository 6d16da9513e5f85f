/*
 * The policy's tools on what a daemon answers about the past: what is a question, what is told twice, which alert is
 * meant.  The same answer comes to every request.
 */
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/fake_daemon.h"
#include "tests/unit/unit.h"

#include "base/safe.h"

#define NEXT "{\"next\":0}\n"
#define END  "{\"end\":true,\"status\":0}\n"
#define HOST "{\"on\":\"web1\",\"roles\":[\"web\"]}\n"

struct ran {
	struct buf out, err, request;
	int status;
};

static struct ran
run(int (*command)(struct cli *, int, char **), const char *line, const char *answer)
{
	struct ran r = {0};
	struct fake_daemon d;
	struct cli cli = {.utc = true, .command = &(struct command){.name = "test", .usage = ""}};

	fake_daemon_start(&d, "control.sock", answer);
	cli.run_dir = d.dir;
	r.status = run_command(&cli, command, line, &r.out, &r.err);
	fake_daemon_request(&d, &r.request);
	fake_daemon_stop(&d);
	return r;
}

static void
ran_free(struct ran *r)
{
	buf_free(&r->out);
	buf_free(&r->err);
	buf_free(&r->request);
}

static void
assert_in(const struct buf *text, const char *want)
{
	if (text->p == NULL || strstr(text->p, want) == NULL)
		fail_msg("'%s' is not in: %s", want, text->p);
}

/* --- all of the past ------------------------------------------------------------------------------------ */

#define SESSION "{\"boot\":\"0a1b2c3d-x\",\"ses\":7,\"user\":\"al\",\"ip\":\"10.0.0.9\",\"opened\":5}\n"
#define LOGIN(ses)                                                                                                     \
	"{\"event\":{\"id\":\"00aa\",\"severity\":47},\"sshtether\":{\"activity\":\"login\",\"session\":\"0a1b2c3d-" ses   \
	"\",\"done\":\"alerted\"},\"facts\":{\"user\":\"al\",\"origin\":\"10.0.0.9\"}}\n"
#define HOP                                                                                                            \
	"{\"event\":{\"id\":\"00bb\",\"severity\":21},\"sshtether\":{\"activity\":\"outbound-ssh\",\"session\":"          \
	"\"0a1b2c3d-7\",\"done\":\"recorded\"},\"facts\":{\"user\":\"al\",\"to\":\"10.0.0.1\",\"port\":22}}\n"

/* An alert and the row of its session tell it; a session whose alert is all that is left is one more. */
static void
a_login_is_one_question(void **state)
{
	static const char answer[] = HOST SESSION LOGIN("7") LOGIN("8") HOP NEXT END;
	struct ran r = run(cmd_policy_learn, "learn --since 2000-01-01 --include-alerts", answer);

	(void)state;
	assert_int_equal(r.status, 0);
	assert_in(&r.out, "# 2 times by 1 user");
	assert_in(&r.out, "pass login user al origin 10.0.0.9\n");
	assert_in(&r.out, "pass outbound-ssh user al to 10.0.0.1 port 22\n");
	ran_free(&r);
	r = run(cmd_policy_diff, "diff past.policy /dev/null", answer);
	assert_in(&r.out, "were asked 3 questions of the past");
	ran_free(&r);
}

/* The row of a session does not say that its login was alerted, or refused: nothing is learned of it. */
static void
a_login_that_was_alerted_is_not_learned(void **state)
{
	struct ran r = run(cmd_policy_learn, "learn --since 2000-01-01", HOST SESSION LOGIN("7") NEXT END);

	(void)state;
	assert_int_equal(r.status, 0);
	assert_null(strstr(r.out.p, "\npass login"));
	assert_in(&r.out, "#   1 time login user al origin 10.0.0.9: it was alerted or stopped");
	ran_free(&r);
}

/* Nothing of its findings alerted by itself, and its login neither; another session of the same user is another thing. */
static void
what_the_case_of_a_session_alerted_is_not_learned(void **state)
{
	static const char alerted[] = HOST "{\"session\":\"0a1b2c3d-7\"}\n" SESSION HOP NEXT END;
	static const char other[] = HOST "{\"session\":\"0a1b2c3d-77\"}\n" SESSION HOP NEXT END;
	struct ran r = run(cmd_policy_learn, "learn --since 2000-01-01", alerted);

	(void)state;
	assert_int_equal(r.status, 0);
	assert_null(strstr(r.out.p, "\npass "));
	assert_in(&r.out, "#   1 time login user al origin 10.0.0.9: the case of its session alerted");
	assert_in(&r.out, "#   1 time outbound-ssh user al to 10.0.0.1 port 22: the case of its session alerted");
	ran_free(&r);
	r = run(cmd_policy_learn, "learn --since 2000-01-01", other);
	assert_in(&r.out, "\npass login user al origin 10.0.0.9\n");
	assert_in(&r.out, "\npass outbound-ssh user al to 10.0.0.1 port 22\n");
	ran_free(&r);
	r = run(cmd_policy_learn, "learn --since 2000-01-01 --include-alerts", alerted);
	assert_in(&r.out, "\npass login user al origin 10.0.0.9\n");
	ran_free(&r);
}

static void
pages_that_do_not_go_on_end_it(void **state)
{
	struct ran r = run(cmd_policy_learn, "learn", HOST "{\"next\":5}\n" END);

	(void)state;
	assert_int_equal(r.status, 3);
	assert_in(&r.err, "pages do not go on");
	assert_int_equal(r.out.n, 0);
	ran_free(&r);
}

/* --- one alert -------------------------------------------------------------------------------------------- */

#define ALERT(id, action)                                                                                              \
	"{\"@timestamp\":\"2026-11-22T01:02:03.456Z\",\"event\":{\"id\":\"" id "\",\"severity\":47},\"user\":{\"name\":\"al\"}," \
	"\"rule\":{\"name\":\"/etc/p:9\"},\"sshtether\":{\"activity\":\"outbound-ssh\",\"action\":\"" action                 \
	"\",\"done\":\"killed\",\"policy_serial\":3},\"facts\":{\"user\":\"al\",\"to\":\"10.0.0.1\",\"port\":22}}\n"
#define OLD                                                                                                            \
	"{\"@timestamp\":\"2026-11-22T01:02:03.456Z\",\"event\":{\"id\":\"cafe01\"},\"user\":{\"name\":\"al\"},"            \
	"\"sshtether\":{\"activity\":\"outbound-ssh\",\"action\":\"block\"}}\n"

/* In a folder of its own, where the commands find it. */
static char dir[] = "/tmp/test-cli-past-XXXXXX";

static int
write_policy(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL || chdir(dir) == -1)
		return -1;
	return atomic_write("past.policy", BYTES_LIT("pass relay\nblock outbound-ssh !user bob to 10.0.0.0/8\n"), 0600);
}

static int
remove_policy(void **state)
{
	(void)state;
	return unlink("past.policy") == 0 ? rmdir(dir) : -1;
}

#define EXPLAIN "explain past.policy --alert "

static void
an_alert_is_explained(void **state)
{
	struct ran r = run(cmd_policy_explain, EXPLAIN "abcd", HOST ALERT("abcdef", "block") NEXT END);

	(void)state;
	assert_int_equal(r.status, 0);
	assert_in(&r.request, "\"id\":\"abcd\"");
	assert_in(&r.out, "then: block by /etc/p:9 of serial 3; done: killed\n");
	assert_in(&r.out, "pass relay\n    no: it is not about outbound-ssh\n");
	assert_in(&r.out, "=> would block, severity ");
	assert_in(&r.out, "The answer is what it was then.\n");
	ran_free(&r);
	/* As it was put last; and what the store found by other words of it is another alert. */
	r = run(cmd_policy_explain, EXPLAIN "abcd",
	    HOST ALERT("abcdef", "block") ALERT("ffabcd", "pass") ALERT("abcdef", "alert") NEXT END);
	assert_in(&r.out, "then: alert by /etc/p:9");
	assert_in(&r.out, "The answer is not what it was then.\n");
	ran_free(&r);
}

static void
an_old_alert_lacks_facts(void **state)
{
	struct ran r = run(cmd_policy_explain, EXPLAIN "cafe", HOST OLD NEXT END);

	(void)state;
	assert_int_equal(r.status, 0);
	assert_in(&r.out, "perhaps: it hangs on what is not known: to\n");
	assert_in(&r.out, "It was stored before all facts were kept");
	assert_in(&r.out, "The answer is not what it was then.\n");
	ran_free(&r);
}

static void
which_alert_is_meant_must_be_clear(void **state)
{
	struct ran r = run(cmd_policy_explain, EXPLAIN "abcd", HOST ALERT("abcdef", "block") ALERT("abcdee", "block") NEXT END);

	(void)state;
	assert_int_equal(r.status, 1);
	assert_in(&r.err, "several alerts have an id that begins with abcd: abcdef, abcdee\n");
	assert_int_equal(r.out.n, 0);
	ran_free(&r);
	r = run(cmd_policy_explain, EXPLAIN "0123", HOST NEXT END);
	assert_int_equal(r.status, 1);
	assert_in(&r.err, "the store knows no alert whose id begins with 0123\n");
	ran_free(&r);
	r = run(cmd_policy_explain, EXPLAIN "cafe", "{\"event\":{\"id\":\"cafe\",\"action\":\"mode-changed\"}}\n" NEXT END);
	assert_int_equal(r.status, 1);
	assert_in(&r.err, "a word of sshtetherd on itself");
	ran_free(&r);
}

/* --- the policy in force ---------------------------------------------------------------------------------- */

/* Its rules are named by the places of the files that they came from, wherever they stand in the text. */
static void
places_are_those_of_the_files(void **state)
{
	static const char answer[] = "{\"path\":\"/etc/p\",\"text\":\"pass relay\\nalert outbound-ssh\\n\"}\n"
				     "{\"rule\":0,\"file\":\"/etc/p\",\"line\":70}\n"
				     "{\"rule\":1,\"file\":\"/etc/parts/a.policy\",\"line\":4}\n" ALERT("abcdef", "alert") NEXT END;
	struct ran r = run(cmd_policy_explain, "explain --alert abcd", answer);

	(void)state;
	assert_int_equal(r.status, 3); /* an answer of both kinds is none of a policy */
	ran_free(&r);
	r = run(cmd_policy_diff, "diff --no-history past.policy",
	    "{\"path\":\"/etc/p\",\"text\":\"pass relay\\nalert outbound-ssh\\nexpect alert outbound-ssh user al to 10.0.0.1\\n\"}\n"
	    "{\"rule\":0,\"file\":\"/etc/p\",\"line\":70}\n"
	    "{\"rule\":1,\"file\":\"/etc/parts/a.policy\",\"line\":4}\n" END);
	assert_int_equal(r.status, 1);
	assert_in(&r.out, "old /etc/parts/a.policy:4: alert outbound-ssh\n");
	assert_in(&r.out, "different once in enforce mode\n");
	ran_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_login_is_one_question),
		cmocka_unit_test(a_login_that_was_alerted_is_not_learned),
		cmocka_unit_test(what_the_case_of_a_session_alerted_is_not_learned),
		cmocka_unit_test(pages_that_do_not_go_on_end_it),
		cmocka_unit_test(an_alert_is_explained),
		cmocka_unit_test(an_old_alert_lacks_facts),
		cmocka_unit_test(which_alert_is_meant_must_be_clear),
		cmocka_unit_test(places_are_those_of_the_files),
	};

	return cmocka_run_group_tests(tests, write_policy, remove_policy);
}
