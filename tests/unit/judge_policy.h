/*
 * judge_policy: what a random policy (gen_policy.h) says of a question, by a plain walk over its rules, first match
 * first, as the manual has it.  Shares nothing with policy/: fnmatch(3) for globs, bit by bit for networks, the
 * calendar for hours and ends.  Counts what occurred.
 */
#ifndef TESTS_UNIT_JUDGE_POLICY_H
#define TESTS_UNIT_JUDGE_POLICY_H

#include "tests/unit/gen_policy.h"

struct judge_counts {
	struct {
		unsigned holds, fails, negated, unknown, in_part;
	} fact[QF_COUNT];
	unsigned table[2], nested[2], taken_out[2]; /* of addresses, of names: it was in one; one in it; not, for a '!' */
	unsigned self, socket, ipv6, over, in_force, in_block[3], never_stop, maybe_never_stop, unlearned, maybe_unlearned,
	    by_prelude, by_default, undetermined, message, tags, at_most, pairs;
};

/* Everything but `file`. */
void judge(const struct gen_policy *, const struct question *, struct decision *, struct judge_counts *);
bool judge_learns(const struct gen_policy *, const struct question *, struct judge_counts *);
bool judge_spares(const struct gen_policy *, struct bytes exe);
bool judge_ssh_port(const struct gen_policy *, unsigned port);

#endif
