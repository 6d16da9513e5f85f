/*
 * sshpattern: PATTERNS of ssh_config(5): '*' and '?', lists with commas, '!' in front of what shall not
 * match.  Not base/glob.h, to which brackets and backslashes mean something.
 */
#ifndef POLICY_SSHPATTERN_H
#define POLICY_SSHPATTERN_H

#include "base/bytes.h"

/* One pattern.  Time is O(pattern × text). */
bool sshpattern_match(struct bytes pattern, struct bytes text);
/* One of the list at least, and none with '!' in front. */
bool sshpattern_list_match(struct bytes list, struct bytes text);

#endif
