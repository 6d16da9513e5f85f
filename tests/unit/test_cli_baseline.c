/* `sshtether baseline show` for people: hours are of UTC, as in the alerts, in whatever zone one sits, and say so. */
#include <stdlib.h>
#include <time.h>

#include "cli/baseline.h"
#include "tests/unit/fake_daemon.h"
#include "tests/unit/unit.h"

static const struct baseline_head head = {.window = 30, .data = 14, .active = 10, .days = 20, .days_before = 20};

static void
make_user(struct baseline_user *u)
{
	*u = (struct baseline_user){.days = 20, .active = {.ready = true}};
	(void)snprintf(u->name, sizeof(u->name), "alice");
	u->hours[8] = 20; /* Mondays */
}

static int
show_one(struct cli *cli, int argc, char **argv)
{
	struct baseline_user u;

	(void)argc;
	(void)argv;
	make_user(&u);
	return baseline_print_user(cli, &head, &u, (struct rtime){.ms = 1795309320000});
}

static int
show_all(struct cli *cli, int argc, char **argv)
{
	struct baseline_user u;
	struct baseline_people people = {.list = &u, .n = 1};

	(void)argc;
	(void)argv;
	make_user(&u);
	return baseline_print_all(cli, &head, &people);
}

static void
hours_are_of_utc(void **state)
{
	static const struct {
		int (*run)(struct cli *, int, char **);
		const char *words;
	} rows[] = {{show_one, "logs in Mon 08-09 h (UTC)\n"}, {show_all, "USUALLY (UTC)\n"}, {show_all, " Mon 08-09 h\n"}};

	(void)state;
	assert_int_equal(setenv("TZ", "XYZ-9", 1), 0); /* Tokyo's */
	tzset();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = BUF_INIT, err = BUF_INIT;
		struct cli cli = {0};

		assert_int_equal(run_command(&cli, rows[i].run, "show", &out, &err), CLI_OK);
		if (strstr(out.p, rows[i].words) == NULL)
			fail_msg("'%s' is not in: %s", rows[i].words, out.p);
		buf_free(&out);
		buf_free(&err);
	}
}

/* The same page again and again, and pages of a daemon that names them otherwise. */
static void
pages_that_do_not_go_on_end_it(void **state)
{
	static const char *const next[] = {"\"1.616c.62\"", "5"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fake_daemon d;
		struct buf answer = BUF_INIT, out = BUF_INIT, err = BUF_INIT;
		struct cli cli = {0};

		buf_printf(&answer, "{\"baseline\":1,\"window\":30}\n{\"next\":%s}\n{\"end\":true,\"status\":0}\n", next[i]);
		fake_daemon_start(&d, "control.sock", answer.p);
		cli.run_dir = d.dir;
		assert_int_equal(run_command(&cli, cmd_baseline_export, "export", &out, &err), CLI_UNREACHABLE);
		assert_non_null(strstr(err.p, "pages do not go on"));
		fake_daemon_stop(&d);
		buf_free(&answer);
		buf_free(&out);
		buf_free(&err);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hours_are_of_utc),
		cmocka_unit_test(pages_that_do_not_go_on_end_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
