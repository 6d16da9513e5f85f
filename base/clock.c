/* clock: see clock.h. */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

struct rtime
rtime_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (struct rtime){.ms = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000};
}

struct mtime
mtime_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (struct mtime){.ns = (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec};
}

struct btime
btime_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (struct btime){.ms = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000};
}

void
rtime_iso(struct rtime t, struct buf *out)
{
	int64_t ms = t.ms % 1000;
	time_t s = (time_t)((t.ms - ms) / 1000);
	struct tm tm;

	if (ms < 0) {
		ms += 1000;
		s--;
	}
	if (gmtime_r(&s, &tm) == NULL) {
		buf_puts(out, "-");
		return;
	}
	buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1,
	    tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)ms);
}

static const struct unit {
	const char *name;
	int64_t ms;
} units[] = {
    {"w", INT64_C(604800000)},
    {"d", 86400000},
    {"h", 3600000},
    {"m", 60000},
    {"s", 1000},
    {"ms", 1},
};

#define NUNITS (sizeof(units) / sizeof(units[0]))

bool
duration_parse(struct bytes text, int64_t *ms)
{
	struct bytes number = text, unit;
	uint64_t n;
	int64_t v;

	while (number.n > 0 && (number.p[number.n - 1] < '0' || number.p[number.n - 1] > '9'))
		number.n--;
	unit = (struct bytes){.p = text.p + number.n, .n = text.n - number.n};
	if (!bytes_u64(number, &n) || n > INT64_MAX)
		return false;
	for (size_t i = 0; i < NUNITS; i++) {
		if (!bytes_is(unit, units[i].name))
			continue;
		if (__builtin_mul_overflow((int64_t)n, units[i].ms, &v))
			return false;
		*ms = v;
		return true;
	}
	return false;
}

void
duration_print(int64_t ms, struct buf *out)
{
	for (size_t i = 0; i < NUNITS; i++) {
		bool exact = ms % units[i].ms == 0 && ms >= units[i].ms;

		if (exact || i == NUNITS - 1) {
			buf_printf(out, "%lld%s", (long long)(ms / units[i].ms), units[i].name);
			return;
		}
	}
}

/* Local midnight `days` before the day of t. */
static struct rtime
midnight(time_t t, int days)
{
	struct tm tm;

	localtime_r(&t, &tm);
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_mday -= days;
	tm.tm_isdst = -1;
	return (struct rtime){.ms = (int64_t)mktime(&tm) * 1000};
}

static bool
boot_time(struct rtime now, struct rtime *out)
{
	struct timespec up;

	if (clock_gettime(CLOCK_BOOTTIME, &up) == -1)
		return false;
	*out = (struct rtime){.ms = now.ms - (int64_t)up.tv_sec * 1000 - up.tv_nsec / 1000000};
	return true;
}

static bool
named_time(struct bytes text, struct rtime now, struct rtime *out)
{
	time_t t = (time_t)(now.ms / 1000);
	struct tm tm;

	localtime_r(&t, &tm);
	if (bytes_is(text, "now"))
		*out = now;
	else if (bytes_is(text, "recent"))
		*out = (struct rtime){.ms = now.ms - 600000};
	else if (bytes_is(text, "today"))
		*out = midnight(t, 0);
	else if (bytes_is(text, "yesterday"))
		*out = midnight(t, 1);
	else if (bytes_is(text, "this-week"))
		*out = midnight(t, tm.tm_wday);
	else if (bytes_is(text, "boot"))
		return boot_time(now, out);
	else
		return false;
	return true;
}

bool
when_parse(struct bytes text, struct rtime now, struct rtime *out)
{
	static const struct {
		const char *format;
		bool date, utc;
	} forms[] = {
	    {"%Y-%m-%dT%H:%M:%SZ", true, true},
	    {"%Y-%m-%dT%H:%MZ", true, true},
	    {"%Y-%m-%dT%H:%M:%S", true, false},
	    {"%Y-%m-%dT%H:%M", true, false},
	    {"%Y-%m-%d", true, false},
	    {"%H:%M:%S", false, false},
	    {"%H:%M", false, false},
	};
	char s[64];
	int64_t ago;

	if (named_time(text, now, out))
		return true;
	if (duration_parse(text, &ago)) {
		*out = (struct rtime){.ms = now.ms > ago ? now.ms - ago : 0};
		return true;
	}
	if (!bytes_copy(text, s, sizeof(s)))
		return false;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		time_t t = (time_t)(now.ms / 1000);
		struct tm tm;
		const char *end;

		localtime_r(&t, &tm);
		tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
		end = strptime(s, forms[i].format, &tm);
		if (end == NULL || *end != '\0')
			continue;
		tm.tm_isdst = -1;
		t = forms[i].utc ? timegm(&tm) : mktime(&tm);
		*out = (struct rtime){.ms = (int64_t)t * 1000};
		return true;
	}
	return false;
}
