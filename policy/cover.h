/*
 * cover: stretches of addresses as prefixes, of which the longest decides: as few as can be (ORTC: Draves,
 * King, Venkatachary, Zill, "Constructing Optimal IP Routing Tables", 1999).  Internal to policy/.
 */
#ifndef POLICY_COVER_H
#define POLICY_COVER_H

#include "policy/overlay.h"

struct cover {
	struct pol_prefix *list; /* owned by who takes it */
	size_t n, room, max;
	bool too_many; /* more than max, or far too many on the way there */
	bool failed;   /* then too, and without memory */
};

#define COVER_NOTHING (-1)
/*
 * Appends the prefixes of one family.  outside: the class of what no prefix covers; COVER_NOTHING: every
 * address is to be covered.
 */
void cover_add(struct cover *, unsigned family, const struct stretch *, size_t n, int outside);

#endif
