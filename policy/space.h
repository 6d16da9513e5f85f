/* space: the classes of addresses and ports of one policy, as grant.c reads them.  Internal to policy/. */
#ifndef POLICY_SPACE_H
#define POLICY_SPACE_H

#include "policy/tree.h"

struct pol_space {
	uint64_t *addrs;     /* owned; by test: a bit for each class in which it holds */
	uint64_t *port_bits; /* the same of ports */
	uint64_t addr_blur, port_blur; /* classes whose members rules can tell apart */
	struct pol_prefix *prefixes;   /* owned */
	struct pol_ports *ports;       /* owned */
	size_t nprefixes, nports;
};

/* Activities that a gate for TCP connections decides. */
#define TCP_ACTIVITIES (1u << ACT_OUTBOUND_SSH | 1u << ACT_RELAY)

#endif
