/* set_join: a set of addresses made of others: a table of tables.  Internal to policy/. */
#ifndef POLICY_SET_JOIN_H
#define POLICY_SET_JOIN_H

#include "policy/set.h"

struct addr_sets {
	const struct addr_set **list;
	size_t n;
};

/*
 * What own has, and of what it does not cover (nor take out) what any of `with` has; but nothing that any of
 * `without` has.  covered: what the prefixes of own cover, the negated ones too.  False: no memory.
 */
bool addr_set_join(struct addr_set *out, struct arena *, const struct addr_set *own, const struct addr_set *covered,
    struct addr_sets with, struct addr_sets without);

#endif
