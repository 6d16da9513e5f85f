/*
 * zone: a time zone as the system's tables have it, read once and asked without any file: what a rule's hours need
 * where they name one.  Internal to policy/.
 */
#ifndef POLICY_ZONE_H
#define POLICY_ZONE_H

#include "policy/arena.h"
#include "policy/policy.h"
#include "policy/zone_rules.h"

/* RFC 9636: from a moment on, seconds east of Greenwich. */
struct zone_change {
	int64_t at;
	int32_t offset;
};

struct zone {
	struct zone *next;
	struct bytes name;
	struct zone_change *changes; /* ascending */
	size_t nchanges;
	int32_t before; /* before the first change */
	struct zone_rules rules; /* behind the last one; none: that goes on */
};

/* "Europe/Berlin", "UTC": no way out of the folder of zones. */
bool zone_name_ok(struct bytes);
/* options: whose reader; NULL: the disk.  NULL: there is no such zone, or no memory, which the arena says. */
struct zone *zone_read(struct arena *, const struct pol_options *, struct bytes name);
/* From the bytes of its file. */
struct zone *zone_parse(struct arena *, struct bytes name, struct bytes file);
/* Seconds east of Greenwich at that moment, in seconds since 1970. */
int32_t zone_offset(const struct zone *, int64_t at);

#endif
