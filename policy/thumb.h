/*
 * thumb: a thumb index of IPv6 ranges: where in a long sorted list to look.  A search in millions of them is mostly
 * waiting for memory, and addresses stand in crowds: each stretch of the space has its place in the list, and
 * a crowded one a finer index of its own.  Internal to policy/.
 */
#ifndef POLICY_THUMB_H
#define POLICY_THUMB_H

#include "policy/arena.h"

struct range6 {
	uint8_t lo[16], hi[16];
};

/* Half an address as a number. */
static inline uint64_t
half_of(const uint8_t b[8])
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 8; i++)
		v = v << 8 | b[i];
	return v;
}

struct thumb;

/* Of n disjoint ranges, ascending, at least one.  NULL: no memory. */
const struct thumb *thumb_new(struct arena *, const struct range6 *, size_t n);
/* The first range that ends at the address or behind it is among these, or is *to. */
void thumb_find(const struct thumb *, const uint8_t address[16], size_t *from, size_t *to);

#endif
