/*
 * bytes: a borrowed run of bytes.  Strings from audit records, sockets and files are bytes: they
 * may hold NUL, are not terminated and are never trusted as text.  libc only; used everywhere.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const char *p; /* borrowed; may be NULL when n is 0 */
	size_t n;
};

#define BYTES_LIT(s) ((struct bytes){.p = (s), .n = sizeof(s) - 1})
#define BYTES_NONE   ((struct bytes){.p = NULL, .n = 0})

static inline struct bytes
bytes_of(const char *s)
{
	return (struct bytes){.p = s, .n = s != NULL ? strlen(s) : 0};
}

static inline bool
bytes_eq(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool
bytes_is(struct bytes a, const char *s)
{
	return bytes_eq(a, bytes_of(s));
}

static inline bool
bytes_starts(struct bytes a, struct bytes prefix)
{
	return a.n >= prefix.n && (prefix.n == 0 || memcmp(a.p, prefix.p, prefix.n) == 0);
}

static inline bool
bytes_ends(struct bytes a, struct bytes suffix)
{
	return a.n >= suffix.n &&
	    (suffix.n == 0 || memcmp(a.p + (a.n - suffix.n), suffix.p, suffix.n) == 0);
}

/* What follows the last '/', or all of it: the program name of a path. */
struct bytes bytes_basename(struct bytes path);

/* Takes the front off: what stands before the first `end`, which goes too; all when there is none. */
struct bytes bytes_take(struct bytes *rest, char end);

/* A space, a tab, or the carriage return of a file that came from elsewhere. */
static inline bool
byte_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Without the blanks at either end. */
struct bytes bytes_trim(struct bytes b);

/* A file's text without the byte order mark that some editors put before it. */
static inline struct bytes
bytes_unmarked(struct bytes text)
{
	const size_t n = bytes_starts(text, BYTES_LIT("\xef\xbb\xbf")) ? 3 : 0;

	return n > 0 ? (struct bytes){.p = text.p + n, .n = text.n - n} : text;
}

/* Decimal, whole of b, no sign, no blanks.  False on overflow or any other character. */
bool bytes_u64(struct bytes b, uint64_t *out);
/* Decimal with an optional '-'. */
bool bytes_i64(struct bytes b, int64_t *out);
/* Hex without 0x, at most 16 digits. */
bool bytes_hex64(struct bytes b, uint64_t *out);
/*
 * Decodes an even number of hex digits into out (b.n / 2 bytes).  False, with out undefined, on an
 * odd length, on another character or when cap is too small.
 */
bool bytes_unhex(struct bytes b, char *out, size_t cap, size_t *n);

/* Copies into a fixed array, always terminated; false when it was cut or holds a NUL. */
bool bytes_copy(struct bytes b, char *out, size_t cap);

/* A keyed hash for tables whose keys an outsider may choose (SipHash-1-3; the key is per process). */
uint64_t bytes_hash(struct bytes b);
/* The same for a number. */
uint64_t hash_u64(uint64_t v);

#endif
