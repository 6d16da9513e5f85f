/* Files of expect lines beside a policy: what runs, what is refused, and what a policy's own lines ask. */
#include "tests/unit/unit.h"

#include "policy/policy.h"
#include "tests/unit/policy_kit.h"

static const char policy[] = "never-stop user root\n"
			     "block outbound-ssh user eve\n"
			     "block outbound-ssh user root\n"
			     "pass relay user old until 2020-01-01\n"
			     "expect block outbound-ssh user eve\n"
			     "expect pass relay user old\n";

static void
note(const struct pol_tested *t, void *arg)
{
	buf_printf(arg, "%s:%u %d %s%s%s\n", t->file, t->line, t->ok, t->what, t->ok ? "" : ": ", t->why);
}

static unsigned
run(const char *text, struct rtime now, struct buf *out, struct buf *diag, unsigned *errors)
{
	struct policy *pol = kit_policy(policy);
	unsigned failed = pol_test_text(pol, "more", bytes_of(text), now, note, out, diag, errors);

	pol_free(&pol);
	return failed;
}

static void
test_lines_of_another_file(void **state)
{
	struct buf out = BUF_INIT, diag = BUF_INIT;
	unsigned errors;

	(void)state;
	assert_int_equal(run("# tests\n\n"
			     "expect block outbound-ssh user eve\n"
			     "expect block outbound-ssh user bob\n"
			     "expect block outbound-ssh user root\n"
			     "expect block outbound-ssh\n"
			     "expect pass relay user old",
			     (struct rtime){.ms = 1800000000000}, &out, &diag, &errors),
	    4);
	assert_int_equal(errors, 0);
	assert_null(diag.p);
	assert_string_equal(out.p,
	    "more:3 1 expect block outbound-ssh user eve\n"
	    "more:4 0 expect block outbound-ssh user bob: the policy says record, because no rule matches\n"
	    "more:5 0 expect block outbound-ssh user root: the policy says alert, because of never-stop "
	    "(/etc/p:3: block)\n"
	    "more:6 0 expect block outbound-ssh: the answer hangs on what the line leaves out: user\n"
	    "more:7 0 expect pass relay user old: the policy says record, because no rule matches\n");
	buf_free(&out);
	buf_free(&diag);
}

static void
test_anything_else_is_refused(void **state)
{
	struct buf out = BUF_INIT, diag = BUF_INIT;
	unsigned errors;

	(void)state;
	assert_int_equal(run("expect block outbound-ssh user eve\n"
			     "block relay\n"
			     "expext pass relay\n",
			     RTIME_NONE, &out, &diag, &errors),
	    0);
	assert_int_equal(errors, 2);
	assert_null(out.p);
	assert_string_equal(diag.p, "more:2:1: error: 'block' cannot stand here\n"
				    "    2 | block relay\n"
				    "      | ^~~~~\n"
				    "      = expected the end of the line or 'expect'\n"
				    "more:3:1: error: 'expext' cannot stand here\n"
				    "    3 | expext pass relay\n"
				    "      | ^~~~~~\n"
				    "      = did you mean 'expect'?\n");
	buf_free(&out);
	buf_free(&diag);
}

static void
ask_again(const char *file, unsigned line, const struct question *q, void *arg)
{
	assert_string_equal(file, "/etc/p");
	buf_printf(arg, "%u:%.*s ", line, (int)q->user.n, q->user.p);
}

static void
test_what_the_lines_ask(void **state)
{
	struct policy *pol = kit_policy(policy);
	struct buf out = BUF_INIT;

	(void)state;
	pol_each_expect(pol, ask_again, &out);
	assert_string_equal(out.p, "5:eve 6:old ");
	buf_free(&out);
	pol_free(&pol);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines_of_another_file),
	    cmocka_unit_test(test_anything_else_is_refused),
	    cmocka_unit_test(test_what_the_lines_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
