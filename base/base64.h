/* base64: RFC 4648 section 4, strict: whole quads, padding at the end only, no blanks. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/bytes.h"

/* Room that base64_decode() needs for so many characters. */
#define BASE64_ROOM(chars) ((chars) / 4 * 3)

/* out has BASE64_ROOM(text.n) bytes; *n is how many were written.  False: not base64. */
bool base64_decode(struct bytes text, uint8_t *out, size_t *n);
/* Without padding, terminated; false when cap is too small. */
bool base64_encode(struct bytes data, char *out, size_t cap);

#endif
