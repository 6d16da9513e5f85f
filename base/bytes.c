/* bytes: see bytes.h.  Hashing is SipHash-1-3 (Aumasson, Bernstein) under a key made at first use. */
#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

struct bytes
bytes_basename(struct bytes path)
{
	const char *slash = path.n > 0 ? memrchr(path.p, '/', path.n) : NULL;
	size_t skip;

	if (slash == NULL)
		return path;
	skip = (size_t)(slash - path.p) + 1;
	return (struct bytes){.p = path.p + skip, .n = path.n - skip};
}

struct bytes
bytes_take(struct bytes *rest, char end)
{
	const char *at = rest->n > 0 ? memchr(rest->p, end, rest->n) : NULL;
	struct bytes taken = {.p = rest->p, .n = at != NULL ? (size_t)(at - rest->p) : rest->n};

	*rest = at != NULL ? (struct bytes){.p = at + 1, .n = rest->n - taken.n - 1} : BYTES_NONE;
	return taken;
}

struct bytes
bytes_trim(struct bytes b)
{
	while (b.n > 0 && byte_is_blank(b.p[0]))
		b = (struct bytes){.p = b.p + 1, .n = b.n - 1};
	while (b.n > 0 && byte_is_blank(b.p[b.n - 1]))
		b.n--;
	return b;
}

bool
bytes_u64(struct bytes b, uint64_t *out)
{
	uint64_t v = 0;

	if (b.n == 0)
		return false;
	for (size_t i = 0; i < b.n; i++) {
		unsigned digit = (unsigned)(unsigned char)b.p[i] - '0';

		if (digit > 9 || __builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, digit, &v))
			return false;
	}
	*out = v;
	return true;
}

bool
bytes_i64(struct bytes b, int64_t *out)
{
	bool negative = b.n > 0 && b.p[0] == '-';
	uint64_t limit = (uint64_t)INT64_MAX + negative, v;

	if (negative)
		b = (struct bytes){.p = b.p + 1, .n = b.n - 1};
	if (!bytes_u64(b, &v) || v > limit)
		return false;
	/* Unsigned negation is defined for INT64_MIN too. */
	*out = (int64_t)(negative ? 0 - v : v);
	return true;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool
bytes_hex64(struct bytes b, uint64_t *out)
{
	uint64_t v = 0;

	if (b.n == 0 || b.n > 16)
		return false;
	for (size_t i = 0; i < b.n; i++) {
		int digit = hex_digit(b.p[i]);

		if (digit < 0)
			return false;
		v = v << 4 | (unsigned)digit;
	}
	*out = v;
	return true;
}

bool
bytes_unhex(struct bytes b, char *out, size_t cap, size_t *n)
{
	if (b.n % 2 != 0 || b.n / 2 > cap)
		return false;
	for (size_t i = 0; i < b.n; i += 2) {
		int high = hex_digit(b.p[i]), low = hex_digit(b.p[i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i / 2] = (char)(high << 4 | low);
	}
	*n = b.n / 2;
	return true;
}

bool
bytes_copy(struct bytes b, char *out, size_t cap)
{
	size_t n = b.n < cap ? b.n : cap - 1;
	bool whole = n == b.n && memchr(b.n > 0 ? b.p : "x", '\0', b.n) == NULL;

	if (n > 0)
		memcpy(out, b.p, n);
	out[n] = '\0';
	return whole;
}

struct sip {
	uint64_t v[4];
};

static inline uint64_t
rotl(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void
sip_round(struct sip *s)
{
	s->v[0] += s->v[1];
	s->v[1] = rotl(s->v[1], 13) ^ s->v[0];
	s->v[0] = rotl(s->v[0], 32);
	s->v[2] += s->v[3];
	s->v[3] = rotl(s->v[3], 16) ^ s->v[2];
	s->v[0] += s->v[3];
	s->v[3] = rotl(s->v[3], 21) ^ s->v[0];
	s->v[2] += s->v[1];
	s->v[1] = rotl(s->v[1], 17) ^ s->v[2];
	s->v[2] = rotl(s->v[2], 32);
}

static const uint64_t *
hash_key(void)
{
	static uint64_t key[2];
	static bool made;

	if (!made) {
		/* getrandom(2) does not fail for 16 bytes once the pool is up; abort beats a known key. */
		if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
			abort();
		made = true;
	}
	return key;
}

static void
sip_word(struct sip *s, uint64_t word)
{
	s->v[3] ^= word;
	sip_round(s);
	s->v[0] ^= word;
}

uint64_t
bytes_hash(struct bytes b)
{
	const uint64_t *key = hash_key();
	struct sip s = {{key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
	    key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u}};
	uint64_t word, last = (uint64_t)b.n << 56;
	size_t i;

	for (i = 0; i + 8 <= b.n; i += 8) {
		memcpy(&word, b.p + i, 8);
		sip_word(&s, word);
	}
	for (unsigned shift = 0; i < b.n; i++, shift += 8)
		last |= (uint64_t)(unsigned char)b.p[i] << shift;
	sip_word(&s, last);
	s.v[2] ^= 0xff;
	for (int round = 0; round < 3; round++)
		sip_round(&s);
	return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}

uint64_t
hash_u64(uint64_t v)
{
	char raw[sizeof(v)];

	memcpy(raw, &v, sizeof(v));
	return bytes_hash((struct bytes){.p = raw, .n = sizeof(raw)});
}
