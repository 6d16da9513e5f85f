/*
 * sieve: which rules a question can concern.  Made once at a load for each activity, afterwards only read.
 *
 * A sieve holds rules, ascending.  A large one is split by one facet (mark.h), the one that leaves least: each
 * rule with a condition that can be looked up by it stands below all the marks of that condition, the others in
 * a sieve of their own, which is split by what is best for them; and so on, below as well, so that rules
 * which only two conditions together tell apart are told apart.  A question goes down all the ways that
 * its facts lead, and what it finds at their ends is merged.  Where a fact is not known, or a list in part,
 * every rule below may hang on it: there all are found.
 *
 * What is found is more than what holds, never less: each rule found is judged as if there was no sieve.
 * Internal to policy/.
 */
#ifndef POLICY_SIEVE_H
#define POLICY_SIEVE_H

#include "policy/mark.h"

struct sieve {
	uint64_t mark;                    /* what it is below */
	const struct sieve *next;         /* below another mark with the same low bits */
	const struct sieve *const *below; /* by a mark's low bits; NULL: not split */
	const struct sieve *others;       /* rules that the facet does not sort; NULL: none */
	uint32_t mask;                    /* of the low bits */
	struct facet facet;
	uint32_t n;
	uint32_t rules[]; /* all of it, split or not: indices, ascending */
};

/* What all sieves of a policy together may still take; where there is too little, they stay coarse. */
struct sieve_room {
	size_t rules; /* places for rules in sieves below */
	size_t looks; /* at rules, to find how to split */
};

#define SIEVE_LOOKS (8u << 20) /* about a second, of a policy that is made to be slow */

/* NULL: no memory, and the policy's arena says so. */
const struct sieve *sieve_new(struct policy *, const uint32_t *rules, size_t n, struct sieve_room *);

/* The rules found, in their order.  Constant memory: where there are more ends than places, whole sieves. */
#define SIEVE_LISTS 32
#define SIEVE_STEPS 256

struct found {
	struct {
		const uint32_t *at, *end;
	} list[SIEVE_LISTS];
	unsigned n, steps;
};

#define FOUND_NONE UINT32_MAX

void found_init(struct found *, const struct sieve *, const struct question *);
/* The next rule's index, or FOUND_NONE. */
uint32_t found_next(struct found *);

#endif
