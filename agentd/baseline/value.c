/* value: what is counted, as text and as numbers; see baseline.h.  Pure. */
#include <stdio.h>

#include "agentd/baseline/baseline.h"

#define HOUR_MS 3600000
#define DAY_MS  86400000
#define DAY_MAX 1000000 /* the year 4707; further away is no time that anything happens at */
#define THURSDAY 3      /* 1970-01-01 */

static const char *const names[USUAL_COUNT] = {
	[USUAL_ACTIVE] = "active",
	[USUAL_ORIGIN] = "origin",
	[USUAL_KEY] = "key",
	[USUAL_DESTINATION] = "destination",
	[USUAL_PAIR] = "pair",
	[USUAL_HOUR] = "hour",
	[USUAL_DURATION] = "duration",
	[USUAL_VOLUME] = "volume",
	[USUAL_SESSIONS] = "sessions",
	[USUAL_NETWORKS] = "networks",
	[USUAL_TOLD] = "told",
};

const char *
usual_name(enum usual_kind kind)
{
	return kind < USUAL_COUNT ? names[kind] : "";
}

bool
usual_parse(struct bytes name, enum usual_kind *out)
{
	for (unsigned i = 0; i < USUAL_COUNT; i++) {
		if (bytes_is(name, names[i])) {
			*out = (enum usual_kind)i;
			return true;
		}
	}
	return false;
}

/* Rounded down, before 1970 too. */
static int64_t
whole(int64_t amount, int64_t unit)
{
	return amount / unit - (amount % unit < 0);
}

int32_t
usual_day(struct rtime t)
{
	const int64_t day = whole(t.ms, DAY_MS);

	return (int32_t)(day > DAY_MAX ? DAY_MAX : day < -DAY_MAX ? -DAY_MAX : day);
}

unsigned
usual_hour(struct rtime t)
{
	const int64_t hour = (whole(t.ms, HOUR_MS) + THURSDAY * 24) % 168;

	return (unsigned)(hour >= 0 ? hour : hour + 168);
}

/* 0, 1, 2, 3, 4, 6, 9, 13, 19, …; UINT64_MAX once there is no such step any more */
static uint64_t
next_from(uint64_t from)
{
	const uint64_t more = from > 1 ? from / 2 : 1;

	return from > UINT64_MAX - more ? UINT64_MAX : from + more;
}

unsigned
usual_step(uint64_t amount)
{
	uint64_t from = 0, next;
	unsigned step = 0;

	while (from != UINT64_MAX && (next = next_from(from)) <= amount) {
		from = next;
		step++;
	}
	return step;
}

uint64_t
usual_step_from(unsigned step)
{
	uint64_t from = 0;

	for (unsigned i = 0; i < step && from != UINT64_MAX; i++)
		from = next_from(from);
	return from;
}

const char *
usual_net(struct addr a, char out[USUAL_NET_STRLEN])
{
	const unsigned bits = a.family == 4 ? 24 : 64;
	char text[ADDR_STRLEN];

	out[0] = '\0';
	if (a.family != 0)
		snprintf(out, USUAL_NET_STRLEN, "%s/%u", addr_str(prefix_of(a, bits).addr, text), bits);
	return out;
}
