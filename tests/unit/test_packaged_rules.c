/*
 * The rules file of the package, line by line through libaudit as auditctl would take it, against the
 * rules that the daemon wants: with the file loaded it finds nothing missing.  The kernel is not asked.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/monitor/rule.h"
#include "base/safe.h"

#define FILE_NAME "packaging/auditd/70-sshtether.rules"

/* What auditctl resets between two rules (auditctl.c, reset_vars()). */
extern unsigned int _audit_elf;
extern int _audit_syscalladded, _audit_exeadded, _audit_permadded, _audit_archadded,
    _audit_filterfsadded;

static struct audit_rule_data *packaged[RULES_MAX];
static size_t npackaged;

static void
add_calls(struct audit_rule_data *rule, char *names)
{
	char *rest = names, *name;

	while ((name = strsep(&rest, ",")) != NULL)
		assert_int_equal(audit_rule_syscallbyname_data(rule, name), 0);
	_audit_syscalladded = 1;
}

static struct audit_rule_data *
parse_line(char *line)
{
	struct audit_rule_data *rule = calloc(1, sizeof(*rule) + 256);
	char *rest = line, *word;

	assert_non_null(rule);
	_audit_elf = 0;
	_audit_syscalladded = _audit_exeadded = _audit_permadded = 0;
	_audit_archadded = _audit_filterfsadded = 0;
	rule->action = AUDIT_ALWAYS;
	rule->flags = AUDIT_FILTER_EXIT;
	while ((word = strsep(&rest, " ")) != NULL) {
		char *value = strsep(&rest, " "), key[64] = "key=";

		assert_non_null(value);
		if (strcmp(word, "-a") == 0) {
			assert_string_equal(value, "always,exit");
		} else if (strcmp(word, "-S") == 0) {
			add_calls(rule, value);
		} else if (strcmp(word, "-F") == 0) {
			if (audit_rule_fieldpair_data(&rule, value, AUDIT_FILTER_EXIT) != 0)
				fail_msg("%s", value);
			_audit_archadded |= strncmp(value, "arch=", 5) == 0;
		} else {
			assert_string_equal(word, "-k");
			strncpy(key + 4, value, sizeof(key) - 5);
			assert_int_equal(audit_rule_fieldpair_data(&rule, key, AUDIT_FILTER_EXIT), 0);
		}
	}
	return rule;
}

static int
setup(void **state)
{
	struct buf text = BUF_INIT;
	char *rest, *line;

	(void)state;
	assert_int_equal(plain_read(FILE_NAME, 65536, &text), 0);
	rest = text.p;
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (*line == '\0' || *line == '#')
			continue;
		assert_true(npackaged < RULES_MAX);
		packaged[npackaged++] = parse_line(line);
	}
	buf_free(&text);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	while (npackaged > 0)
		free(packaged[--npackaged]);
	return 0;
}

static void
all_that_the_daemon_wants(void **state)
{
	(void)state;
	for (size_t i = 0; i < rule_count(); i++) {
		union rule_room want;
		bool covered = rule_is_optional(i) || !rule_build(i, false, &want);

		for (size_t k = 0; k < npackaged && !covered; k++)
			covered = rule_covers(packaged[k], &want.data);
		if (!covered)
			fail_msg("%s: not in " FILE_NAME, rule_name(i));
	}
}

static void
and_nothing_else(void **state)
{
	(void)state;
	for (size_t k = 0; k < npackaged; k++) {
		bool wanted = false;

		for (size_t i = 0; i < rule_count() && !wanted; i++) {
			union rule_room want;

			wanted = rule_build(i, false, &want) && rule_covers(packaged[k], &want.data);
		}
		if (!wanted)
			fail_msg("rule %zu of " FILE_NAME " is not the daemon's", k + 1);
	}
}

int
main(void)
{
#ifdef __x86_64__
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_the_daemon_wants),
		cmocka_unit_test(and_nothing_else),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
#else
	return 0; /* the file is for x86-64, and says so */
#endif
}
