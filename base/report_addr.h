/*
 * report_addr: an endpoint as it stands in reports, requests and notices (sshtether/report.h), and
 * back.  What comes back is whole whatever the other side sent: a family that is none has no address.
 */
#ifndef BASE_REPORT_ADDR_H
#define BASE_REPORT_ADDR_H

#include <sshtether/report.h>

#include "base/addr.h"

static inline struct report_addr
report_addr_of(struct endpoint e)
{
	struct report_addr a = {.family = e.addr.family, .port = e.port};

	memcpy(a.b, e.addr.b, sizeof(a.b));
	return a;
}

static inline bool
report_addr_eq(const struct report_addr *a, const struct report_addr *b)
{
	return a->family == b->family && a->port == b->port && memcmp(a->b, b->b, a->family == 4 ? 4 : 16) == 0;
}

static inline struct endpoint
endpoint_of(const struct report_addr *a)
{
	struct endpoint e = {.addr = {.family = a->family}, .port = a->port};

	if (a->family != 4 && a->family != 6)
		return (struct endpoint){0};
	memcpy(e.addr.b, a->b, a->family == 4 ? 4 : sizeof(e.addr.b));
	return e;
}

#endif
