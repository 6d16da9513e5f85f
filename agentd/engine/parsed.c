/* parsed: see parsed.h. */
#include "agentd/engine/parsed.h"

#include <jansson.h>

const json_t *
parsed_new(struct bytes text)
{
	json_t *v = text.n > 0 ? json_loadb(text.p, text.n, 0, NULL) : NULL;

	if (v != NULL && !json_is_object(v)) {
		json_decref(v);
		v = NULL;
	}
	return v;
}

void
parsed_drop(const json_t **v)
{
	json_decref((json_t *)(uintptr_t)*v);
	*v = NULL;
}

const json_t *
parsed_get(const json_t *v, const char *path)
{
	char name[64];

	while (v != NULL && *path != '\0') {
		const size_t n = strcspn(path, ".");

		if (n >= sizeof(name))
			return NULL;
		memcpy(name, path, n);
		name[n] = '\0';
		v = json_object_get(v, name);
		path += n + (path[n] == '.');
	}
	return v;
}

struct bytes
parsed_str(const json_t *v, const char *path)
{
	const json_t *text = parsed_get(v, path);

	if (!json_is_string(text))
		return BYTES_NONE;
	return (struct bytes){.p = json_string_value(text), .n = json_string_length(text)};
}

int64_t
parsed_int(const json_t *v, const char *path, int64_t dflt)
{
	const json_t *n = parsed_get(v, path);

	return json_is_integer(n) ? json_integer_value(n) : dflt;
}

bool
parsed_bool(const json_t *v, const char *path)
{
	return json_is_true(parsed_get(v, path));
}

const json_t *
parsed_item(const json_t *array, size_t i)
{
	return json_array_get(array, i);
}
