/* What two policies answer differently: its kinds and their weight, groups and their caps, examples that explain takes. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "cli/policy_diff.h"

#define FACT(f) (1u << (f))

static struct policy *
policy(const char *name, const char *text)
{
	const struct pol_options options = {.skip_expect = true};
	struct buf diag = BUF_INIT;
	unsigned errors;
	struct policy *p = pol_parse(name, bytes_of(text), &options, &diag, &errors);

	if (p == NULL)
		fail_msg("%s", diag.p);
	buf_free(&diag);
	return p;
}

static struct question
question(const char *user, const char *to, int64_t when)
{
	struct question q = {.activity = ACT_OUTBOUND_SSH, .user = bytes_of(user), .to_kind = TO_ADDR, .port = 22,
	    .time = {.ms = when}, .known = FACT(QF_USER) | FACT(QF_TO) | FACT(QF_PORT) | FACT(QF_TIME)};

	assert_true(addr_parse(bytes_of(to), &q.to_addr));
	return q;
}

/* --- kinds ------------------------------------------------------------------------------------------------ */

struct kind_row {
	const char *was, *is;
	enum diff_kind kind; /* DIFF_KINDS: no difference */
};

static void
each_difference_has_its_kind(void **state)
{
	static const struct kind_row rows[] = {
		{"alert any", "alert any", DIFF_KINDS},
		{"alert any", "mode enforce\nalert any", DIFF_KINDS},
		{"alert any", "mode enforce\nblock any", DIFF_STOPPED},
		{"block any", "mode enforce\nblock any", DIFF_STOPPED},
		{"mode enforce\nblock any", "pass any", DIFF_ALLOWED},
		{"mode enforce\nblock any", "mode enforce\nblock any mode audit", DIFF_ALLOWED},
		{"mode enforce\nblock any", "mode enforce\nnever-stop user al\nblock any", DIFF_ALLOWED},
		{"mode enforce\nblock any", "mode enforce\nterminate any", DIFF_OTHERWISE},
		{"alert any", "block any", DIFF_TRIAL},
		{"terminate any", "block any", DIFF_TRIAL},
		{"block any", "pass any", DIFF_TRIAL},
		{"pass any", "alert any", DIFF_TOLD},
		{"record any", "pass any", DIFF_TOLD},
		{"alert any severity low", "alert any severity high", DIFF_WORDED},
		{"alert any", "alert any tag pci", DIFF_WORDED},
		{"alert any tag { a, b }", "alert any tag { a, c }", DIFF_WORDED},
		{"alert any", "alert any at most 1/1d", DIFF_WORDED},
		{"block any message \"no\"", "block any message \"never\"", DIFF_WORDED},
		{"alert any", "block any group x\nalert any", DIFF_UNSURE},
		{"block any group x\nalert any", "block any group y\nalert any", DIFF_KINDS},
		{"alert any user al", "alert any user { al, bo }", DIFF_KINDS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy *was = policy("was", rows[i].was), *is = policy("is", rows[i].is);
		struct question q = question("al", "10.0.0.1", 5);
		struct decision a, b;
		enum diff_kind kind = DIFF_KINDS;
		bool differs;

		pol_ask(was, &q, &a);
		pol_ask(is, &q, &b);
		differs = diff_kind_of(&a, &b, &kind);
		if (differs != (rows[i].kind != DIFF_KINDS) || (differs && kind != rows[i].kind))
			fail_msg("%s > %s: %s", rows[i].was, rows[i].is, differs ? diff_word(kind) : "the same");
		assert_int_equal(differs, diff_kind_of(&b, &a, &kind));
		pol_free(&was);
		pol_free(&is);
	}
}

/* --- groups ----------------------------------------------------------------------------------------------- */

static void
ask(struct diff *d, const char *user, const char *to, int64_t when, uint64_t count)
{
	struct question q = question(user, to, when);

	diff_ask(d, &q, false, count, NULL);
}

/* What is inferred with low confidence is told at most: that a rule would stop it changes nothing. */
static void
what_is_faint_is_not_stopped(void **state)
{
	struct policy *was = policy("was", "mode enforce\nalert any\n");
	struct policy *is = policy("is", "mode enforce\nterminate any\n");
	struct question q = question("al", "10.0.0.1", 5);
	struct diff d;

	(void)state;
	assert_true(diff_begin(&d, was, is));
	diff_ask(&d, &q, true, 7, NULL);
	assert_int_equal(d.same, 7);
	diff_ask(&d, &q, false, 2, NULL);
	assert_int_equal(d.kinds[DIFF_STOPPED], 2);
	assert_int_equal(d.ngroups, 1);
	diff_end(&d);
	pol_free(&was);
	pol_free(&is);
}

static void
alike_is_one_group(void **state)
{
	struct policy *was = policy("was", "mode enforce\npass any user { al, bo }\nblock any user eve\n");
	struct policy *is = policy("is", "mode enforce\nblock any user { al, bo }\npass any\n");
	struct diff d;
	struct buf text = BUF_INIT;
	struct question q = question("eve", "10.1.0.1", 7);

	(void)state;
	assert_true(diff_begin(&d, was, is));
	diff_ask(&d, &q, false, 1, NULL);
	diff_ask(&d, &q, false, 1, "is:9");
	ask(&d, "al", "10.20.0.1", 3000, 200);
	ask(&d, "bo", "10.20.3.1", 1000, 13);
	ask(&d, "al", "2001:db8::1", 2000, 1);
	ask(&d, "zoe", "10.20.3.1", 1000, 5); /* record, then pass */
	diff_sort(&d);
	assert_int_equal(d.asked, 1 + 214 + 5);
	assert_int_equal(d.expects, 1);
	assert_int_equal(d.kinds[DIFF_STOPPED], 214);
	assert_int_equal(d.kinds[DIFF_ALLOWED], 2);
	assert_int_equal(d.ngroups, 3);
	assert_int_equal(d.groups[0].kind, DIFF_STOPPED);
	assert_int_equal(d.groups[0].count, 214);
	assert_int_equal(d.groups[0].first.ms, 1000);
	assert_int_equal(d.groups[0].last.ms, 3000);
	prefix_print(d.groups[0].to[0], &text);
	buf_putc(&text, ' ');
	prefix_print(d.groups[0].to[1], &text);
	assert_string_equal(text.p, "10.20.0.0/22 2001:db8::1");
	assert_int_equal(tally_count(d.groups[0].users), 2);
	assert_int_equal(d.groups[1].kind, DIFF_ALLOWED);
	assert_int_equal(d.groups[1].count, 1);
	assert_int_equal(d.groups[1].expected, 1);
	assert_int_equal(d.groups[2].kind, DIFF_TOLD);
	buf_free(&text);
	diff_end(&d);
	pol_free(&was);
	pol_free(&is);
}

/* Questions without end, each by a rule of its own, take no more than so many groups; all are counted. */
static void
groups_have_a_cap(void **state)
{
	struct buf text = BUF_INIT;
	struct policy *was = policy("was", "mode enforce\n"), *is;
	struct diff d;
	char user[16];

	(void)state;
	buf_puts(&text, "mode enforce\n");
	for (unsigned i = 0; i < ST_DIFF_GROUPS + 100; i++)
		buf_printf(&text, "block outbound-ssh user u%u\n", i);
	is = policy("is", text.p);
	assert_true(diff_begin(&d, was, is));
	for (unsigned i = 0; i < 100000; i++) {
		(void)snprintf(user, sizeof(user), "u%u", i % (ST_DIFF_GROUPS + 100));
		ask(&d, user, "10.0.0.1", 1 + i, 1);
	}
	diff_sort(&d);
	assert_int_equal(d.ngroups, ST_DIFF_GROUPS);
	assert_int_equal(d.kinds[DIFF_STOPPED], 100000);
	assert_int_equal(d.lost, 100000 / (ST_DIFF_GROUPS + 100) * 100 + (100000 % (ST_DIFF_GROUPS + 100) > ST_DIFF_GROUPS ?
	    100000 % (ST_DIFF_GROUPS + 100) - ST_DIFF_GROUPS : 0));
	diff_end(&d);
	pol_free(&was);
	pol_free(&is);
	buf_free(&text);
}

/* --- words of a question ------------------------------------------------------------------------------------ */

/* What was known to be absent is still, and what was not known is not. */
static void
the_words_of_a_question_are_the_question(void **state)
{
	static const char *const words[] = {
		"outbound-ssh user \"o'hara\" group \"\" key \"\" principal \"\" ca \"\" to 10.0.0.1 via \"\" owner \"\"",
		"agent-hijack user bob as root to unix /tmp/ssh-x/agent.1 exe /usr/bin/ssh-add owner other",
		"listen user al to \"\" port 8080",
		"relay user al group { a, b } on { web, bastion } origin 2001:db8::1 to 10.0.0.1 port \"\"",
		"login user al method publickey",
		"session-bridge user \"\"",
		"outbound-ssh user al to { self, 192.0.2.1 } port 22",
		"outbound-ssh user al to self port 22",
		"outbound-ssh user al on host web to 127.0.0.1 port 22",
		"outbound-ssh user al on role web to 10.0.0.1 port 22",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct question_store *store = NULL, *again = NULL;
		struct buf diag = BUF_INIT, once = BUF_INIT, twice = BUF_INIT;
		struct question q, r;

		if (!question_parse(NULL, bytes_of(words[i]), &q, &store, &diag))
			fail_msg("%s", diag.p);
		question_print(&q, &once);
		if (!question_parse(NULL, buf_bytes(&once), &r, &again, &diag))
			fail_msg("%s", diag.p);
		question_print(&r, &twice);
		assert_string_equal(once.p, twice.p);
		assert_int_equal(q.known, r.known);
		assert_int_equal(q.port, r.port);
		assert_int_equal(q.to_kind, r.to_kind);
		assert_true(addr_eq(q.to_addr, r.to_addr));
		assert_true(bytes_eq(q.host, r.host) && q.nroles == r.nroles);
		question_free(&store);
		question_free(&again);
		buf_free(&diag);
		buf_free(&once);
		buf_free(&twice);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_difference_has_its_kind),
		cmocka_unit_test(what_is_faint_is_not_stopped),
		cmocka_unit_test(alike_is_one_group),
		cmocka_unit_test(groups_have_a_cap),
		cmocka_unit_test(the_words_of_a_question_are_the_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
