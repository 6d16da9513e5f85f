/* wire: see wire.h. */
#include "base/wire.h"

static uint64_t
big_endian(const char *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | (uint8_t)p[i];
	return v;
}

bool
wire_skip(struct bytes *w, size_t n)
{
	if (w->n < n)
		return false;
	w->p += n;
	w->n -= n;
	return true;
}

bool
wire_u8(struct bytes *w, uint8_t *out)
{
	const char *at = w->p;

	if (!wire_skip(w, 1))
		return false;
	*out = (uint8_t)*at;
	return true;
}

bool
wire_u32(struct bytes *w, uint32_t *out)
{
	const char *at = w->p;

	if (!wire_skip(w, 4))
		return false;
	*out = (uint32_t)big_endian(at, 4);
	return true;
}

bool
wire_u64(struct bytes *w, uint64_t *out)
{
	const char *at = w->p;

	if (!wire_skip(w, 8))
		return false;
	*out = big_endian(at, 8);
	return true;
}

bool
wire_string(struct bytes *w, struct bytes *out)
{
	struct bytes rest = *w;
	uint32_t n;

	if (!wire_u32(&rest, &n) || rest.n < n)
		return false;
	*out = (struct bytes){.p = rest.p, .n = n};
	w->p = rest.p + n;
	w->n = rest.n - n;
	return true;
}

bool
wire_text(struct bytes *w, struct bytes *out)
{
	struct bytes rest = *w, s;

	if (!wire_string(&rest, &s))
		return false;
	if (s.n > 0 && s.p[s.n - 1] == '\0')
		s.n--;
	if (s.n > 0 && memchr(s.p, '\0', s.n) != NULL)
		return false;
	*out = s;
	*w = rest;
	return true;
}

bool
wire_number(struct bytes *w, struct bytes *out)
{
	struct bytes rest = *w, s;

	if (!wire_string(&rest, &s) || (s.n > 0 && ((uint8_t)*s.p & 0x80) != 0))
		return false;
	while (s.n > 0 && *s.p == '\0')
		(void)wire_skip(&s, 1);
	*out = s;
	*w = rest;
	return true;
}
