/*
 * unusual-hour: a login at a time of the day at which the user never logs in, or once in RARE logins, or did on one
 * day alone.
 *
 * Thirty days have four of each weekday, too few to know an hour of one: all working days (Monday to Friday) are
 * looked at together, and so are the days of weekends.  What lies within NEAR hours counts as the same time: that is
 * the hour before and after, and one more for a change of daylight saving.  All of it in UTC.
 *
 * Nothing is said of who logs in at all hours (ROUND_THE_CLOCK of the 24 and more), and nothing of who has logged in
 * less than FEW times on days of that sort: who never came on a Saturday may.
 *
 * Confidence: medium; low where it was not the first time, where on days of the other sort that time is usual (on call,
 * at a weekend), or where the user's logins are few (FEW_LOGINS).  Never high: people do work at night.  Pure.
 */
#include <stdio.h>

#include "agentd/detect/detector.h"

#define NEAR            2
#define RARE            50
#define ROUND_THE_CLOCK 16
#define FEW             5
#define FEW_LOGINS      30

enum sort { WORKING_DAY, WEEKEND, SORTS };
static const char *const sort_names[] = {"working days", "weekends"};

/* Of one sort of day, in each hour of it: how often, and from which day to which. */
struct clock {
	uint64_t logins[24], all;
	int32_t first[24], last[24];
};

/* Around an hour. */
struct around {
	uint64_t logins;
	int32_t first, last; /* days */
};

static enum sort
sort_of(unsigned hour_of_week)
{
	return hour_of_week / 24 < 5 ? WORKING_DAY : WEEKEND;
}

static void
add_hour(struct clock *c, unsigned hour, const struct usual *u)
{
	if (u->count == 0)
		return;
	if (c->logins[hour] == 0 || u->first < c->first[hour])
		c->first[hour] = u->first;
	if (c->logins[hour] == 0 || u->last > c->last[hour])
		c->last[hour] = u->last;
	c->logins[hour] += u->count;
	c->all += u->count;
}

static void
read_clocks(const struct baseline *b, const struct session *s, struct rtime now, struct clock c[SORTS])
{
	char value[8];
	const struct usual_key key = {.kind = USUAL_HOUR, .user = s->user, .value = value};
	struct usual u;

	for (unsigned hour = 0; hour < 7 * 24; hour++) {
		(void)snprintf(value, sizeof(value), "%u", hour);
		baseline_ask(b, &key, now, &u);
		add_hour(&c[sort_of(hour)], hour % 24, &u);
	}
}

static struct around
around(const struct clock *c, unsigned hour)
{
	struct around a = {.first = INT32_MAX, .last = INT32_MIN};

	for (unsigned i = 0; i <= 2 * NEAR; i++) {
		const unsigned h = (hour + 24 - NEAR + i) % 24;

		if (c->logins[h] == 0)
			continue;
		a.logins += c->logins[h];
		a.first = c->first[h] < a.first ? c->first[h] : a.first;
		a.last = c->last[h] > a.last ? c->last[h] : a.last;
	}
	return a;
}

static unsigned
hours_used(const struct clock c[SORTS])
{
	unsigned n = 0;

	for (unsigned h = 0; h < 24; h++)
		n += c[WORKING_DAY].logins[h] + c[WEEKEND].logins[h] > 0;
	return n;
}

static void
say(struct finding *f, unsigned days, unsigned hour, enum sort sort, const struct around *near, uint64_t all)
{
	const char *how = near->logins == 0 ? "first time" : near->first == near->last ? "second day" : "it is rare";

	finding_reason(f, "is unusual: %s in %u days that %s logged in around %02u:00 UTC on %s; %llu of %llu logins within %u hours of it",
	    how, days, f->session->user, hour, sort_names[sort], (unsigned long long)near->logins, (unsigned long long)all, NEAR);
}

static void
hour_opened(struct detect *d, void *state, const struct session *s, struct rtime now)
{
	const unsigned week = usual_hour(now), hour = week % 24;
	const enum sort sort = sort_of(week), other = sort == WEEKEND ? WORKING_DAY : WEEKEND;
	struct clock c[SORTS] = {0};
	struct finding f;
	struct usual u;
	struct around near;

	(void)state;
	if (!detect_usual(d, s, USUAL_ACTIVE, "", now, &u))
		return;
	read_clocks(detect_baseline(d), s, now, c);
	if (c[sort].all < FEW || hours_used(c) >= ROUND_THE_CLOCK)
		return;
	near = around(&c[sort], hour);
	if (near.logins * RARE > c[sort].all && near.last > near.first)
		return;
	finding_of_session(d, s, ACT_UNUSUAL_HOUR, now, &f);
	f.confidence = near.logins + around(&c[other], hour).logins > 0 || c[sort].all < FEW_LOGINS ? CONFIDENCE_LOW :
	                                                                                      CONFIDENCE_MEDIUM;
	finding_daily(d, &f, sort_names[sort]);
	say(&f, u.data + 1, hour, sort, &near, c[sort].all);
	finding_send(d, &f);
}

const struct detector detector_unusual_hour = {
	.name = "unusual-hour",
	.opened = hour_opened,
};
