/* amount: so many bytes, in words for people: "333 bytes", "8.4 kB", "84 MB".  Powers of ten, as SI has them. */
#ifndef BASE_AMOUNT_H
#define BASE_AMOUNT_H

#include <stdint.h>
#include <stdio.h>

#define AMOUNT_STRLEN 32

/* Returns out. */
static inline const char *
amount_str(uint64_t n, char out[AMOUNT_STRLEN])
{
	static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
	size_t unit = 0;
	double value = (double)n;

	for (; value >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
		value /= 1000;
	(void)snprintf(out, AMOUNT_STRLEN, unit > 0 && value < 9.95 ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return out;
}

#endif
