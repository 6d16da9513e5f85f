/*
 * Loading as the daemon does it: through a reader, all or nothing, with memory that fails at every
 * place in turn; and what the daemon asks beside the rules.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "policy/policy.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/policy_kit.h"

/* --- helpers ---------------------------------------------------------------------------------- */

static int
read_from(const char *path, enum pol_file what, size_t max, struct buf *out, const char **why, void *arg)
{
	(void)what;
	return kit_read(arg, path, max, out, why);
}

static struct policy *
load(const char *path, const struct file *files, struct buf *diag)
{
	struct pol_options options = {.read = read_from, .arg = (void *)(uintptr_t)files};
	unsigned errors = 99;
	struct policy *pol = pol_load(path, &options, diag, &errors);

	assert_true((pol == NULL) == (errors != 0));
	return pol;
}

static struct decision
ask(const struct policy *pol, const char *text)
{
	struct question_store *store = NULL;
	struct buf diag = BUF_INIT;
	struct question q;
	struct decision d;

	if (!question_parse(pol, bytes_of(text), &q, &store, &diag))
		fail_msg("%s", diag.p);
	pol_ask(pol, &q, &d);
	question_free(&store);
	assert_null(store);
	buf_free(&diag);
	return d;
}

/* --- tests ------------------------------------------------------------------------------------ */

static void
empty(void **state)
{
	struct policy *pol = pol_empty();
	int64_t window;
	unsigned n;

	(void)state;
	assert_non_null(pol);
	assert_string_equal(pol_fleet(pol), "");
	assert_int_equal(pol_serial(pol), 0);
	assert_int_equal(pol_mode(pol), MODE_AUDIT);
	assert_int_equal(pol_nrules(pol), 0);
	pol_stop_limit(pol, &n, &window);
	assert_int_equal(n, 5);
	assert_int_equal(window, 600000);
	assert_true(pol_is_ssh_port(pol, 22));
	assert_false(pol_is_ssh_port(pol, 2222));
	assert_false(pol_spares(pol, BYTES_LIT("/bin/x")));
	for (unsigned a = 0; a < ACT_COUNT; a++) {
		struct question q = {.activity = (enum activity)a};
		struct decision d;

		pol_ask(pol, &q, &d);
		assert_true(d.by_default && !d.undetermined && !d.never_stop);
		assert_int_equal(d.action, activity_info((enum activity)a)->default_action);
		assert_int_equal(d.rule, UINT_MAX);
		assert_null(d.file);
	}
	pol_free(&pol);
	assert_null(pol);
	pol_free(&pol);
}

static void
through_the_reader(void **state)
{
	static const struct file files[] = {
	    {"/etc/s/p", "table <a> file \"lists/a\"\ntable <b> file \"/abs/b\"\n"
	                 "deny login origin { <a>, <b> }\n"},
	    {"/etc/s/lists/a", "10.0.0.0/8\n!10.1.0.0/16"},
	    {"/abs/b", "# nothing\n\n2001:db8::/32 # one\n"},
	    {NULL, NULL},
	};
	struct buf diag = BUF_INIT;
	struct policy *pol = load("/etc/s/p", files, &diag);

	(void)state;
	assert_non_null(pol);
	assert_int_equal(ask(pol, "login origin 10.2.0.1").action, DO_DENY);
	assert_int_equal(ask(pol, "login origin 10.1.0.1").action, DO_RECORD);
	assert_int_equal(ask(pol, "login origin 2001:db8::5").action, DO_DENY);
	pol_free(&pol);
	buf_free(&diag);
}

/* The first name of all counts too. */
static void
a_marked_table(void **state)
{
	static const struct file files[] = {
	    {"p", "table <gone> file \"gone\"\ndeny login user <gone>\n"},
	    {"gone", "\xef\xbb\xbfmallory\neve\n"},
	    {NULL, NULL},
	};
	struct buf diag = BUF_INIT;
	struct policy *pol = load("p", files, &diag);

	(void)state;
	assert_non_null(pol);
	assert_int_equal(ask(pol, "login user mallory").action, DO_DENY);
	assert_int_equal(ask(pol, "login user eve").action, DO_DENY);
	pol_free(&pol);
	buf_free(&diag);
}

static void
the_reader_refuses(void **state)
{
	static const struct file files[] = {
	    {"p", "table <a> file \"a\"\ntable <b> file \"b\"\ndeny login user root\n"},
	    {"a", NULL},
	    {NULL, NULL},
	};
	static const struct file none[] = {{"p", NULL}, {NULL, NULL}};
	struct buf diag = BUF_INIT;

	(void)state;
	assert_null(load("p", files, &diag));
	assert_non_null(strstr(diag.p, "p:1:16: error: cannot read this table: it is not root's"));
	assert_non_null(strstr(diag.p, "p:2:16: error: cannot read this table: No such file"));
	buf_reset(&diag);
	assert_null(load("p", none, &diag));
	assert_string_equal(diag.p, "p: error: it is not root's\n");
	buf_free(&diag);
}

static const char long_story[] =
    "fleet f\nserial 3\nmode enforce\ntable <t> { 10.0.0.0/8, !10.1.0.0/16 }\n"
    "table <n> { alice, \"b\\\"*\" }\ntable <f> file \"f\"\nnever-stop group { a, b }\nno-baseline user <n>\n"
    "match user <n> hours 08:00-18:00 {\n\tmatch origin { <t>, 192.0.2.1 } {\n"
    "\t\tblock relay, outbound-ssh to { self, unix \"/x*\", <f> } port { 22, 23-25 } message \"m\"\n"
    "\t}\n}\npass any until 2030-01-01\nexpect pass relay user zoe\n";

static const struct file story_files[] = {{"p", long_story}, {"f", "10.9.0.0/16\n"}, {NULL, NULL}};

/* Whichever allocation fails: no policy, an error, nothing lost (the sanitized run sees that). */
static void
no_memory(void **state)
{
	unsigned refused = 0;
	bool done = false;

	(void)state;
	for (long n = 1; !done; n++) {
		struct buf diag = BUF_INIT;
		struct policy *pol;

		fail_at = n;
		pol = load("p", story_files, &diag);
		done = fail_at != 0;
		fail_at = 0;
		assert_true(!done || pol != NULL);
		refused += pol == NULL;
		pol_free(&pol);
		buf_free(&diag);
	}
	assert_true(refused > 10);
}

static void
no_memory_for_an_error(void **state)
{
	bool done = false;

	(void)state;
	for (long n = 1; !done; n++) {
		struct buf diag = BUF_INIT;
		unsigned errors = 0;
		struct policy *pol;

		fail_at = n;
		pol = pol_parse("p", BYTES_LIT("pas relay\npass relay usr x\nserial x\n"), NULL, &diag, &errors);
		done = fail_at != 0;
		fail_at = 0;
		assert_null(pol);
		assert_true(errors > 0);
		buf_free(&diag);
	}
}

static void
no_memory_for_a_question(void **state)
{
	struct policy *pol = pol_empty();
	bool done = false;

	(void)state;
	for (long n = 1; !done; n++) {
		struct question_store *store = NULL;
		struct buf diag = BUF_INIT;
		struct question q;
		bool ok;

		fail_at = n;
		ok = question_parse(pol, BYTES_LIT("relay user \"a\\\\b\" group { a, b } to 10.0.0.1"), &q,
		    &store, &diag);
		done = fail_at != 0;
		fail_at = 0;
		assert_true(ok == (store != NULL));
		question_free(&store);
		buf_free(&diag);
	}
	pol_free(&pol);
}

static void
failing_tests_do_not_load(void **state)
{
	static const char text[] = "deny login user eve\nexpect pass login user eve\n";
	struct pol_options skip = {.skip_expect = true};
	struct buf diag = BUF_INIT;
	unsigned errors;
	struct policy *pol = pol_parse("p", BYTES_LIT(text), NULL, &diag, &errors);

	(void)state;
	assert_null(pol);
	assert_int_equal(errors, 1);
	pol = pol_parse("p", BYTES_LIT(text), &skip, &diag, &errors);
	assert_non_null(pol);
	assert_int_equal(pol_test(pol, RTIME_NONE, NULL, NULL), 1);
	pol_free(&pol);
	buf_free(&diag);
}

/* A rule that ends does not keep the policy from loading afterwards; `policy test` tells. */
static void
until(void **state)
{
	struct policy *pol = kit_policy("pass relay user temp until 2020-06-30\n"
	                                "block relay until 2020-06-30T12:00Z\nexpect pass relay user temp\n");

	(void)state;
	assert_int_equal(pol_test(pol, RTIME_NONE, NULL, NULL), 0);
	assert_int_equal(pol_test(pol, (struct rtime){.ms = 1600000000000}, NULL, NULL), 1);
	assert_int_equal(ask(pol, "relay user temp hours 2020-06-30T23:59").action, DO_PASS);
	assert_int_equal(ask(pol, "relay user temp hours 2020-07-01T00:00").action, DO_RECORD);
	assert_int_equal(ask(pol, "relay user eve hours 2020-06-30T11:59:59Z").action, DO_BLOCK);
	assert_int_equal(ask(pol, "relay user eve hours 2020-06-30T12:00:00Z").action, DO_RECORD);
	pol_free(&pol);
}

static void
never_stop(void **state)
{
	struct policy *pol = kit_policy("never-stop group repair\nnever-stop user { root, \"emerg*\" }\n"
	                                "terminate relay\n");

	(void)state;
	assert_true(ask(pol, "relay user eve group { x, repair }").never_stop);
	assert_true(ask(pol, "relay user emergency group x").never_stop);
	assert_false(ask(pol, "relay user eve group x").never_stop);
	assert_false(ask(pol, "relay user eve group \"\"").never_stop);
	/* Whose groups are not known may be one of them. */
	assert_true(ask(pol, "relay user eve").never_stop);
	assert_true(ask(pol, "relay group x").never_stop);
	assert_int_equal(ask(pol, "relay user eve").action, DO_TERMINATE);
	assert_false(ask(pol, "relay user eve").undetermined);
	pol_free(&pol);
}

static bool
learns(const struct policy *pol, struct bytes user, const struct bytes *groups, size_t ngroups, uint32_t partial)
{
	const struct question q = {.activity = ACT_LOGIN, .known = 1u << QF_USER | (groups != NULL ? 1u << QF_GROUP : 0),
	    .partial = partial, .user = user, .groups = groups, .ngroups = ngroups};

	return pol_learns(pol, &q);
}

/* Who is named, or may be: what he does makes no baseline and is not held against one. */
static void
no_baseline(void **state)
{
	static const struct bytes staff[] = {BYTES_LIT("staff"), BYTES_LIT("dev")}, ci[] = {BYTES_LIT("dev"), BYTES_LIT("ci")};
	struct policy *pol = kit_policy("table <svc> { \"svc-*\", !svc-human }\nno-baseline user { deploy, <svc> }\n"
	                                "no-baseline group ci\nblock any\n");

	(void)state;
	assert_true(learns(pol, BYTES_LIT("alice"), staff, 2, 0));
	assert_true(learns(pol, BYTES_LIT("svc-human"), staff, 2, 0));
	assert_false(learns(pol, BYTES_LIT("deploy"), staff, 2, 0));
	assert_false(learns(pol, BYTES_LIT("deploy"), NULL, 0, 0));
	assert_false(learns(pol, BYTES_LIT("svc-7"), staff, 2, 0));
	assert_false(learns(pol, BYTES_LIT("alice"), ci, 2, 0));
	assert_false(learns(pol, BYTES_LIT("alice"), NULL, 0, 0)); /* whose groups nobody knows */
	assert_false(learns(pol, BYTES_LIT("alice"), staff, 2, 1u << QF_GROUP)); /* or not all of them */
	pol_free(&pol);
	pol = kit_policy("block any\n");
	assert_true(learns(pol, BYTES_LIT("alice"), NULL, 0, 0));
	pol_free(&pol);
	pol = pol_empty();
	assert_true(learns(pol, BYTES_LIT("alice"), NULL, 0, 0));
	pol_free(&pol);
}

/* Of a list that was cut, what is in it counts, and what is not may have been in the rest. */
static void
lists_in_part(void **state)
{
	const struct bytes x = BYTES_LIT("x");
	struct question q = {.activity = ACT_RELAY, .known = 1u << QF_GROUP, .partial = 1u << QF_GROUP,
	    .groups = &x, .ngroups = 1};
	struct policy *pol = kit_policy("never-stop group repair\nblock relay group x\n");
	struct decision d;

	(void)state;
	pol_ask(pol, &q, &d);
	assert_true(d.never_stop);
	assert_true(d.action == DO_BLOCK && !d.undetermined);
	q.partial = 0;
	pol_ask(pol, &q, &d);
	assert_false(d.never_stop);
	pol_free(&pol);
	pol = kit_policy("block relay !group y\nblock relay group z\n");
	q.partial = 1u << QF_GROUP;
	pol_ask(pol, &q, &d);
	assert_true(d.undetermined && d.action == DO_RECORD && d.missing == 1u << QF_GROUP);
	pol_free(&pol);
}

/* The last line of a careful policy must not lock everybody out. */
static void
any_and_logins(void **state)
{
	struct policy *pol = kit_policy("terminate any user mallory\nblock any\ndeny login user eve\n");

	(void)state;
	assert_int_equal(ask(pol, "login user alice").action, DO_RECORD);
	assert_int_equal(ask(pol, "login user eve").action, DO_DENY);
	assert_int_equal(ask(pol, "login user mallory").action, DO_TERMINATE);
	assert_int_equal(ask(pol, "relay user alice").action, DO_BLOCK);
	pol_free(&pol);
	pol = kit_policy("alert any user eve\npass any\n");
	assert_int_equal(ask(pol, "login user eve").action, DO_ALERT);
	assert_int_equal(ask(pol, "login user alice").action, DO_PASS);
	pol_free(&pol);
}

static void
what_is_missing(void **state)
{
	struct policy *pol = kit_policy("pass relay key \"SHA256:a\" user eve\nblock relay user { eve, bob }\n"
	                                "block relay origin 10.0.0.0/8 severity low\nblock listen user x\nblock listen group y\n"
	                                "block listen\n");
	struct decision d = ask(pol, "relay user eve");

	(void)state;
	assert_true(d.undetermined);
	assert_int_equal(d.missing, 1u << QF_KEY);
	assert_int_equal(d.action, DO_PASS);
	assert_int_equal(d.strongest, DO_BLOCK);
	d = ask(pol, "relay");
	assert_int_equal(d.missing, 1u << QF_KEY | 1u << QF_USER | 1u << QF_ORIGIN);
	assert_int_equal(d.action, DO_RECORD);
	/* A fact that settles it, and facts that do not matter. */
	assert_false(ask(pol, "relay user bob").undetermined);
	assert_false(ask(pol, "relay user eve key \"\"").undetermined);
	assert_false(ask(pol, "listen").undetermined);
	assert_int_equal(ask(pol, "listen").line, 6);
	pol_free(&pol);
}

static void
beside_the_rules(void **state)
{
	struct policy *pol = kit_policy("fleet \"a b\"\nserial 18\nmode enforce\nssh-ports { 22, 2200-2202, 65535 }\n"
	                                "stop-limit off\nspare exe { \"/usr/bin/x\", \"/opt/*\" }\n\nmatch user a {\n"
	                                "  block relay\n}\npass listen\n");
	const char *file, *why;
	unsigned n, line;
	int64_t window;
	struct buf text = BUF_INIT;

	(void)state;
	assert_string_equal(pol_fleet(pol), "a b");
	assert_int_equal(pol_serial(pol), 18);
	assert_int_equal(pol_mode(pol), MODE_ENFORCE);
	for (unsigned port = 0; port < 65536; port++)
		assert_int_equal(pol_is_ssh_port(pol, (uint16_t)port),
		    port == 22 || port == 65535 || (port >= 2200 && port <= 2202));
	pol_stop_limit(pol, &n, &window);
	assert_int_equal(n, 0);
	assert_true(pol_spares(pol, BYTES_LIT("/usr/bin/x")));
	assert_true(pol_spares(pol, BYTES_LIT("/opt/y/z")));
	assert_false(pol_spares(pol, BYTES_LIT("/usr/bin/xx")));
	assert_false(pol_spares(pol, BYTES_NONE));
	pol_rule_place(pol, 0, &file, &line);
	assert_string_equal(file, "/etc/p");
	assert_int_equal(line, 9);
	pol_rule_text(pol, 0, &text);
	buf_putc(&text, '\0');
	assert_string_equal(text.p, "block relay user a");
	assert_int_equal(pol_rule_level(pol, 0, POLG_ALL, &why), LEVEL_PREVENT);
	assert_null(why);
	assert_int_equal(pol_rule_level(pol, 0, 0, &why), LEVEL_REACT);
	assert_non_null(why);
	assert_int_equal(pol_rule_level(pol, 1, POLG_ALL, &why), LEVEL_OBSERVE);
	buf_free(&text);
	pol_free(&pol);
}

/* A rule's text is its own, whatever its block: hits are kept by it. */
static void
a_rule_names_its_blocks(void **state)
{
	static const char *const want[] = {"block relay to 10.0.0.1 !user eve port 22", "block relay to 10.0.0.1",
	    "block relay"};
	struct policy *pol = kit_policy("match to 10.0.0.1 {\nmatch !user eve {\nblock relay port 22\n}\nblock relay\n}\n"
					"block relay\n");

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct buf text = BUF_INIT;

		pol_rule_text(pol, i, &text);
		buf_putc(&text, '\0');
		assert_string_equal(text.p, want[i]);
		buf_free(&text);
	}
	pol_free(&pol);
}

static void
questions_that_are_none(void **state)
{
	static const char *const bad[] = {"", "relay\nrelay", "dance", "relay user", "relay user a*",
	    "relay to example.com", "pass relay", "relay hours tomorrow", "relay user <t>", "fleet a",
	    "match user a {", "relay user \"x"};
	struct policy *pol = pol_empty();

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct question_store *store = NULL;
		struct buf diag = BUF_INIT;
		struct question q;

		assert_false(question_parse(pol, bytes_of(bad[i]), &q, &store, &diag));
		assert_null(store);
		assert_true(diag.n > 0);
		buf_free(&diag);
	}
	pol_free(&pol);
}

/* --- rules that are given for a while --------------------------------------------------------- */

static struct policy *
parse_after(const char *prelude, const char *text, struct buf *diag)
{
	struct pol_options options = {.now = {.ms = 1}, .prelude = {.name = "allow", .text = bytes_of(prelude)}};
	unsigned errors;

	return pol_parse("/etc/p", bytes_of(text), &options, diag, &errors);
}

static void
a_prelude_comes_first(void **state)
{
	static const char text[] = "table <t> { 10.0.0.0/8 }\nblock relay to <t>\nexpect block relay to 10.0.0.1\n";
	static const char prelude[] = "pass relay user eve to 10.0.0.1 until 2099-01-01T00:00Z\n"
	                              "pass relay user bob until 2020-01-01T00:00Z\n";
	struct buf diag = BUF_INIT, out = BUF_INIT;
	struct policy *pol = parse_after(prelude, text, &diag);
	struct question_store *store = NULL;
	struct question q;
	struct decision d;
	const char *file;
	unsigned line;

	(void)state;
	assert_non_null(pol);
	assert_int_equal(pol_nrules(pol), 3);
	d = ask(pol, "relay user eve to 10.0.0.1 hours 2030-01-01T00:00");
	assert_int_equal(d.action, DO_PASS);
	assert_string_equal(d.file, "allow");
	assert_int_equal(d.line, 1);
	assert_int_equal(d.rule, 0);
	d = ask(pol, "relay user bob to 10.0.0.1 hours 2030-01-01T00:00");
	assert_int_equal(d.action, DO_BLOCK);
	assert_string_equal(d.file, "/etc/p");
	assert_int_equal(d.line, 2);
	pol_rule_place(pol, 1, &file, &line);
	assert_string_equal(file, "allow");
	assert_int_equal(line, 2);
	pol_rule_place(pol, 2, &file, &line);
	assert_string_equal(file, "/etc/p");
	/* expect lines are about the file. */
	assert_int_equal(pol_test(pol, RTIME_NONE, NULL, NULL), 0);
	assert_true(question_parse(pol, BYTES_LIT("relay user eve to 10.0.0.1"), &q, &store, &diag));
	pol_explain(pol, &q, &out);
	buf_putc(&out, '\0');
	question_free(&store);
	assert_non_null(strstr(out.p, "allow:1: pass relay user eve"));
	buf_free(&out);
	buf_free(&diag);
	pol_free(&pol);
}

static void
a_prelude_only_passes_for_a_while(void **state)
{
	static const char *const bad[] = {"block relay until 2099-01-01\n", "pass relay\n", "mode enforce\n",
	    "table <x> { 10.0.0.0/8 }\n", "match user a {\npass relay until 2099-01-01\n}\n",
	    "never-stop user eve\n", "no-baseline user eve\n", "spare exe \"/x\"\n", "expect pass relay\n", "ssh-ports 23\n",
	    "stop-limit off\n", "ungranted deny\n", "fleet x\n", "serial 1\n", "pass relay to <nowhere> until 2099-01-01\n",
	    "match user a {\n", "}\n", "pas relay\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct buf diag = BUF_INIT;
		struct policy *pol = parse_after(bad[i], "block relay\n", &diag);

		if (pol != NULL)
			fail_msg("taken: %s", bad[i]);
		if (strstr(diag.p, "allow:1:") == NULL)
			fail_msg("%s names not the place of: %s", diag.p, bad[i]);
		buf_free(&diag);
	}
}

static void
put_patterns(struct buf *out, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		buf_printf(out, "pass outbound-ssh user \"*-team%u-*\"\n", i);
	buf_puts(out, "block outbound-ssh\n");
}

static void
put_expects(struct buf *out, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		buf_printf(out, "expect block outbound-ssh user somebody-from-somewhere-%u\n", i);
}

static struct policy *
parse_patterns(unsigned npatterns, unsigned nexpects, struct buf *diag)
{
	struct buf text = BUF_INIT;
	struct policy *pol;
	unsigned errors;

	put_patterns(&text, npatterns);
	put_expects(&text, nexpects);
	pol = pol_parse("p", buf_bytes(&text), NULL, diag, &errors);
	assert_int_equal(errors, pol == NULL);
	buf_free(&text);
	return pol;
}

/* What a load of any policy takes has an end, and one error says so. */
static void
expect_lines_take_so_many_steps(void **state)
{
	struct buf diag = BUF_INIT, tests = BUF_INIT;
	struct policy *pol = parse_patterns(10000, 100, &diag);
	unsigned errors, failed;

	(void)state;
	assert_non_null(pol);
	put_expects(&tests, 5000);
	failed = pol_test_text(pol, "t", buf_bytes(&tests), RTIME_NONE, NULL, NULL, &diag, &errors);
	assert_int_equal(errors, 1); /* too many lines */
	buf_reset(&tests);
	put_expects(&tests, 4096);
	failed = pol_test_text(pol, "t", buf_bytes(&tests), RTIME_NONE, NULL, NULL, &diag, &errors);
	assert_int_equal(errors, 0);
	assert_in_range(failed, 1, 4000);
	pol_free(&pol);
	buf_reset(&diag);
	assert_null(parse_patterns(10000, 4096, &diag));
	assert_non_null(strstr(diag.p, "error: the expect lines take too long: more than 1000000000 steps"));
	buf_free(&diag);
	buf_free(&tests);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(empty),
	    cmocka_unit_test(through_the_reader),
	    cmocka_unit_test(a_marked_table),
	    cmocka_unit_test(the_reader_refuses),
	    cmocka_unit_test(no_memory),
	    cmocka_unit_test(no_memory_for_an_error),
	    cmocka_unit_test(no_memory_for_a_question),
	    cmocka_unit_test(failing_tests_do_not_load),
	    cmocka_unit_test(until),
	    cmocka_unit_test(never_stop),
	    cmocka_unit_test(no_baseline),
	    cmocka_unit_test(lists_in_part),
	    cmocka_unit_test(any_and_logins),
	    cmocka_unit_test(what_is_missing),
	    cmocka_unit_test(beside_the_rules),
	    cmocka_unit_test(a_prelude_comes_first),
	    cmocka_unit_test(a_prelude_only_passes_for_a_while),
	    cmocka_unit_test(a_rule_names_its_blocks),
	    cmocka_unit_test(questions_that_are_none),
	    cmocka_unit_test(expect_lines_take_so_many_steps),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
