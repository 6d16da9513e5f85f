/* args: see args.h.  Engine process; every byte is hostile. */
#include "agentd/engine/args.h"

#include <stdlib.h>

#include <jansson.h>

struct args {
	json_t *root; /* owned */
};

struct args *
args_parse(const char *line, size_t n)
{
	struct args *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->root = json_loadb(line, n, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(a->root))
		args_free(&a);
	return a;
}

void
args_free(struct args **ap)
{
	struct args *a = *ap;

	if (a == NULL)
		return;
	*ap = NULL;
	json_decref(a->root);
	free(a);
}

bool
args_has(const struct args *a, const char *key)
{
	return json_object_get(a->root, key) != NULL;
}

const char *
args_str(const struct args *a, const char *key)
{
	const json_t *v = json_object_get(a->root, key);

	/* Strings with a NUL inside do not get past the parser (JSON_ALLOW_NUL is not set). */
	return json_is_string(v) ? json_string_value(v) : NULL;
}

bool
args_int(const struct args *a, const char *key, int64_t dflt, int64_t *out)
{
	const json_t *v = json_object_get(a->root, key);

	if (v != NULL && !json_is_null(v) && !json_is_integer(v))
		return false;
	*out = json_is_integer(v) ? json_integer_value(v) : dflt;
	return true;
}

bool
args_flag(const struct args *a, const char *key)
{
	return json_is_true(json_object_get(a->root, key));
}
