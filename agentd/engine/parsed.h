/*
 * parsed: JSON that we wrote ourselves, read back.  Knows jansson by name only, so that it can stand beside
 * base/json.h.  A path is "a.b.c", "" is the value itself; what is missing is empty, never an error.
 */
#ifndef ENGINE_PARSED_H
#define ENGINE_PARSED_H

#include "base/bytes.h"

typedef struct json_t json_t; /* jansson.h */

/* NULL: it is no object. */
const json_t *parsed_new(struct bytes);
void parsed_drop(const json_t **); /* takes NULL */
const json_t *parsed_get(const json_t *, const char *path);
struct bytes parsed_str(const json_t *, const char *path);
int64_t parsed_int(const json_t *, const char *path, int64_t dflt);
bool parsed_bool(const json_t *, const char *path);
/* Of an array; NULL: it has no more. */
const json_t *parsed_item(const json_t *array, size_t i);

#endif
