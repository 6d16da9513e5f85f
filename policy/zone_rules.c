/* zone_rules: see zone_rules.h. */
#include "policy/zone_rules.h"

#include <ctype.h>
#include <time.h>

/* --- reading ---------------------------------------------------------------------------------- */

/* What is left of it; bad: it is not one. */
struct line {
	const char *p, *end;
	bool bad;
};

static char
peek(const struct line *l)
{
	return l->p < l->end ? *l->p : '\0';
}

static bool
take(struct line *l, char c)
{
	if (peek(l) != c)
		return false;
	l->p++;
	return true;
}

static int
number(struct line *l, int min, int max)
{
	int n = 0;

	if (!isdigit((unsigned char)peek(l)))
		l->bad = true;
	while (!l->bad && isdigit((unsigned char)peek(l))) {
		n = n * 10 + (*l->p++ - '0');
		l->bad = n > max;
	}
	l->bad = l->bad || n < min;
	return n;
}

/* "CET", "<+03>" */
static void
skip_name(struct line *l)
{
	const char *from = l->p;

	if (take(l, '<')) {
		while (peek(l) != '\0' && peek(l) != '>')
			l->p++;
		l->bad = l->bad || !take(l, '>');
		return;
	}
	while (isalpha((unsigned char)peek(l)))
		l->p++;
	l->bad = l->bad || l->p == from;
}

/* [+-]hh[:mm[:ss]] in seconds */
static int32_t
clock_span(struct line *l)
{
	const bool minus = take(l, '-');
	int32_t s;

	if (!minus)
		(void)take(l, '+');
	s = number(l, 0, 167) * 3600;
	if (take(l, ':'))
		s += number(l, 0, 59) * 60;
	if (take(l, ':'))
		s += number(l, 0, 59);
	return minus ? -s : s;
}

static struct zone_rule
change_rule(struct line *l)
{
	struct zone_rule r = {.kind = ZR_DAY, .time = 2 * 3600};

	if (take(l, 'M')) {
		r.kind = ZR_WEEK;
		r.month = number(l, 1, 12);
		l->bad = l->bad || !take(l, '.');
		r.week = number(l, 1, 5);
		l->bad = l->bad || !take(l, '.');
		r.day = number(l, 0, 6);
	} else if (take(l, 'J')) {
		r.kind = ZR_JULIAN;
		r.day = number(l, 1, 365);
	} else {
		r.day = number(l, 0, 365);
	}
	if (take(l, '/'))
		r.time = clock_span(l);
	return r;
}

bool
zone_rules_parse(struct zone_rules *z, struct bytes text)
{
	struct line l = {.p = text.p, .end = text.p + text.n};

	*z = (struct zone_rules){.given = text.n != 0};
	if (!z->given)
		return true;
	skip_name(&l);
	z->standard = -clock_span(&l); /* west is positive there */
	if (peek(&l) != '\0' && !l.bad) {
		z->has_summer = true;
		skip_name(&l);
		z->summer = peek(&l) == ',' ? z->standard + 3600 : -clock_span(&l);
		l.bad = l.bad || !take(&l, ',');
		z->begin = change_rule(&l);
		l.bad = l.bad || !take(&l, ',');
		z->end = change_rule(&l);
	}
	return !l.bad && l.p == l.end;
}

/* --- asking ----------------------------------------------------------------------------------- */

static int
weekday(int year, int month, int mday)
{
	struct tm tm = {.tm_year = year - 1900, .tm_mon = month, .tm_mday = mday};

	(void)timegm(&tm);
	return tm.tm_wday;
}

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
days_in(int year, int month)
{
	static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month] + (month == 1 && is_leap(year));
}

/* The moment when the clock, which is offset east, shows what the rule says of the year. */
static int64_t
moment_of(const struct zone_rule *r, int year, int32_t offset)
{
	struct tm tm = {.tm_year = year - 1900, .tm_mday = 1};

	if (r->kind == ZR_WEEK) {
		const int last = days_in(year, r->month - 1);

		tm.tm_mon = r->month - 1;
		tm.tm_mday = 1 + (r->day - weekday(year, tm.tm_mon, 1) + 7) % 7 + 7 * (r->week - 1);
		while (tm.tm_mday > last)
			tm.tm_mday -= 7;
	} else {
		const bool behind_february = r->kind == ZR_JULIAN && r->day > 59 && is_leap(year);

		tm.tm_mday = r->kind == ZR_DAY ? r->day + 1 : r->day + behind_february;
	}
	return (int64_t)timegm(&tm) + r->time - offset;
}

int32_t
zone_rules_offset(const struct zone_rules *z, int64_t at)
{
	const time_t here = (time_t)(at + z->standard);
	int64_t begin, end;
	struct tm tm;
	bool summer;

	if (!z->has_summer || gmtime_r(&here, &tm) == NULL)
		return z->standard;
	begin = moment_of(&z->begin, tm.tm_year + 1900, z->standard);
	end = moment_of(&z->end, tm.tm_year + 1900, z->summer);
	summer = begin < end ? begin <= at && at < end : !(end <= at && at < begin);
	return summer ? z->summer : z->standard;
}
