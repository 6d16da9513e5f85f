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
	uint64_t mark;         /* what it is below */
	const uint32_t *rules; /* all of it, split or not: indices, ascending */
	uint32_t n;
	uint32_t slots; /* for what is below, a power of two; 0: not split */
	const struct sieve *others; /* rules that the facet does not sort; NULL: none */
	struct facet facet;
	/* Of a split one: bits, by the low ones of a mark: whether anything is below it.  Then the slots. */
	uint64_t room[];
};

/*
 * So many bits for each slot: what is not there is mostly seen without a look into far memory.  What is there is
 * in the slot of its mark's low bits or behind that, before the next empty one.
 */
#define SIEVE_BITS  4
#define SIEVE_SLOTS 16 /* at least: whole words of bits */

static inline size_t
sieve_words(uint32_t slots)
{
	return (size_t)slots * SIEVE_BITS / 64;
}

static inline uint32_t
sieve_bit(const struct sieve *s, uint64_t mark)
{
	return (uint32_t)mark & (SIEVE_BITS * s->slots - 1);
}

/*
 * A slot: 0, or one rule and the upper half of its mark, which no other mark here has, so that nothing else need be
 * looked at; or a sieve.
 */
static inline uint64_t
slot_of_rule(uint64_t mark, uint32_t rule)
{
	return mark >> 32 << 32 | (uint64_t)rule << 1 | 1;
}

static inline bool
slot_is_rule(uint64_t slot)
{
	return (slot & 1) != 0;
}

static inline uint32_t
slot_rule(uint64_t slot)
{
	return (uint32_t)slot >> 1;
}

static inline const struct sieve *
slot_sieve(uint64_t slot)
{
	return (const struct sieve *)(uintptr_t)slot;
}

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
		uint32_t one; /* the list, when it is no longer */
	} list[SIEVE_LISTS];
	unsigned n, steps;
};

#define FOUND_NONE UINT32_MAX

void found_init(struct found *, const struct sieve *, const struct question *);
/* The next rule's index, or FOUND_NONE. */
uint32_t found_next(struct found *);

#endif
