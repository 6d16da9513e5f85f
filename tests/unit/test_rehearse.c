/* What a rehearsal makes of the questions that the store keeps: what is stopped, moot, not sure; whom lines keep. */
#include "tests/unit/parse_json.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "agentd/engine/asked.h"
#include "cli/rehearse.h"

/* --- reading ---------------------------------------------------------------------------------------- */

typedef bool read_fn(const json_t *, struct asked *);

static struct asked asked;
static json_t *kept; /* what asked borrows from */

/* NULL: it is no question.  Valid until the next one. */
static struct asked *
take(read_fn *fn, const char *text)
{
	parsed_free(kept);
	kept = parse_object(text);
	assert_non_null(kept);
	return fn(kept, &asked) ? &asked : NULL;
}

static int
let_go(void **state)
{
	(void)state;
	parsed_free(kept);
	kept = NULL;
	return 0;
}

#define FACT(f) (1u << (f))

/* What the engine writes is what is read, fact for fact. */
static void
a_question_survives_the_store(void **state)
{
	struct bytes groups[] = {BYTES_LIT("staff"), BYTES_LIT("wheel")}, principals[] = {BYTES_LIT("ops")};
	struct bytes roles[] = {BYTES_LIT("bastion")};
	struct question q = {.activity = ACT_RELAY, .known = FACT(QF_COUNT) - 1, .user = BYTES_LIT("alice"),
	    .as = BYTES_LIT("root"), .groups = groups, .ngroups = 2, .principals = principals, .nprincipals = 1,
	    .cert_id = BYTES_LIT("t 17"), .ca = BYTES_LIT("SHA256:ca"), .key = BYTES_LIT("SHA256:k"),
	    .method = BYTES_LIT("publickey"), .host = BYTES_LIT("h"), .roles = roles, .nroles = 1,
	    .tty = BYTES_LIT("pts/1"), .time = {.ms = 1795309323456}, .to_kind = TO_SELF, .port = 22,
	    .exe = BYTES_LIT("/usr/bin/ssh"), .parent = BYTES_LIT("/bin/sh"), .owner = OWNER_OTHER,
	    .partial = FACT(QF_GROUP)};
	struct buf text = BUF_INIT;
	struct asked *a;
	struct json j;

	(void)state;
	assert_true(addr_parse(BYTES_LIT("10.0.0.9"), &q.origin));
	assert_true(addr_parse(BYTES_LIT("10.0.0.1"), &q.to_addr));
	buf_puts(&text, "{\"sshtether\":{\"activity\":\"relay\",\"session\":\"0a1b2c3d-57\"},\"facts\":");
	json_init(&j, &text);
	asked_json(&q, &j);
	buf_puts(&text, "}");
	a = take(asked_finding, text.p);
	assert_non_null(a);
	assert_int_equal(a->q.known, q.known);
	assert_int_equal(a->q.partial, q.partial);
	assert_true(bytes_eq(a->q.as, q.as) && bytes_eq(a->q.host, q.host) && bytes_eq(a->q.cert_id, q.cert_id) &&
	    bytes_eq(a->q.ca, q.ca) && bytes_eq(a->q.exe, q.exe) && bytes_eq(a->q.tty, q.tty));
	assert_true(a->q.via.n == 0 && a->q.ngroups == 2 && bytes_eq(a->q.groups[1], groups[1]));
	assert_int_equal(a->q.nprincipals, 1);
	assert_int_equal(a->q.nroles, 1);
	assert_int_equal(a->q.time.ms, q.time.ms);
	assert_int_equal(a->q.to_kind, TO_SELF);
	assert_true(addr_eq(a->q.to_addr, q.to_addr) && addr_eq(a->q.origin, q.origin));
	assert_int_equal(a->q.port, 22);
	assert_int_equal(a->q.owner, OWNER_OTHER);
	assert_false(a->short_of_facts);
	buf_free(&text);
}

static void
what_is_not_there_is_not_known(void **state)
{
	struct asked *a = take(asked_finding, "{\"sshtether\":{\"activity\":\"relay\"},\"facts\":{\"time\":5,\"user\":\"al\","
					      "\"exe\":\"/tmp/\xef\xbf\xbdx\",\"absent\":[\"key\",\"rubbish\"]}}");

	(void)state;
	assert_non_null(a);
	assert_int_equal(a->q.known, FACT(QF_USER) | FACT(QF_TIME) | FACT(QF_KEY));
	assert_int_equal(a->q.key.n, 0);
	/* Before facts were kept: what the alert says. */
	a = take(asked_finding, "{\"@timestamp\":\"2026-11-22T01:02:03.456Z\",\"user\":{\"name\":\"al\"},"
				"\"destination\":{\"ip\":\"10.0.0.3\",\"port\":22},\"sshtether\":{\"activity\":\"relay\"}}");
	assert_true(a->short_of_facts);
	assert_int_equal(a->q.known, FACT(QF_USER) | FACT(QF_TIME) | FACT(QF_TO) | FACT(QF_PORT));
	assert_int_equal(a->q.time.ms, 1795309323000);
	/* A word of the daemon on itself. */
	assert_null(take(asked_finding, "{\"event\":{\"action\":\"mode-changed\"}}"));
}

static void
a_login_without_a_key_has_none(void **state)
{
	static const char password[] = "{\"user\":\"al\",\"ip\":\"10.0.0.9\",\"key\":\"\",\"method\":\"password\",\"last\":5,"
				       "\"count\":3}";
	struct asked *a = take(asked_logins, password);
	struct asked_host host = {.on = BYTES_LIT("h")};

	(void)state;
	asked_on(a, &host);
	assert_int_equal(a->count, 3);
	assert_true((a->q.known & FACT(QF_KEY)) != 0 && (a->q.known & FACT(QF_ON)) != 0);
	assert_true((a->q.known & FACT(QF_GROUP)) == 0);
	a = take(asked_session, "{\"boot\":\"0a1b2c3d-x\",\"ses\":57,\"user\":\"al\",\"ip\":\"10.0.0.9\",\"key\":\"\","
				"\"method\":\"publickey\",\"groups\":\"a\\nb\\n\",\"opened\":5}");
	assert_true(bytes_is(a->session, "0a1b2c3d-57"));
	assert_int_equal(a->q.ngroups, 2);
	assert_true((a->q.known & FACT(QF_KEY)) == 0);
}

/* --- counting --------------------------------------------------------------------------------------- */

static struct policy *
policy(const char *text)
{
	const struct pol_options options = {.enforce = true};
	struct buf diag = BUF_INIT;
	unsigned errors;
	struct policy *p = pol_parse("p", bytes_of(text), &options, &diag, &errors);

	if (p == NULL)
		fail_msg("%s", diag.p);
	buf_free(&diag);
	return p;
}

static void
finding(struct rehearsal *r, const char *activity, const char *session, const char *facts)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
	    "{\"sshtether\":{\"activity\":\"%s\",\"session\":\"%s\"},\"facts\":{\"time\":1795309323456,%s}}", activity,
	    session, facts);
	rehearse_finding(r, take(asked_finding, text));
}

static void
session(struct rehearsal *r, int ses, const char *user)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "{\"boot\":\"0a1b2c3d\",\"ses\":%d,\"user\":\"%s\",\"ip\":\"10.0.0.9\","
	    "\"opened\":1795309323456}", ses, user);
	rehearse_login(r, take(asked_session, text));
}

#define TO(user, ip) "\"user\":\"" user "\",\"origin\":\"10.0.0.9\",\"to\":\"" ip "\",\"port\":22"

static uint64_t
count_of(struct tally *t, const char *word)
{
	size_t n;
	const struct tally_row *rows = tally_rows(t, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].word, word) == 0)
			return rows[i].n;
	return 0;
}

static void
it_is_counted_by_everything(void **state)
{
	struct policy *p = policy("mode audit\nblock relay to 10.9.0.0/16\nalert relay\nblock agent-use mode audit\n");
	struct rehearsal r = {0};

	(void)state;
	assert_true(rehearsal_begin(&r, p));
	finding(&r, "relay", "b-1", TO("al", "10.9.0.1"));
	finding(&r, "relay", "b-1", TO("al", "10.9.0.1"));
	finding(&r, "relay", "b-2", TO("bo", "10.9.0.2"));
	finding(&r, "relay", "b-2", TO("bo", "10.8.0.2")); /* only an alert */
	finding(&r, "agent-use", "b-2", TO("bo", "10.9.0.2")); /* that rule's own mode is audit */
	assert_int_equal(r.findings, 5);
	assert_int_equal(r.stopped, 3);
	assert_int_equal(r.by_rule[0], 3);
	assert_int_equal(count_of(r.users, "al"), 2);
	assert_int_equal(count_of(r.origins, "10.0.0.9"), 3);
	assert_int_equal(count_of(r.destinations, "10.9.0.1 port 22"), 2);
	assert_int_equal(count_of(r.lines, "pass relay user \"al\" to 10.9.0.1 port 22"), 2);
	rehearsal_end(&r);
	pol_free(&p);
}

static void
what_is_not_sure_is_said(void **state)
{
	struct policy *p = policy("block relay group temps\n");
	struct rehearsal r = {0};

	(void)state;
	assert_true(rehearsal_begin(&r, p));
	finding(&r, "relay", "b-1", TO("al", "10.9.0.1"));
	assert_int_equal(r.stopped, 0);
	assert_int_equal(r.unsure, 1);
	assert_int_equal(count_of(r.missing, "group"), 1);
	finding(&r, "relay", "b-1", TO("al", "10.9.0.1") ",\"absent\":[\"group\"]");
	finding(&r, "relay", "b-1", TO("al", "10.9.0.1") ",\"groups\":[\"temps\"]");
	assert_int_equal(r.stopped, 1);
	assert_int_equal(r.unsure, 1);
	rehearsal_end(&r);
	pol_free(&p);
}

static void
what_comes_after_the_end_is_moot(void **state)
{
	struct policy *p = policy("spare exe \"/usr/sbin/postgres\"\nterminate relay\nblock outbound-ssh\ndeny login user eve\n");
	struct rehearsal r = {0};

	(void)state;
	assert_true(rehearsal_begin(&r, p));
	session(&r, 1, "al");
	session(&r, 2, "eve");
	finding(&r, "listen", "0a1b2c3d-1", "\"user\":\"al\",\"exe\":\"/usr/sbin/postgres\",\"port\":5432");
	finding(&r, "listen", "0a1b2c3d-1", "\"user\":\"al\",\"exe\":\"/bin/nc\",\"to\":\"0.0.0.0\",\"self\":true,\"port\":8080");
	finding(&r, "relay", "0a1b2c3d-1", TO("al", "10.9.0.1"));
	finding(&r, "outbound-ssh", "0a1b2c3d-1", TO("al", "10.9.0.1"));
	finding(&r, "outbound-ssh", "0a1b2c3d-2", TO("eve", "10.9.0.1"));
	assert_int_equal(r.logins, 2);
	assert_int_equal(r.refused, 1);
	assert_int_equal(r.stopped, 1);
	assert_int_equal(r.moot, 2);
	assert_int_equal(r.nended, 1);
	assert_string_equal(r.ended[0].session, "0a1b2c3d-1");
	assert_string_equal(r.ended[0].user, "al");
	assert_int_equal(r.nservices, 2);
	assert_true(r.services[0].spared);
	assert_string_equal(r.services[1].what, "/bin/nc on port 8080");
	assert_false(r.services[1].spared);
	/* What the line lets happen is asked about, too: it has one of its own. */
	assert_int_equal(count_of(r.lines, "pass outbound-ssh user \"eve\" to 10.9.0.1 port 22"), 1);
	rehearsal_end(&r);
	pol_free(&p);
}

static void
never_stop_is_not_stopped(void **state)
{
	struct policy *p = policy("never-stop user rescue\nblock relay\n");
	struct rehearsal r = {0};

	(void)state;
	assert_true(rehearsal_begin(&r, p));
	finding(&r, "relay", "b-1", TO("rescue", "10.9.0.1"));
	assert_int_equal(r.stopped, 0);
	assert_int_equal(r.never_stop, 1);
	rehearsal_end(&r);
	pol_free(&p);
}

/* Nor is what was inferred and not sure; what was, is. */
static void
what_was_faint_is_not_stopped(void **state)
{
	static const char said[] = "{\"sshtether\":{\"activity\":\"key-read\",\"session\":\"b-%u\",\"confidence\":\"%s\"},"
	    "\"facts\":{\"time\":1795309323456,\"user\":\"bob\"}}";
	struct policy *p = policy("block key-read\n");
	struct rehearsal r = {0};
	char text[256];

	(void)state;
	assert_true(rehearsal_begin(&r, p));
	(void)snprintf(text, sizeof(text), said, 1, "low");
	rehearse_finding(&r, take(asked_finding, text));
	assert_int_equal(r.stopped, 0);
	(void)snprintf(text, sizeof(text), said, 2, "medium");
	rehearse_finding(&r, take(asked_finding, text));
	assert_int_equal(r.stopped, 1);
	rehearsal_end(&r);
	pol_free(&p);
}

/* --- keeping ---------------------------------------------------------------------------------------- */

static void
lines_are_for_whom_keep_names(void **state)
{
	struct policy *p = policy("block relay\n");
	struct rehearsal r = {0};

	(void)state;
	assert_true(keep_parse("user=al", &r.keep[0]));
	assert_true(keep_parse("origin=10.0.1.0/24", &r.keep[1]));
	assert_false(keep_parse("user=", &r.keep[2]));
	assert_false(keep_parse("origin=db", &r.keep[2]));
	assert_false(keep_parse("al", &r.keep[2]));
	r.nkeep = 2;
	assert_true(rehearsal_begin(&r, p));
	finding(&r, "relay", "b-1", TO("al", "10.9.0.1"));
	finding(&r, "relay", "b-2", TO("bo", "10.9.0.1"));
	finding(&r, "relay", "b-3", "\"user\":\"bo\",\"origin\":\"10.0.1.7\",\"to\":\"10.9.0.1\",\"self\":true,\"port\":22");
	assert_int_equal(r.stopped, 3);
	assert_int_equal(r.kept_stopped, 2);
	assert_int_equal(count_of(r.lines, "pass relay user \"al\" to 10.9.0.1 port 22"), 1);
	assert_int_equal(count_of(r.lines, "pass relay origin 10.0.1.0/24 to self port 22"), 1);
	rehearsal_end(&r);
	pol_free(&p);
}

/* Every line is one of the language, and the answer to its question is pass. */
static void
each_line_lets_its_question_pass(void **state)
{
	static const char *const all[][2] = {
		{"relay", TO("al", "10.9.0.1")},
		{"outbound-ssh", TO("and", "2001:db8::5")}, /* a name that is a word of the language */
		{"agent-hijack", "\"user\":\"al\",\"unix\":\"/tmp/agent.1\",\"owner\":\"other\""},
		{"listen", "\"user\":\"al\",\"to\":\"0.0.0.0\",\"self\":true,\"port\":80"},
		{"session-bridge", "\"user\":\"al\",\"via\":\"tmux\""},
		{"login", "\"user\":\"al\",\"origin\":\"10.0.0.9\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		char text[256];
		struct buf line = BUF_INIT;
		struct asked *a;
		struct decision d;
		struct policy *p;

		(void)snprintf(text, sizeof(text), "{\"sshtether\":{\"activity\":\"%s\"},\"facts\":{%s}}", all[i][0],
		    all[i][1]);
		a = take(asked_finding, text);
		assert_true(keep_line(&a->q, NULL, &line));
		buf_puts(&line, "\nblock any\n");
		p = policy(line.p);
		pol_ask(p, &a->q, &d);
		assert_false(d.undetermined);
		assert_int_equal(d.action, DO_PASS);
		pol_free(&p);
		buf_free(&line);
	}
}

static void
a_pattern_is_no_name(void **state)
{
	struct asked *a = take(asked_finding, "{\"sshtether\":{\"activity\":\"relay\"},\"facts\":{\"user\":\"a*\"}}");
	struct buf line = BUF_INIT;

	(void)state;
	assert_false(keep_line(&a->q, NULL, &line));
	buf_free(&line);
}

/* --- tally ------------------------------------------------------------------------------------------ */

static void
a_full_tally_counts_the_rest_together(void **state)
{
	struct tally *t = tally_new(4);
	const struct tally_row *rows;
	char word[8];
	size_t n;

	(void)state;
	for (int i = 0; i < 6; i++) {
		(void)snprintf(word, sizeof(word), "w%d", i);
		assert_int_equal(tally_add(t, bytes_of(word), (uint64_t)i + 1), i < 4);
	}
	assert_true(tally_add(t, BYTES_LIT("w0"), 9));
	assert_true(tally_has(t, BYTES_LIT("w3")));
	assert_false(tally_has(t, BYTES_LIT("w4")));
	assert_int_equal(tally_others(t), 5 + 6);
	rows = tally_rows(t, &n);
	assert_int_equal(n, 4);
	assert_string_equal(rows[0].word, "w0");
	assert_int_equal(rows[0].n, 10);
	assert_string_equal(rows[3].word, "w1");
	tally_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_survives_the_store),
		cmocka_unit_test(what_is_not_there_is_not_known),
		cmocka_unit_test(a_login_without_a_key_has_none),
		cmocka_unit_test(it_is_counted_by_everything),
		cmocka_unit_test(what_is_not_sure_is_said),
		cmocka_unit_test(what_comes_after_the_end_is_moot),
		cmocka_unit_test(never_stop_is_not_stopped),
		cmocka_unit_test(what_was_faint_is_not_stopped),
		cmocka_unit_test(lines_are_for_whom_keep_names),
		cmocka_unit_test(each_line_lets_its_question_pass),
		cmocka_unit_test(a_pattern_is_no_name),
		cmocka_unit_test(a_full_tally_counts_the_rest_together),
	};

	return cmocka_run_group_tests(tests, NULL, let_go);
}
