/* Exceptions by hand: what is kept, what a broken file means, and that the language reads what is written. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agentd/engine/allow.h"
#include "base/safe.h"
#include "policy/policy.h"

static char dir[32], file[48];

static int
make_dir(void **state)
{
	(void)state;
	(void)bytes_copy(BYTES_LIT("/tmp/st-allow-XXXXXX"), dir, sizeof(dir));
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(file, sizeof(file), "%s/allowed", dir);
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	(void)unlink(file);
	return rmdir(dir);
}

static struct allowance
one(const char *user, const char *to, uint16_t port, int64_t for_ms)
{
	struct allowance a = {.port = port, .until = {.ms = rtime_now().ms + for_ms}, .auid = 1000};

	assert_true(prefix_parse(bytes_of(to), &a.to));
	assert_true(bytes_copy(bytes_of(user), a.user, sizeof(a.user)));
	assert_true(bytes_copy(BYTES_LIT("a \"reason\"\nof two lines"), a.reason, sizeof(a.reason)));
	return a;
}

static void
they_are_kept(void **state)
{
	struct allow *all = allow_new(dir);
	const struct allowance a = one("alice", "10.20.0.0/16", 2222, 3600000), b = one("bob", "2001:db8::1", 0, 60000);

	(void)state;
	assert_int_equal(allow_add(all, &a), 1);
	assert_int_equal(allow_add(all, &b), 2);
	allow_remove(all, 1);
	assert_int_equal(allow_keep(all), 0);
	allow_free(&all);
	all = allow_new(dir);
	assert_null(allow_get(all, 1));
	assert_non_null(allow_get(all, 2));
	assert_string_equal(allow_get(all, 2)->reason, b.reason);
	assert_int_equal(allow_get(all, 2)->until.ms, b.until.ms);
	assert_int_equal(allow_get(all, 2)->to.bits, 128);
	assert_int_equal(allow_get(all, 2)->auid, 1000);
	/* The lowest number that is free. */
	assert_int_equal(allow_add(all, &a), 1);
	allow_free(&all);
}

static void
what_is_over_or_rubbish_is_not_read(void **state)
{
	static const char *const rubbish[] = {"", "x\n", "{}\n", "{\"allow\":0}\n",
	    "{\"allow\":1,\"user\":\"*\",\"to\":\"10.0.0.0/8\",\"until_ms\":99999999999999,\"reason\":\"x\"}\n",
	    "{\"allow\":65,\"user\":\"a\",\"to\":\"10.0.0.0/8\",\"until_ms\":99999999999999,\"reason\":\"x\"}\n",
	    "{\"allow\":1,\"user\":\"a\",\"to\":\"10.0.0.1/8\",\"until_ms\":99999999999999,\"reason\":\"x\"}\n",
	    "{\"allow\":1,\"user\":\"a\",\"to\":\"10.0.0.0/8\",\"until_ms\":1000,\"reason\":\"x\"}\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++) {
		struct allow *all;

		assert_int_equal(atomic_write(file, bytes_of(rubbish[i]), 0600), 0);
		all = allow_new(dir);
		assert_null(allow_get(all, 1));
		allow_free(&all);
	}
}

static void
names_are_plain(void **state)
{
	static const char *const bad[] = {"", "*", "a*", "a b", "a\"", "a\\", "-a", "a?", "[a]", "<t>", "a\n"};

	(void)state;
	assert_true(allow_user_ok(BYTES_LIT("alice")));
	assert_true(allow_user_ok(BYTES_LIT("svc.deploy-1@corp")));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(allow_user_ok(bytes_of(bad[i])));
}

static void
there_is_an_end_of_them(void **state)
{
	struct allow *all = allow_new(dir);
	const struct allowance soon = one("alice", "10.0.0.1", 0, 1000), later = one("bob", "10.0.0.1", 0, 60000);
	struct rtime over = {.ms = soon.until.ms};

	(void)state;
	assert_int_equal(allow_add(all, &later), 1);
	assert_int_equal(allow_add(all, &soon), 2);
	assert_int_equal(allow_over(all, (struct rtime){.ms = over.ms - 1}), 0);
	assert_int_equal(allow_over(all, over), 2);
	for (unsigned i = 3; i <= ST_ALLOWANCES; i++)
		assert_int_equal(allow_add(all, &later), i);
	assert_int_equal(allow_add(all, &later), 0);
	allow_free(&all);
}

static enum action
ask(const struct policy *p, const char *text, const char **file_name, unsigned *line)
{
	struct question_store *store = NULL;
	struct buf diag = BUF_INIT;
	struct question q;
	struct decision d;

	assert_true(question_parse(p, bytes_of(text), &q, &store, &diag));
	pol_ask(p, &q, &d);
	assert_false(d.undetermined);
	*file_name = d.file;
	*line = d.line;
	question_free(&store);
	buf_free(&diag);
	return d.action;
}

/* rule.name is "allow:3" for the third. */
static void
the_language_reads_them(void **state)
{
	struct allow *all = allow_new(dir);
	const struct allowance a = one("and", "10.20.0.0/16", 2222, 3600000), gap = one("x", "10.0.0.1", 0, 1000);
	const struct allowance b = one("carol@corp", "2001:db8::/32", 0, 3600000);
	struct buf text = BUF_INIT, diag = BUF_INIT;
	unsigned nerrors = 0, line;
	struct pol_options opt = {.prelude.name = ALLOW_NAME};
	struct policy *p;
	const char *name;

	(void)state;
	(void)allow_add(all, &a);
	(void)allow_add(all, &gap);
	assert_int_equal(allow_add(all, &b), 3);
	allow_remove(all, 2);
	allow_text(all, &text);
	opt.prelude.text = buf_bytes(&text);
	p = pol_parse("p", BYTES_LIT("mode enforce\nblock outbound-ssh, relay\n"), &opt, &diag, &nerrors);
	if (p == NULL)
		fail_msg("%s", diag.p);
	assert_int_equal(ask(p, "relay user and to 10.20.1.1 port 2222", &name, &line), DO_PASS);
	assert_string_equal(name, "allow");
	assert_int_equal(line, 1);
	assert_int_equal(ask(p, "outbound-ssh user carol@corp to 2001:db8::5 port 22", &name, &line), DO_PASS);
	assert_int_equal(line, 3);
	assert_int_equal(ask(p, "relay user and to 10.20.1.1 port 22", &name, &line), DO_BLOCK);
	assert_int_equal(ask(p, "relay user alice to 10.20.1.1 port 2222", &name, &line), DO_BLOCK);
	assert_string_equal(name, "p");
	assert_int_equal(line, 2);
	pol_free(&p);
	buf_free(&text);
	buf_free(&diag);
	allow_free(&all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(they_are_kept, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(what_is_over_or_rubbish_is_not_read, make_dir, remove_dir),
		cmocka_unit_test(names_are_plain),
		cmocka_unit_test_setup_teardown(there_is_an_end_of_them, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(the_language_reads_them, make_dir, remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
