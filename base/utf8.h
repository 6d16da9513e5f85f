/* utf8: strict decoding (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/bytes.h"

/* The length of the character that b starts with (1 to 4) and its code; 0 when it is not UTF-8. */
size_t utf8_next(struct bytes b, uint32_t *code);

#endif
