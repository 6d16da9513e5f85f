/* parse_json: see parse_json.h. */
#include <string.h>

#include <jansson.h>

#include "tests/unit/parse_json.h"

bool
parses_as_object(const char *p, size_t n)
{
	json_t *v = memchr(p, '\n', n) == NULL ? json_loadb(p, n, JSON_REJECT_DUPLICATES, NULL) : NULL;
	bool ok = json_is_object(v);

	json_decref(v);
	return ok;
}

struct json_t *
parse_object(const char *text)
{
	return json_loads(text, JSON_REJECT_DUPLICATES, NULL);
}

void
parsed_free(struct json_t *v)
{
	json_decref(v);
}
