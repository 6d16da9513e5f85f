/* utf8: see utf8.h. */
#include "base/utf8.h"

size_t
utf8_next(struct bytes b, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char first;
	uint32_t c;
	size_t n;

	if (b.n == 0)
		return 0;
	first = (unsigned char)b.p[0];
	n = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
	if (n == 0 || n > b.n)
		return 0;
	c = n == 1 ? first : first & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		unsigned char next = (unsigned char)b.p[i];

		if (next >> 6 != 2)
			return 0;
		c = c << 6 | (next & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*code = c;
	return n;
}
