/* glob: '*', '?', '[a-z]', '[!x]', '\' over bytes, no special '/' or '.'.  Time is O(pattern × text). */
#ifndef BASE_GLOB_H
#define BASE_GLOB_H

#include "base/bytes.h"

bool glob_match(struct bytes pattern, struct bytes text);
/* The same; each step is taken from *left.  Where that comes to 0 it gives up: the answer is then none. */
bool glob_match_within(struct bytes pattern, struct bytes text, uint64_t *left);
/* No character that glob_match() treats specially: the pattern matches itself alone. */
bool glob_is_plain(struct bytes pattern);

#endif
