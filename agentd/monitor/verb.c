/* verb: see verb.h.  Runs in the monitor, on a line that uid 0 sent. */
#include "agentd/monitor/verb.h"

#include <jansson.h>
#include <string.h>

enum verb
verb_parse(struct bytes line, enum mode *set)
{
	json_t *root = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, NULL);
	const char *verb = json_string_value(json_object_get(root, "verb"));
	const json_t *value = json_object_get(root, "set");
	enum verb v = VERB_BAD;

	if (verb != NULL && strcmp(verb, "mode") == 0) {
		if (value == NULL)
			v = VERB_MODE_GET;
		else if (json_is_string(value) && mode_parse(bytes_of(json_string_value(value)), set))
			v = VERB_MODE_SET;
	}
	json_decref(root);
	return v;
}
