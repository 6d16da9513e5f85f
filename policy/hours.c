/* hours: see hours.h.  What names no time zone is in the host's; pol_parse() has called tzset(). */
#include "policy/hours.h"

#include <ctype.h>
#include <time.h>

#include "policy/lexer.h"
#include "policy/zone.h"

static const char day_names[7][4] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* --- reading ---------------------------------------------------------------------------------- */

/* "08:00" to "24:00" in minutes. */
static bool
clock_time(struct bytes t, uint16_t *out)
{
	uint64_t h, m;

	if (t.n != 5 || t.p[2] != ':' || !bytes_u64((struct bytes){.p = t.p, .n = 2}, &h) ||
	    !bytes_u64((struct bytes){.p = t.p + 3, .n = 2}, &m) || m > 59 || h > 24 ||
	    (h == 24 && m != 0))
		return false;
	*out = (uint16_t)(h * 60 + m);
	return true;
}

static bool
day(struct bytes t, unsigned *out)
{
	for (unsigned i = 0; i < 7; i++)
		if (bytes_is(t, day_names[i])) {
			*out = i;
			return true;
		}
	return false;
}

/* Splits at the first c; false when there is none. */
static bool
split(struct bytes t, char c, struct bytes *head, struct bytes *tail)
{
	const char *at = t.n != 0 ? memchr(t.p, c, t.n) : NULL;

	if (at == NULL)
		return false;
	*head = (struct bytes){.p = t.p, .n = (size_t)(at - t.p)};
	*tail = (struct bytes){.p = at + 1, .n = t.n - head->n - 1};
	return true;
}

/* "mon-fri", "sat,sun", "fri-mon": bits from Monday on. */
static bool
days(struct bytes t, uint8_t *out)
{
	struct bytes one, rest = t, from, to;
	uint8_t bits = 0;
	unsigned a, b;

	while (rest.n != 0) {
		one = bytes_take(&rest, ',');
		if (!split(one, '-', &from, &to))
			from = to = one;
		if (!day(from, &a) || !day(to, &b))
			return false;
		for (bits |= (uint8_t)(1u << a); a != b; bits |= (uint8_t)(1u << a))
			a = (a + 1) % 7;
	}
	*out = bits;
	return bits != 0;
}

static bool
time_range(struct bytes t, struct hours *h)
{
	struct bytes from, to;

	return split(t, '-', &from, &to) && clock_time(from, &h->from) && clock_time(to, &h->to) &&
	    h->from != DAY_END && h->from != h->to;
}

bool
hours_parse(struct bytes t, struct hours *out, struct bytes *zone)
{
	struct hours h = {.days = EVERY_DAY, .from = 0, .to = DAY_END};
	const bool trailing = t.n != 0 && t.p[t.n - 1] == ' ';
	struct bytes word = bytes_take(&t, ' ');
	const bool has_days = days(word, &h.days);

	if (has_days)
		word = bytes_take(&t, ' ');
	if (time_range(word, &h))
		word = bytes_take(&t, ' ');
	else if (!has_days)
		return false;
	if (t.n != 0 || trailing || (word.n != 0 && !zone_name_ok(word)))
		return false;
	*zone = word;
	*out = h;
	return true;
}

/* --- writing, asking -------------------------------------------------------------------------- */

static void
put_days(uint8_t days, struct buf *out)
{
	const char *sep = "";

	for (unsigned i = 0; i < 7; i++) {
		unsigned end = i;

		if ((days >> i & 1) == 0)
			continue;
		while (end < 6 && (days >> (end + 1) & 1) != 0)
			end++;
		buf_printf(out, "%s%s", sep, day_names[i]);
		if (end > i)
			buf_printf(out, "-%s", day_names[end]);
		sep = ",";
		i = end;
	}
}

void
hours_print(const struct hours *h, struct buf *out)
{
	bool all_day = h->from == 0 && h->to == DAY_END, every_day = h->days == EVERY_DAY;
	struct buf text = BUF_INIT;

	if (!every_day || all_day)
		put_days(h->days, &text);
	if (!every_day && !all_day)
		buf_putc(&text, ' ');
	if (!all_day)
		buf_printf(&text, "%02u:%02u-%02u:%02u", h->from / 60, h->from % 60, h->to / 60,
		    h->to % 60);
	if (h->zone != NULL) {
		buf_putc(&text, ' ');
		buf_putb(&text, h->zone->name);
	}
	token_print(buf_bytes(&text), out);
	buf_free(&text);
}

static bool
clock_in(const struct zone *zone, struct rtime t, struct tm *out)
{
	time_t s = (time_t)(t.ms / 1000);

	if (zone == NULL)
		return localtime_r(&s, out) != NULL;
	s += zone_offset(zone, s);
	return gmtime_r(&s, out) != NULL;
}

bool
hours_hold(const struct hours *h, struct rtime t)
{
	unsigned day, yesterday, minute;
	struct tm tm;

	if (!clock_in(h->zone, t, &tm))
		return false;
	day = (unsigned)(tm.tm_wday + 6) % 7;
	yesterday = (day + 6) % 7;
	minute = (unsigned)(tm.tm_hour * 60 + tm.tm_min);
	if (h->from < h->to)
		return (h->days >> day & 1) && h->from <= minute && minute < h->to;
	return ((h->days >> day & 1) && h->from <= minute) ||
	    ((h->days >> yesterday & 1) && minute < h->to);
}

/* --- moments ---------------------------------------------------------------------------------- */

/* Digits where the shape has a 0, the shape's own character elsewhere. */
static bool
has_shape(struct bytes t, const char *shape)
{
	if (t.n != strlen(shape))
		return false;
	for (size_t i = 0; i < t.n; i++)
		if (shape[i] == '0' ? !isdigit((unsigned char)t.p[i]) : t.p[i] != shape[i])
			return false;
	return true;
}

/* 2027-02-31 would become a day in March. */
static bool
same_day(struct bytes t, struct rtime when)
{
	time_t s = (time_t)(when.ms / 1000);
	bool utc = t.p[t.n - 1] == 'Z';
	uint64_t month, mday;
	struct tm tm;

	if (utc ? gmtime_r(&s, &tm) == NULL : localtime_r(&s, &tm) == NULL)
		return false;
	return bytes_u64((struct bytes){.p = t.p + 5, .n = 2}, &month) &&
	    bytes_u64((struct bytes){.p = t.p + 8, .n = 2}, &mday) &&
	    (int)month == tm.tm_mon + 1 && (int)mday == tm.tm_mday;
}

bool
moment_parse(struct bytes t, struct rtime *out)
{
	static const char *const shapes[] = {
	    "0000-00-00T00:00", "0000-00-00T00:00:00", "0000-00-00T00:00Z", "0000-00-00T00:00:00Z",
	};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (has_shape(t, shapes[i]))
			return when_parse(t, RTIME_NONE, out) && same_day(t, *out);
	return false;
}

bool
until_parse(struct bytes t, struct rtime *out)
{
	struct rtime start;
	struct tm tm;
	time_t s;

	if (moment_parse(t, out))
		return true;
	if (!has_shape(t, "0000-00-00") || !when_parse(t, RTIME_NONE, &start) ||
	    !same_day(t, start))
		return false;
	s = (time_t)(start.ms / 1000);
	localtime_r(&s, &tm);
	tm.tm_mday++;
	tm.tm_isdst = -1;
	*out = (struct rtime){.ms = (int64_t)mktime(&tm) * 1000};
	return true;
}
