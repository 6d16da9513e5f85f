/*
 * steps: how many may still be taken, where somebody else says how much there is to do.  Counted, not timed: what is
 * too much is too much on each machine.
 */
#ifndef BASE_STEPS_H
#define BASE_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* False: there are none left.  left NULL: nobody counts. */
static inline bool
steps_take(uint64_t *left, uint64_t n)
{
	if (left == NULL)
		return true;
	*left -= n < *left ? n : *left;
	return *left != 0;
}

#endif
