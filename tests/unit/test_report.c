/* The contract between module and daemon: what a reader may look at, and what it must refuse. */
#include "tests/unit/unit.h"

#include <sshtether/report.h>

static struct report
good_report(void)
{
	return (struct report){.magic = REPORT_MAGIC, .version = REPORT_VERSION, .kind = REPORT_OPEN};
}

static struct verdict
good_verdict(void)
{
	return (struct verdict){.magic = VERDICT_MAGIC, .version = REPORT_VERSION,
	    .action = VERDICT_ALLOW, .source = VERDICT_POLICY};
}

static void
report_good(void **state)
{
	struct report r = good_report();

	(void)state;
	assert_true(report_valid(&r, sizeof(r)));
	r.kind = REPORT_ACCOUNT;
	assert_true(report_valid(&r, sizeof(r)));
	r.kind = REPORT_CLOSE;
	r.ngroups = ST_GROUPS_MAX;
	memset(r.user, 'u', sizeof(r.user) - 1);
	assert_true(report_valid(&r, sizeof(r)));
}

static void
report_numbers(void **state)
{
	struct report r = good_report();

	(void)state;
	assert_false(report_valid(&r, 0));
	assert_false(report_valid(&r, sizeof(r) - 1));
	assert_false(report_valid(&r, sizeof(r) + 1));
	r = good_report();
	r.magic = VERDICT_MAGIC;
	assert_false(report_valid(&r, sizeof(r)));
	r = good_report();
	r.version++;
	assert_false(report_valid(&r, sizeof(r)));
	r = good_report();
	r.kind = 0;
	assert_false(report_valid(&r, sizeof(r)));
	r.kind = REPORT_CLOSE + 1;
	assert_false(report_valid(&r, sizeof(r)));
	r = good_report();
	r.ngroups = ST_GROUPS_MAX + 1;
	assert_false(report_valid(&r, sizeof(r)));
}

/* A string that fills its array would be read beyond it. */
static void
report_strings(void **state)
{
#define FIELD(name) {offsetof(struct report, name), sizeof(((struct report *)NULL)->name)}
	static const struct {
		size_t at, n;
	} fields[] = {FIELD(service), FIELD(user), FIELD(tty), FIELD(method), FIELD(key_type),
	    FIELD(key_fp), FIELD(ca_fp), FIELD(cert_id), FIELD(principals)};

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct report r = good_report();

		memset((char *)&r + fields[i].at, 'x', fields[i].n);
		assert_false(report_valid(&r, sizeof(r)));
	}
}

static void
report_list_of_principals(void **state)
{
	struct report r = good_report();

	(void)state;
	memset(r.principals, 'x', sizeof(r.principals) - 1);
	assert_false(report_valid(&r, sizeof(r))); /* terminated, but the list does not end */
	r.principals[sizeof(r.principals) - 2] = '\0';
	assert_true(report_valid(&r, sizeof(r)));
}

static void
verdicts(void **state)
{
	struct verdict v = good_verdict();

	(void)state;
	assert_true(verdict_valid(&v, sizeof(v)));
	assert_false(verdict_valid(&v, sizeof(v) - 1));
	assert_false(verdict_valid(&v, sizeof(v) + 1));
	v.magic = REPORT_MAGIC;
	assert_false(verdict_valid(&v, sizeof(v)));
	v = good_verdict();
	v.version = 0;
	assert_false(verdict_valid(&v, sizeof(v)));
	v = good_verdict();
	v.action = 0;
	assert_false(verdict_valid(&v, sizeof(v)));
	v.action = VERDICT_DENY + 1;
	assert_false(verdict_valid(&v, sizeof(v)));
	v = good_verdict();
	v.source = VERDICT_FALLBACK + 1;
	assert_false(verdict_valid(&v, sizeof(v)));
	v = good_verdict();
	memset(v.message, 'm', sizeof(v.message));
	assert_false(verdict_valid(&v, sizeof(v)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(report_good),
		cmocka_unit_test(report_numbers),
		cmocka_unit_test(report_strings),
		cmocka_unit_test(report_list_of_principals),
		cmocka_unit_test(verdicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
