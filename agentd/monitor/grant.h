/*
 * grant: what a session may do, as fixed-size rows: computed by the engine from the policy, checked and
 * installed by the monitor, read by the kernel gates (gate.bpf.c).  Numbers only; includes nothing but
 * stdint, because the BPF program includes it.
 *
 * An address has a class (the classes of one policy: which of its address conditions hold), a port has a
 * class, and a row holds a verdict for each pair.  So a row has the same size whatever the policy's.
 */
#ifndef MONITOR_GRANT_H
#define MONITOR_GRANT_H

#include <stdint.h>

#define GRANT_ADDRS 64 /* classes of addresses; 0: no prefix covers it */
#define GRANT_PORTS 8  /* classes of ports; 0: none of those that are named */

enum grant_verdict {
	GRANT_ALLOW = 0,
	GRANT_REPORT = 1, /* allowed, and told: so that audit's silence about it shows */
	GRANT_DENY = 2,   /* refused when the host is in enforce mode, told in either */
};

/* By whom a connection is made. */
enum grant_via {
	VIA_SSH,   /* a process of the session: at an SSH port, or its program is an SSH client */
	VIA_RELAY, /* the session's own sshd */
	VIA_COUNT,
};

enum grant_socket { SOCKET_AGENT, SOCKET_MUX, SOCKET_COUNT };
enum grant_owner { GRANT_SELF, GRANT_SAME_LOGIN, GRANT_SAME_USER, GRANT_OTHER, GRANT_OWNERS };

enum grant_flag {
	GRANTF_NO_DESTINATION = 1u << 0, /* no SSH destination whatever: SSH clients end at exec */
};

/* Verdicts of one port class, two bits an address class: (v[a / 4] >> a % 4 * 2) & 3. */
struct grant {
	uint32_t generation; /* of the classes that it was computed with; as REQ_CLASSES answered */
	uint32_t flags;      /* enum grant_flag */
	/*
	 * Who logged in: alike for the same user with the same key.  0: not known; then, with either of the
	 * two, nobody knows whether it is the same login, and the weaker verdict of same-login and same-user
	 * counts.
	 */
	uint64_t login;
	uint8_t tcp[VIA_COUNT][GRANT_PORTS][GRANT_ADDRS / 4];
	uint8_t unix_use[SOCKET_COUNT][GRANT_OWNERS]; /* enum grant_verdict */
};
_Static_assert(sizeof(struct grant) == 16 + VIA_COUNT * GRANT_PORTS * GRANT_ADDRS / 4 + 8, "no padding");

static inline unsigned
grant_tcp(const struct grant *g, unsigned via, unsigned port, unsigned addr)
{
	return (unsigned)g->tcp[via & 1][port & (GRANT_PORTS - 1)][(addr & (GRANT_ADDRS - 1)) / 4] >>
	    addr % 4 * 2 & 3u;
}

/* --- bodies of requests: an array of these follows the struct request in the same packet ------------- */

#define GRANT_BATCH 256 /* of them in one packet */

/* REQ_PREFIXES.  IPv4 as IPv4-mapped IPv6: 10.0.0.0/8 is ::ffff:10.0.0.0/104. */
struct class_prefix {
	uint8_t addr[16];
	uint8_t bits; /* 0 to 128 */
	uint8_t addr_class;
	uint16_t pad;
};

/* REQ_PORTS.  lo and hi belong to it; host order.  The last that covers a port counts. */
struct class_ports {
	uint16_t lo, hi;
	uint8_t port_class;
	uint8_t ssh; /* an SSH port: a connection of any program there is SSH */
	uint16_t pad;
};

#endif
