/* A dry run of `sshtether baseline import` says what would be learned: by the days that are kept, whatever day it is. */
#include "cli/baseline.h"
#include "tests/unit/fake_daemon.h"
#include "tests/unit/unit.h"

#define WEEKS "tests/data/sessions/u1_weeks.log" /* 2026-10-05 to 2026-11-02 */
#define LATER "tests/data/sessions/basic.log"    /* 2026-11-21 */

static const char *now;

struct rtime __wrap_rtime_now(void);

struct rtime
__wrap_rtime_now(void)
{
	struct rtime t;

	assert_true(when_parse(bytes_of(now), RTIME_NONE, &t));
	return t;
}

static void
assert_said(const char *today, const char *line, int status, const char *want)
{
	struct buf out = BUF_INIT, err = BUF_INIT;
	struct cli cli = {.utc = true, .command = &(struct command){.name = "test", .usage = ""}};

	now = today;
	assert_int_equal(run_command(&cli, cmd_baseline_import, line, &out, &err), status);
	if (strstr(status == CLI_OK ? out.p : err.p, want) == NULL)
		fail_msg("on %s '%s' is not in: %s%s", today, want, out.p, err.p);
	buf_free(&out);
	buf_free(&err);
}

static void
what_is_no_longer_kept_is_counted(void **state)
{
	(void)state;
	assert_said("2026-11-03T00:00:00Z", "import --dry-run " WEEKS, CLI_OK,
	    "learned: 1 user on 21 days (2026-10-05 to 2026-11-02), 240 rows\nnothing was given");
	assert_said("2026-11-22T00:00:00Z", "import --dry-run " WEEKS, CLI_OK,
	    "learned: 1 user on 6 days (2026-10-26 to 2026-11-02), ");
	assert_said("2026-11-22T00:00:00Z", "import --dry-run " WEEKS, CLI_OK,
	    " rows of days before 2026-10-24: older than the 30 days that are kept\nnothing was given");
	assert_said("2026-11-22T00:00:00Z", "import --dry-run --json " WEEKS, CLI_OK, "\"rows\":75,\"old\":165,\"dry_run\":true}");
	assert_said("2026-12-24T00:00:00Z", "import --dry-run " WEEKS, CLI_FOUND,
	    "nothing was learned: 240 rows of days before 2026-11-25");
}

/* A younger file takes nothing away without a word. */
static void
what_another_file_tells_is_no_loss(void **state)
{
	(void)state;
	assert_said("2026-11-22T00:00:00Z", "import --dry-run " WEEKS " " LATER, CLI_OK,
	    "learned: 1 user on 7 days (2026-10-26 to 2026-11-21), ");
	assert_said("2026-12-24T00:00:00Z", "import --dry-run " WEEKS " " LATER, CLI_FOUND, "nothing was learned: 248 rows of ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_longer_kept_is_counted),
		cmocka_unit_test(what_another_file_tells_is_no_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
