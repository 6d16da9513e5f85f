/*
 * zone_rules: what a time zone does each year, as POSIX writes it in TZ: "CET-1CEST,M3.5.0,M10.5.0/3".  Internal to
 * policy/.
 */
#ifndef POLICY_ZONE_RULES_H
#define POLICY_ZONE_RULES_H

#include "base/bytes.h"

/* When summer time begins or ends. */
struct zone_rule {
	enum { ZR_JULIAN, ZR_DAY, ZR_WEEK } kind; /* 1–365 without 29 February; 0–365; month, week, weekday */
	int day, week, month;                     /* day: of the week, 0: Sunday, where the kind is ZR_WEEK */
	int32_t time;                             /* seconds of that day, by the clock that stands then */
};

struct zone_rules {
	bool given;               /* there are any */
	int32_t standard, summer; /* seconds east of Greenwich */
	bool has_summer;
	struct zone_rule begin, end;
};

/* An empty text gives none. */
bool zone_rules_parse(struct zone_rules *, struct bytes);
/* At that moment, in seconds since 1970. */
int32_t zone_rules_offset(const struct zone_rules *, int64_t at);

#endif
