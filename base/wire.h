/*
 * wire: a bounded reader of SSH's data types (RFC 4251 section 5).  Each call takes from the front and
 * returns false, with nothing taken, when what is left is too short.
 */
#ifndef BASE_WIRE_H
#define BASE_WIRE_H

#include "base/bytes.h"

/* Moves past n bytes. */
bool wire_skip(struct bytes *, size_t n);
bool wire_u8(struct bytes *, uint8_t *out);
bool wire_u32(struct bytes *, uint32_t *out);
bool wire_u64(struct bytes *, uint64_t *out);
/* A slice of the source. */
bool wire_string(struct bytes *, struct bytes *out);
/* The same for text: one NUL at its end is left out, as OpenSSH does; one inside: false. */
bool wire_text(struct bytes *, struct bytes *out);
/* A number, not negative (mpint): its bytes without leading zeros, none for 0. */
bool wire_number(struct bytes *, struct bytes *out);

#endif
