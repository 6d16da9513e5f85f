/*
 * parse_json: a second opinion (jansson's) on JSON that base/json wrote; their headers do
 * not go together.
 */
#ifndef TESTS_PARSE_JSON_H
#define TESTS_PARSE_JSON_H

#include <stdbool.h>
#include <stddef.h>

/* One object on one line, and nothing else; strict UTF-8. */
bool parses_as_object(const char *p, size_t n);

/* jansson's json_t; NULL: no object. */
struct json_t *parse_object(const char *text);
void parsed_free(struct json_t *);

#endif
