/* words: every row is there, every name is read back, and what no rule matches is as promised. */
#include "tests/unit/unit.h"

#include "base/words.h"

static void
activities(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ACT_COUNT; i++) {
		const struct activity_info *info = activity_info((enum activity)i);
		enum activity back;

		assert_non_null(info->name);
		assert_true(activity_parse(bytes_of(info->name), &back));
		assert_int_equal(back, i);
		assert_true(info->technique[0][0] == 'T');
		assert_true(info->default_action == DO_RECORD || info->default_action == DO_ALERT);
	}
}

/* An empty policy floods nobody: these alert, the rest is recorded. */
static void
defaults(void **state)
{
	static const enum activity alerted[] = {
	    ACT_AGENT_HIJACK,  ACT_MUX_HIJACK,          ACT_SSH_TAMPER,   ACT_SESSION_ESCAPE,
	    ACT_AUDIT_EVASION, ACT_UNREPORTED_SESSION, ACT_LISTED_ORIGIN,
	};
	unsigned alerts = 0;

	(void)state;
	for (unsigned i = 0; i < ACT_COUNT; i++)
		alerts += activity_info((enum activity)i)->default_action == DO_ALERT;
	assert_int_equal(alerts, sizeof(alerted) / sizeof(alerted[0]));
	for (size_t i = 0; i < sizeof(alerted) / sizeof(alerted[0]); i++)
		assert_int_equal(activity_info(alerted[i])->default_action, DO_ALERT);
}

#define READ_BACK(word, type, count)                                                           \
	do {                                                                                   \
		for (unsigned i = 0; i < (count); i++) {                                       \
			type back;                                                             \
                                                                                               \
			assert_true(word##_parse(bytes_of(word##_name((type)i)), &back));      \
			assert_int_equal(back, i);                                             \
		}                                                                              \
	} while (0)

#define NAMED(word, count)                                                                     \
	for (unsigned i = 0; i < (count); i++)                                                 \
	assert_true(word##_name((enum word)i)[0] != '\0')

static void
names(void **state)
{
	enum mode mode;

	(void)state;
	NAMED(action, DO_COUNT);
	NAMED(severity, SEV_COUNT);
	NAMED(level, LEVEL_COUNT);
	NAMED(done, DONE_COUNT);
	READ_BACK(mode, enum mode, MODE_COUNT);
	READ_BACK(owner, enum owner, OWNER_COUNT);
	assert_string_equal(level_name(LEVEL_PREVENT), "prevent");
	assert_string_equal(action_name(DO_TERMINATE_ALL), "terminate all");
	assert_false(mode_parse(BYTES_LIT("AUDIT"), &mode));
	assert_false(mode_parse(BYTES_NONE, &mode));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(activities),
	    cmocka_unit_test(defaults),
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
