/*
 * scan: where the next byte of interest of a record is.  Fields are a dozen bytes long, so the call and
 * set-up of memchr() cost more than the search; sixteen bytes at a time in line do not.  Never reads
 * beyond end.  The portable form is always compiled: the unit test holds one against the other.
 */
#ifndef AUDIT_SCAN_H
#define AUDIT_SCAN_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define SCAN_TAIL '\x1d' /* auditd's AUDIT_INTERP_SEPARATOR */

/* The first of '=', ' ' and 0x1D, or end. */
static inline const char *
scan_delimiter_portable(const char *p, const char *end)
{
	while (p < end && *p != '=' && *p != ' ' && *p != SCAN_TAIL)
		p++;
	return p;
}

static inline const char *
scan_byte_portable(const char *p, const char *end, char c)
{
	while (p < end && *p != c)
		p++;
	return p;
}

#ifdef __SSE2__
static inline const char *
scan_delimiter(const char *p, const char *end)
{
	const __m128i equals = _mm_set1_epi8('='), space = _mm_set1_epi8(' ');
	const __m128i tail = _mm_set1_epi8(SCAN_TAIL);

	for (; end - p >= 16; p += 16) {
		__m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i hit = _mm_or_si128(_mm_cmpeq_epi8(x, tail),
		    _mm_or_si128(_mm_cmpeq_epi8(x, equals), _mm_cmpeq_epi8(x, space)));
		int mask = _mm_movemask_epi8(hit);

		if (mask != 0)
			return p + __builtin_ctz((unsigned)mask);
	}
	return scan_delimiter_portable(p, end);
}

static inline const char *
scan_byte(const char *p, const char *end, char c)
{
	const __m128i wanted = _mm_set1_epi8(c);

	for (; end - p >= 16; p += 16) {
		__m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
		int mask = _mm_movemask_epi8(_mm_cmpeq_epi8(x, wanted));

		if (mask != 0)
			return p + __builtin_ctz((unsigned)mask);
	}
	return scan_byte_portable(p, end, c);
}
#else
#define scan_delimiter scan_delimiter_portable
#define scan_byte      scan_byte_portable
#endif

#endif
