/* case/score: what counts, and what of it comes together. */
#include <stdio.h>

#include "tests/unit/case_kit.h"

static void
everyday_things_are_context(void **state)
{
	static const enum activity everyday[] = {ACT_OUTBOUND_SSH, ACT_RELAY, ACT_AGENT_USE, ACT_MUX_USE, ACT_LISTEN,
	    ACT_SESSION_BRIDGE};
	struct cases *t = kit_cases();
	struct case_file *c = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(everyday) / sizeof(everyday[0]); i++)
		c = kit_take(t, &(struct step){.activity = everyday[i]});
	assert_non_null(c);
	assert_int_equal(c->nitems, 6);
	assert_int_equal(c->score, 0);
	assert_int_equal(c->severity, SEV_INFO);
	assert_null(cases_find(t, 57)); /* no case to anybody */
	cases_free(&t);
}

static void
each_group_counts(void **state)
{
	static const struct {
		struct step step;
		enum case_group group;
	} rows[] = {
		{{.activity = ACT_LISTED_ORIGIN}, GROUP_ORIGIN},
		{{.activity = ACT_UNUSUAL_ORIGIN}, GROUP_ORIGIN},
		{{.activity = ACT_UNUSUAL_HOUR}, GROUP_ORIGIN},
		{{.activity = ACT_CONCURRENT_ORIGINS}, GROUP_SIMULTANEOUS},
		{{.activity = ACT_UNREPORTED_SESSION}, GROUP_SIMULTANEOUS},
		{{.activity = ACT_UNUSUAL_DESTINATION}, GROUP_MOVEMENT},
		{{.activity = ACT_SSH_PROXY, .grade = GRADE_UNUSUAL}, GROUP_MOVEMENT},
		{{.activity = ACT_SSH_PROXY, .grade = GRADE_DETECTED}, GROUP_MOVEMENT},
		{{.activity = ACT_AGENT_HIJACK, .owner = OWNER_SAME_USER}, GROUP_AGENT},
		{{.activity = ACT_MUX_HIJACK, .owner = OWNER_OTHER}, GROUP_AGENT},
		{{.activity = ACT_ESCALATED_AGENT}, GROUP_ESCALATION},
		{{.activity = ACT_SSH_TAMPER}, GROUP_ESCALATION},
		{{.activity = ACT_SSH_TAMPER, .reached = true}, GROUP_ESCALATION},
		{{.activity = ACT_SSH_TAMPER, .reached = true, .agent = true}, GROUP_AGENT},
		{{.activity = ACT_SESSION_ESCAPE}, GROUP_ESCALATION},
		{{.activity = ACT_KEY_READ}, GROUP_KEYS},
		{{.activity = ACT_UNUSUAL_DURATION}, GROUP_DURATION},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cases *t = kit_cases();
		const struct case_file *c = kit_take(t, &rows[i].step);

		assert_int_equal(c->indicators, 1);
		assert_true(c->score > 0 && c->score <= 100);
		assert_int_equal(c->items[0].points[rows[i].group], c->score);
		cases_free(&t);
	}
}

/* A hotel, a night on call, a new host, two logins: none of them is worth a word alone, however sure it is. */
static void
one_weak_thing_is_never_told(void **state)
{
	static const enum activity weak[] = {ACT_UNUSUAL_ORIGIN, ACT_UNUSUAL_HOUR, ACT_CONCURRENT_ORIGINS,
	    ACT_UNUSUAL_DESTINATION, ACT_UNUSUAL_DURATION, ACT_ESCALATED_AGENT};

	(void)state;
	for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++) {
		for (unsigned sure = 0; sure < CONFIDENCE_COUNT; sure++) {
			struct cases *t = kit_cases();
			const struct step s = {.activity = weak[i], .confidence = (enum confidence)sure};

			for (unsigned again = 0; again < 20; again++)
				assert_false(case_is_due(kit_take(t, &s)));
			cases_free(&t);
		}
	}
}

/* Thirty new hosts are one and a half; which is told when their detector is sure, of a sweep. */
static void
of_one_group_they_add_little(void **state)
{
	(void)state;
	for (unsigned sure = CONFIDENCE_LOW; sure < CONFIDENCE_COUNT; sure++) {
		struct cases *t = kit_cases();
		struct case_file *c = NULL;
		unsigned one = 0;
		char path[32];

		for (unsigned i = 0; i < 30; i++) {
			(void)snprintf(path, sizeof(path), "/host/%u", i);
			c = kit_take(t, &(struct step){.activity = ACT_UNUSUAL_DESTINATION, .confidence = (enum confidence)sure,
			    .subject = path});
			one = i == 0 ? c->score : one;
		}
		assert_int_equal(c->nitems, 30);
		assert_int_equal(c->score, one + one / 2);
		assert_int_equal(case_is_due(c), sure == CONFIDENCE_HIGH);
		cases_free(&t);
	}
}

static void
different_groups_confirm_each_other(void **state)
{
	struct cases *t = kit_cases();
	struct case_file *c = kit_take(t, &travel);
	const unsigned alone = c->score;

	(void)state;
	assert_false(case_is_due(c));
	c = kit_take(t, &night); /* the same group: travel has its own hours */
	assert_false(case_is_due(c));
	c = kit_take(t, &(struct step){.activity = ACT_UNUSUAL_DESTINATION, .confidence = CONFIDENCE_HIGH});
	assert_true(c->score >= alone + 15);
	assert_int_equal(c->severity, SEV_MEDIUM);
	assert_true(case_is_due(c));
	cases_free(&t);
}

static void
hijack_and_escalation_are_critical(void **state)
{
	struct cases *t = kit_cases();
	struct case_file *c = kit_take(t, &hijack);

	(void)state;
	assert_int_equal(c->severity, SEV_HIGH);
	assert_false(case_is_due(c)); /* its own alert says as much */
	c = kit_take(t, &escalated);
	assert_int_equal(c->score, 100);
	assert_int_equal(c->severity, SEV_CRITICAL);
	assert_true(case_is_due(c));
	cases_free(&t);

	t = kit_cases();
	c = kit_take(t, &hijack_as_root); /* both in one */
	assert_int_equal(c->severity, SEV_CRITICAL);
	assert_int_equal(c->indicators, 2);
	assert_true(case_is_due(c));
	cases_free(&t);
}

/* An agent's memory is the agent: as root it is hijack and escalation in one. */
static void
who_reaches_into_an_agent_has_hijacked_it(void **state)
{
	struct step reach = {.activity = ACT_SSH_TAMPER, .owner = OWNER_OTHER, .reached = true, .agent = true, .as_root = true};
	struct cases *t = kit_cases();
	const struct case_file *c = kit_take(t, &reach);

	(void)state;
	assert_int_equal(c->indicators, 2);
	assert_int_equal(c->score, 100);
	cases_free(&t);

	t = kit_cases();
	reach.agent = false; /* sshd */
	c = kit_take(t, &reach);
	assert_int_equal(c->indicators, 1);
	assert_int_equal(c->score, 70);
	cases_free(&t);
}

/* Sudo and then ssh: everyday, and no points; in a session that has hijacked it is the rest of the story. */
static void
everyday_work_as_another_is_escalation(void **state)
{
	struct step ssh_as_root = {.activity = ACT_OUTBOUND_SSH, .as_root = true};
	struct cases *t = kit_cases();
	struct case_file *c = kit_take(t, &ssh_as_root);

	(void)state;
	assert_int_equal(c->score, 0);
	c = kit_take(t, &key); /* not with what is no hijack */
	assert_int_equal(c->severity, SEV_MEDIUM);
	c = kit_take(t, &hijack);
	assert_int_equal(c->score, 100);
	cases_free(&t);

	t = kit_cases();
	ssh_as_root.passed = true; /* a rule passes it by name */
	(void)kit_take(t, &ssh_as_root);
	c = kit_take(t, &hijack);
	assert_int_equal(c->score, 70);
	assert_false(case_is_due(c));
	cases_free(&t);
}

/* Sixty-four files of one's own do not push it out. */
static void
what_escalated_stays(void **state)
{
	struct step file = {.activity = ACT_KEY_READ, .confidence = CONFIDENCE_LOW};
	struct cases *t = kit_cases();
	const struct case_file *c;
	char path[32];

	(void)state;
	(void)kit_take(t, &(struct step){.activity = ACT_OUTBOUND_SSH, .as_root = true});
	file.subject = path;
	for (unsigned i = 1; i < ST_CASE_ITEMS; i++) {
		(void)snprintf(path, sizeof(path), "/home/alice/.ssh/%u", i);
		(void)kit_take(t, &file);
	}
	c = kit_take(t, &hijack);
	assert_int_equal(c->dropped, 1);
	assert_int_equal(c->score, 100);
	cases_free(&t);
}

/* Whoever was told "critical" of one thing finds no "high" on the sheet; nothing is told, or hidden, by that. */
static void
it_stands_no_lower_than_its_alerts(void **state)
{
	struct cases *t = kit_cases();
	struct step grave = hijack;
	struct case_file *c;

	(void)state;
	grave.severity = SEV_CRITICAL;
	c = kit_take(t, &grave);
	assert_int_equal(c->score, 70);
	assert_int_equal(c->severity, SEV_CRITICAL);
	assert_false(case_is_due(c));
	c = kit_take(t, &(struct step){.activity = ACT_UNUSUAL_HOUR, .confidence = CONFIDENCE_LOW});
	assert_true(case_is_due(c));
	cases_told(t, c);
	assert_false(case_is_due(c));
	c = kit_take(t, &escalated); /* the sheet's own case: it is told, though the word for it is the same */
	assert_true(case_is_due(c));
	cases_free(&t);
}

/* What is everyday and a rule alerts of says how grave the session is, and not what its user's keys are worth. */
static void
an_alert_of_everyday_things_is_no_indicator(void **state)
{
	const struct case_context ctx = {.lives = true};
	struct cases *t = kit_cases();
	struct case_file *c = kit_take(t, &night);
	struct buf text = BUF_INIT;

	(void)state;
	c = kit_take(t, &(struct step){.activity = ACT_OUTBOUND_SSH, .alerted = true, .severity = SEV_HIGH});
	assert_int_equal(c->severity, SEV_HIGH);
	assert_int_equal(c->scored, SEV_LOW);
	assert_false(case_is_due(c));
	case_sheet_json(c, &ctx, &text);
	assert_non_null(strstr(text.p, "\"action\":\"terminate\""));
	assert_null(strstr(text.p, "rotate-key"));
	assert_null(strstr(text.p, "block-origin"));
	buf_free(&text);
	c = kit_take(t, &(struct step){.activity = ACT_RELAY, .severity = SEV_CRITICAL}); /* only recorded */
	assert_int_equal(c->severity, SEV_HIGH);
	cases_free(&t);
}

/* Root that becomes bob to use what is bob's has hijacked, and not escalated. */
static void
root_has_nowhere_to_rise_to(void **state)
{
	struct cases *t = kit_cases();
	struct step s = hijack;
	const struct case_file *c;

	(void)state;
	s.of_root = true;
	c = kit_take(t, &s);
	assert_false(c->items[0].changed);
	assert_int_equal(c->severity, SEV_HIGH);
	cases_free(&t);
}

static void
the_order_does_not_matter(void **state)
{
	static const struct step *const steps[] = {&travel, &escalated, &key, &hijack};
	unsigned score = 0;

	(void)state;
	for (unsigned from = 0; from < 4; from++) {
		struct cases *t = kit_cases();
		const struct case_file *c = NULL;

		for (unsigned i = 0; i < 4; i++)
			c = kit_take(t, steps[(from + i * 3) % 4]);
		score = from == 0 ? c->score : score;
		assert_int_equal(c->score, score);
		cases_free(&t);
	}
}

static void
what_a_rule_passes_counts_nothing(void **state)
{
	struct cases *t = kit_cases();
	struct step passed = hijack;
	struct case_file *c;

	(void)state;
	passed.passed = true;
	c = kit_take(t, &passed);
	assert_int_equal(c->score, 0);
	c = kit_take(t, &hijack); /* the same, and not passed */
	assert_int_equal(c->severity, SEV_HIGH);
	assert_int_equal(c->nitems, 2);
	cases_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everyday_things_are_context),
		cmocka_unit_test(each_group_counts),
		cmocka_unit_test(one_weak_thing_is_never_told),
		cmocka_unit_test(of_one_group_they_add_little),
		cmocka_unit_test(different_groups_confirm_each_other),
		cmocka_unit_test(hijack_and_escalation_are_critical),
		cmocka_unit_test(who_reaches_into_an_agent_has_hijacked_it),
		cmocka_unit_test(everyday_work_as_another_is_escalation),
		cmocka_unit_test(what_escalated_stays),
		cmocka_unit_test(it_stands_no_lower_than_its_alerts),
		cmocka_unit_test(an_alert_of_everyday_things_is_no_indicator),
		cmocka_unit_test(root_has_nowhere_to_rise_to),
		cmocka_unit_test(the_order_does_not_matter),
		cmocka_unit_test(what_a_rule_passes_counts_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
