/* baseline_words: hours, spans and amounts in words; see baseline.h. */
#include "cli/baseline.h"

static const char *const weekdays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

/* --- "Mon-Fri 08-18 h" ------------------------------------------------------------------------------- */

static uint64_t
sum_of(const uint32_t *hours, unsigned n, unsigned step)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += hours[i * step];
	return sum;
}

/* Days that have a twentieth of it or more. */
static unsigned
busy_days(const uint32_t hours[WEEK_HOURS], uint64_t all)
{
	unsigned days = 0;

	for (unsigned d = 0; d < 7; d++) {
		const uint64_t of_day = sum_of(hours + 24 * d, 24, 1);

		if (of_day > 0 && of_day * 20 >= all)
			days |= 1u << d;
	}
	return days;
}

static void
put_days(unsigned days, struct buf *out)
{
	const char *sep = "";

	for (unsigned d = 0; d < 7; d++) {
		unsigned last = d;

		if ((days >> d & 1) == 0)
			continue;
		while (last + 1 < 7 && (days >> (last + 1) & 1) != 0)
			last++;
		buf_printf(out, "%s%s", sep, weekdays[d]);
		if (last > d)
			buf_printf(out, "%s%s", last > d + 1 ? "-" : ",", weekdays[last]);
		sep = ",";
		d = last;
	}
}

/* The shortest stretch of the day, over midnight too, that has nine tenths of it. */
static unsigned
busy_stretch(const uint64_t by_hour[24], uint64_t all, unsigned *from)
{
	for (unsigned n = 1; n < 24; n++) {
		for (unsigned h = 0; h < 24; h++) {
			uint64_t in = 0;

			for (unsigned i = 0; i < n; i++)
				in += by_hour[(h + i) % 24];
			if (in * 10 >= all * 9) {
				*from = h;
				return n;
			}
		}
	}
	*from = 0;
	return 24;
}

void
words_week(const uint32_t hours[WEEK_HOURS], struct buf *out)
{
	const uint64_t all = sum_of(hours, WEEK_HOURS, 1);
	uint64_t by_hour[24];
	unsigned from, n;

	if (all == 0) {
		buf_puts(out, "-");
		return;
	}
	for (unsigned h = 0; h < 24; h++)
		by_hour[h] = sum_of(hours + h, 7, 24);
	put_days(busy_days(hours, all), out);
	n = busy_stretch(by_hour, all, &from);
	if (n >= 20)
		buf_puts(out, " around the clock");
	else
		buf_printf(out, " %02u-%02u h", from, (from + n) % 24 != 0 ? (from + n) % 24 : 24);
}

void
words_chart(const uint32_t hours[WEEK_HOURS], struct buf *out)
{
	static const char marks[] = {'.', '-', '+', '#'};
	uint32_t most = 0;

	for (unsigned i = 0; i < WEEK_HOURS; i++)
		most = hours[i] > most ? hours[i] : most;
	buf_puts(out, "     00    03    06    09    12    15    18    21\n");
	for (unsigned d = 0; d < 7; d++) {
		buf_printf(out, "%s  ", weekdays[d]);
		for (unsigned h = 0; h < 24; h++) {
			const uint32_t n = hours[24 * d + h];

			buf_putc(out, n == 0 ? ' ' : marks[((uint64_t)n * 4 - 1) / most]);
			buf_putc(out, ' ');
		}
		while (out->n > 0 && out->p[out->n - 1] == ' ')
			out->n--;
		buf_putc(out, '\n');
	}
}

/* --- amounts ------------------------------------------------------------------------------------------ */

struct unit {
	uint64_t from;
	const char *name;
};

/* The largest unit that it has two of, or the smallest there is. */
static void
put_amount(uint64_t amount, const struct unit *units, size_t n, struct buf *out)
{
	size_t i = 0;

	while (i + 1 < n && amount < 2 * units[i].from)
		i++;
	buf_printf(out, "%llu %s", (unsigned long long)((amount + units[i].from / 2) / units[i].from), units[i].name);
}

void
words_span(uint64_t seconds, struct buf *out)
{
	static const struct unit units[] = {{86400, "days"}, {3600, "h"}, {60, "min"}, {1, "s"}};

	put_amount(seconds, units, sizeof(units) / sizeof(units[0]), out);
}

void
words_bytes(uint64_t bytes, struct buf *out)
{
	static const struct unit units[] = {{1000000000000, "TB"}, {1000000000, "GB"}, {1000000, "MB"}, {1000, "kB"},
	    {1, "bytes"}};

	put_amount(bytes, units, sizeof(units) / sizeof(units[0]), out);
}
