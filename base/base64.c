/* base64: see base64.h. */
#include "base/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool
digit(char c, uint32_t *v)
{
	const char *at = c != '\0' ? strchr(alphabet, c) : NULL;

	if (at == NULL)
		return false;
	*v = (uint32_t)(at - alphabet);
	return true;
}

/* One quad that holds `bytes` (1 to 3) bytes; spare bits of the last digit must be 0. */
static bool
quad(const char *text, size_t bytes, uint8_t *out)
{
	uint32_t sum = 0, v;

	for (size_t i = 0; i < 4; i++) {
		if (i > bytes)
			v = 0;
		else if (!digit(text[i], &v))
			return false;
		sum = sum << 6 | v;
	}
	for (size_t i = 0; i < bytes; i++)
		out[i] = (uint8_t)(sum >> (16 - 8 * i));
	return bytes == 3 || (sum & (bytes == 2 ? 0xffu : 0xffffu)) == 0;
}

bool
base64_decode(struct bytes text, uint8_t *out, size_t *n)
{
	size_t done = 0;

	if (text.n % 4 != 0)
		return false;
	for (size_t i = 0; i < text.n; i += 4) {
		size_t bytes = 3;

		if (i + 4 == text.n && text.p[i + 3] == '=')
			bytes = text.p[i + 2] == '=' ? 1 : 2;
		if (!quad(text.p + i, bytes, out + done))
			return false;
		done += bytes;
	}
	*n = done;
	return true;
}

bool
base64_encode(struct bytes data, char *out, size_t cap)
{
	size_t chars = (data.n * 8 + 5) / 6;
	uint32_t sum = 0;
	unsigned bits = 0;

	if (chars >= cap)
		return false;
	for (size_t i = 0; i < data.n; i++) {
		sum = sum << 8 | (uint8_t)data.p[i];
		for (bits += 8; bits >= 6; bits -= 6)
			*out++ = alphabet[sum >> (bits - 6) & 63];
	}
	if (bits > 0)
		*out++ = alphabet[sum << (6 - bits) & 63];
	*out = '\0';
	return true;
}
