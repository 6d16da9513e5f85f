/*
 * args: a control request, read: a flat JSON object of strings, numbers and truth values.  The only
 * place that reads JSON; base/json.h writes it.
 */
#ifndef ENGINE_ARGS_H
#define ENGINE_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct args;

/* NULL: not one JSON object, or a key stands in it twice. */
struct args *args_parse(const char *line, size_t n);
void args_free(struct args **);
bool args_has(const struct args *, const char *key);
/* Borrowed; NULL: absent, of another type, or it holds a NUL. */
const char *args_str(const struct args *, const char *key);
/* Absent: dflt.  False: there, but of another type. */
bool args_int(const struct args *, const char *key, int64_t dflt, int64_t *out);
bool args_flag(const struct args *, const char *key);

#endif
