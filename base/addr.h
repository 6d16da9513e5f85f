/*
 * addr: IP addresses, prefixes and endpoints.  An IPv4-mapped IPv6 address is always stored as IPv4,
 * so that one rule covers both ways to write it.
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <sys/socket.h>

#include "base/buf.h"

struct addr {
	uint8_t family; /* 0 (none), 4 or 6 */
	uint8_t b[16];  /* network order; IPv4 in the first four, the rest 0 */
};

struct endpoint {
	struct addr addr;
	uint16_t port; /* host order */
};

struct prefix {
	struct addr addr; /* host bits are 0 */
	uint8_t bits;
};

#define ADDR_STRLEN 46

/* No names, no brackets; a zone (%eth0) is dropped. */
bool addr_parse(struct bytes, struct addr *);
/* AF_INET and AF_INET6; false for any other family or a short length. */
bool endpoint_from_sockaddr(const void *sa, size_t len, struct endpoint *);
bool addr_eq(struct addr, struct addr);
bool endpoint_eq(struct endpoint, struct endpoint);
/* Of a connection, by both its ends. */
uint64_t endpoints_hash(struct endpoint, struct endpoint);
int addr_cmp(struct addr, struct addr);
/* 127.0.0.0/8 or ::1 */
bool addr_is_loopback(struct addr);
/* 0.0.0.0 or :: */
bool addr_is_any(struct addr);
/* "" for family 0; returns out. */
const char *addr_str(struct addr, char out[ADDR_STRLEN]);

/* "10.0.0.0/8", or an address alone (/32, /128).  Host bits that are set: false. */
bool prefix_parse(struct bytes, struct prefix *);
/* The address without what stands behind so many bits. */
struct prefix prefix_of(struct addr, unsigned bits);
bool prefix_has(struct prefix, struct addr);
void prefix_print(struct prefix, struct buf *);

#endif
