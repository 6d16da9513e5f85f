/*
 * set: what a list or a table holds, ready to be asked: addresses as sorted disjoint ranges, names
 * as a list that is looked up and a few globs.  Immutable once built; asking allocates nothing.
 */
#ifndef POLICY_SET_H
#define POLICY_SET_H

#include "base/addr.h"
#include "policy/thumb.h"

struct range4 {
	uint32_t lo, hi; /* host order, both inside */
};

struct addr_set {
	struct range4 *v4;
	struct range6 *v6;
	uint32_t n4, n6;
	const struct thumb *thumb6; /* NULL: they are few */
	/* Of many: for each stretch of 1 << shift addresses, from v4[0].lo on, the first range that ends in or behind it. */
	const uint32_t *first4; /* NULL: they are few */
	unsigned shift4;
};

struct name_list {
	struct bytes *plain;
	struct bytes *globs;
	uint32_t *slots; /* of many plain ones, by name_number(): one more than the index, then the next slot; NULL: few */
	uint32_t nplain, nglobs;
};

struct name_set {
	struct name_list in;
	const struct name_list *out; /* entries with a '!', which win; NULL: none */
};

struct addr_entry {
	struct prefix prefix;
	bool negate;
};

struct name_entry {
	struct bytes name; /* borrowed for as long as the set lives */
	bool negate;
};

/*
 * The longest prefix that covers an address decides; of two alike the negated one.  Sorts the
 * entries in place.  False: no memory.
 */
bool addr_set_build(struct addr_set *, struct arena *, struct addr_entry *, size_t n);
/* The last step of building: ranges in order are found fast. */
bool addr_set_index(struct addr_set *, struct arena *);
bool addr_set_has(const struct addr_set *, struct addr);
/* Every address of the prefix is in the set. */
bool addr_set_covers(const struct addr_set *, struct prefix);
/* Names that are alike have the same number; the way back is not sure. */
uint64_t name_number(struct bytes);
bool name_set_build(struct name_set *, struct arena *, const struct name_entry *, size_t n);
bool name_set_has(const struct name_set *, struct bytes);
/* left: as glob_match_within() has it; NULL: nobody counts. */
bool name_set_has_within(const struct name_set *, struct bytes, uint64_t *left);
/* Every name that the pattern matches is in the set; false also when that is not easily seen. */
bool name_set_covers(const struct name_set *, struct bytes pattern);

#endif
