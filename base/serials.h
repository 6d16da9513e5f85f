/*
 * serials: the highest serial that a policy of each fleet has had, so that none goes back.  Fleets are known by
 * a hash of their name.  Memory of one size; libc only.
 */
#ifndef BASE_SERIALS_H
#define BASE_SERIALS_H

#include <sshtether/limits.h>

#include "base/buf.h"

struct serials {
	struct serial {
		uint64_t fleet, serial;
	} of[ST_FLEETS];
	size_t n;
};

uint64_t serials_fleet(const char *name);
/* 0: none was seen. */
uint64_t serials_get(const struct serials *, uint64_t fleet);
enum serials_raise { SERIALS_SAME, SERIALS_RAISED, SERIALS_FULL };
/* Never lowers one.  FULL: there is no room for another fleet, and none is forgotten for it. */
enum serials_raise serials_raise(struct serials *, uint64_t fleet, uint64_t serial);

/* One line: "FLEET SERIAL" in hexadecimal and decimal, a blank between pairs. */
void serials_print(const struct serials *, struct buf *);
/* False: it is no such line; what could be read before the fault counts. */
bool serials_parse(struct serials *, struct bytes line);
#define SERIALS_LINE (ST_FLEETS * (16 + 1 + 20 + 1) + 2)

#endif
