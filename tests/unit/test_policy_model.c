/*
 * The compiled policy against a plain walk (judge_policy.h), on random policies and questions (seeded): every field
 * of the decision, with all facts known and with some; and that everything there is in the language was in
 * them.  Also: more facts never change an answer that is settled, and a rule that lint calls dead decides nothing.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/judge_policy.h"

/* --- one question ------------------------------------------------------------------------------------------ */

static bool
same_tags(const struct gen_policy *g, const struct decision *got, const struct decision *want)
{
	if (got->ntags != want->ntags)
		return false;
	for (unsigned i = 0; i < want->ntags; i++)
		if (!bytes_is(got->tags[i], g->rule[want->rule].tag[i]))
			return false;
	return true;
}

static bool
same(const struct gen_policy *g, const struct decision *got, const struct decision *want)
{
	return got->undetermined == want->undetermined && got->missing == want->missing &&
	    got->strongest == want->strongest && got->by_default == want->by_default &&
	    got->never_stop == want->never_stop && got->action == want->action && got->severity == want->severity &&
	    got->mode == want->mode && got->line == want->line && got->rule == want->rule &&
	    bytes_eq(bytes_of(got->message), bytes_of(want->message)) && got->at_most.n == want->at_most.n &&
	    got->at_most.window_ms == want->at_most.window_ms && same_tags(g, got, want);
}

struct case_of {
	struct gen_policy g;
	struct buf text, prelude;
	struct policy *policy;
};

static void
ask(const struct case_of *c, const struct question *q, struct decision *got, struct judge_counts *counts)
{
	struct buf words = BUF_INIT;
	struct decision want;

	pol_ask(c->policy, q, got);
	assert_int_equal(pol_learns(c->policy, q), judge_learns(&c->g, q, counts));
	judge(&c->g, q, &want, counts);
	if (same(&c->g, got, &want))
		return;
	question_print(q, &words);
	fail_msg("%s of rule %d, line %u (missing %x), and not %s of %d, line %u (missing %x)\n%.*s\n%.*s\n%.*s",
	    action_name(got->action), (int)got->rule, got->line, got->missing, action_name(want.action), (int)want.rule,
	    want.line, want.missing, (int)words.n, words.p, (int)c->prelude.n, c->prelude.p, (int)c->text.n, c->text.p);
}

/* Known in full, then in part: more facts can settle an answer, not change one that is settled. */
static void
ask_twice(const struct case_of *c, struct judge_counts *counts)
{
	static struct gen_question a;
	struct decision all, some;

	gen_question(&c->g, false, &a);
	ask(c, &a.q, &all, counts);
	assert_false(all.undetermined);
	assert_int_equal(pol_spares(c->policy, a.q.exe), judge_spares(&c->g, a.q.exe));
	assert_int_equal(pol_is_ssh_port(c->policy, a.q.port), judge_ssh_port(&c->g, a.q.port));
	gen_forget(&a);
	ask(c, &a.q, &some, counts);
	/* Without the time a rule with an end is in force, and may not be. */
	if ((a.q.known >> QF_TIME & 1) == 0)
		return;
	assert_true(some.undetermined ? some.action <= all.action :
	                                some.action == all.action && some.severity == all.severity && some.mode == all.mode);
}

/* --- a policy ------------------------------------------------------------------------------------------------ */

static void
begin(struct case_of *c)
{
	*c = (struct case_of){.text = BUF_INIT, .prelude = BUF_INIT};
	gen_policy(&c->g);
	gen_write(&c->g, &c->text, &c->prelude);
	c->policy = gen_load(&c->g, &c->text, &c->prelude);
	assert_non_null(c->policy);
	assert_int_equal(pol_nrules(c->policy), c->g.nrules);
}

static void
end(struct case_of *c)
{
	pol_free(&c->policy);
	buf_free(&c->text);
	buf_free(&c->prelude);
}

static void
all_occurred(const struct judge_counts *c)
{
	for (unsigned f = 0; f < QF_COUNT; f++) {
		assert_true(c->fact[f].holds > 100);
		assert_true(c->fact[f].fails > 100);
		assert_true(c->fact[f].negated > 100);
		assert_true(c->fact[f].unknown > 100);
		assert_true(c->fact[f].in_part > 100 || (f != QF_GROUP && f != QF_PRINCIPAL && f != QF_ON));
	}
	for (unsigned i = 0; i < 2; i++) {
		assert_true(c->table[i] > 100);
		assert_true(c->nested[i] > 100);
		assert_true(c->taken_out[i] > 100);
	}
	for (unsigned i = 0; i < 3; i++)
		assert_true(c->in_block[i] > 1000);
	assert_true(c->self > 100 && c->socket > 100 && c->ipv6 > 100);
	assert_true(c->over > 1000 && c->in_force > 1000);
	assert_true(c->never_stop > 1000 && c->maybe_never_stop > 1000);
	assert_true(c->unlearned > 1000 && c->maybe_unlearned > 1000);
	assert_true(c->by_prelude > 1000 && c->by_default > 1000 && c->undetermined > 1000);
	assert_true(c->message > 1000 && c->tags > 1000 && c->at_most > 1000);
	assert_true(c->pairs >= 100000);
}

static void
says_what_a_walk_says(void **state)
{
	static struct judge_counts counts;
	static struct case_of c;

	(void)state;
	srand(7);
	for (int round = 0; round < 2500; round++) {
		begin(&c);
		for (int i = 0; i < 25; i++)
			ask_twice(&c, &counts);
		end(&c);
	}
	all_occurred(&counts);
}

/* The lines of the file that lint calls dead: one more in the count for each. */
static unsigned
dead_lines(const struct policy *pol, bool *dead, size_t n)
{
	struct buf lint = BUF_INIT;
	unsigned found = 0;

	pol_lint(pol, POLG_ALL, &lint);
	for (const char *p = lint.n != 0 ? lint.p : ""; (p = strstr(p, "\nm:")) != NULL; p++) {
		unsigned line;
		char word[16];

		if (sscanf(p, "\nm:%u:%*u: warning: this rule can %15s", &line, word) == 2 && line < n) {
			dead[line] = true;
			found++;
		}
	}
	buf_free(&lint);
	return found;
}

static void
dead_rules_are_dead(void **state)
{
	static struct gen_question a;
	static struct case_of c;
	unsigned found = 0;

	(void)state;
	srand(8);
	for (int round = 0; round < 1500; round++) {
		bool dead[4000] = {false};
		struct decision d;

		begin(&c);
		found += dead_lines(c.policy, dead, 4000);
		for (int i = 0; i < 40; i++) {
			gen_question(&c.g, false, &a);
			pol_ask(c.policy, &a.q, &d);
			if (!d.by_default && d.rule >= c.g.nprelude && d.line < 4000 && dead[d.line])
				fail_msg("line %u decides\n%.*s", d.line, (int)c.text.n, c.text.p);
		}
		end(&c);
	}
	assert_true(found > 300);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(says_what_a_walk_says),
	    cmocka_unit_test(dead_rules_are_dead),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
