/* Which gates work, asked of a daemon that answers, of one that does not say, and of none. */
#include "tests/unit/unit.h"

#include "cli/gates.h"
#include "tests/unit/fake_daemon.h"

#define END "{\"end\":true,\"status\":0}\n"

static bool
asked(const char *answer, unsigned *gates)
{
	struct fake_daemon d;
	struct cli cli = {0};
	bool said;

	fake_daemon_start(&d, "control.sock", answer);
	cli.run_dir = d.dir;
	said = gates_of_host(&cli, gates);
	fake_daemon_stop(&d);
	return said;
}

static void
what_the_daemon_says(void **state)
{
	unsigned gates = 99;

	(void)state;
	assert_true(asked("{\"gates\":[{\"name\":\"connect\",\"works\":true},{\"name\":\"path\",\"works\":false},"
	                  "{\"name\":\"listener\",\"works\":true},{\"name\":\"door\",\"works\":true},7]}\n" END, &gates));
	assert_int_equal(gates, POLG_CONNECT | POLG_LISTENER);
	assert_true(asked("{\"gates\":[]}\n" END, &gates));
	assert_int_equal(gates, 0);
}

static void
nothing_is_made_up(void **state)
{
	const struct cli alone = {.run_dir = "/nonexistent/sshtether"};
	unsigned gates = 99;

	(void)state;
	assert_false(asked("{\"version\":\"1\"}\n" END, &gates));
	assert_false(asked("{\"gates\":[{\"name\":\"connect\",\"works\":true}]}\n", &gates)); /* and was gone */
	assert_false(gates_of_host(&alone, &gates));
	assert_int_equal(gates, 99);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_the_daemon_says),
	    cmocka_unit_test(nothing_is_made_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
