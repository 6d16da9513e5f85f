/*
 * grant_kit: for tests of grants: classes looked up as a kernel's trie does it: one
 * table, IPv4 as IPv4-mapped IPv6, no key twice.
 */
#ifndef TESTS_GRANT_KIT_H
#define TESTS_GRANT_KIT_H

#include "policy/policy.h"

struct addr kit_addr(const char *text);
unsigned kit_addr_class(const struct pol_space *, struct addr);
unsigned kit_port_class(const struct pol_space *, uint16_t port, bool *ssh);

#endif
