/* verb: see verb.h.  Runs in the monitor, on a line that uid 0 sent. */
#include "agentd/monitor/verb.h"

#include <jansson.h>
#include <sshtether/control.h>
#include <string.h>

#include "base/proc.h"

/* Of enforce alone, and within bounds. */
static bool
take_trial(const json_t *root, struct verb_line *out)
{
	const json_t *value = json_object_get(root, "trial_ms");

	if (value == NULL)
		return true;
	out->trial_ms = json_integer_value(value);
	return json_is_integer(value) && out->mode == MODE_ENFORCE && out->trial_ms >= TRIAL_MIN_MS &&
	    out->trial_ms <= TRIAL_MAX_MS;
}

static enum verb
take_mode(const json_t *root, struct verb_line *out)
{
	const json_t *value = json_object_get(root, "set");

	if (value == NULL)
		return VERB_MODE_GET;
	if (!json_is_string(value) || !mode_parse(bytes_of(json_string_value(value)), &out->mode))
		return VERB_BAD;
	return take_trial(root, out) ? VERB_MODE_SET : VERB_BAD;
}

static enum verb
take_terminate(const json_t *root, struct verb_line *out)
{
	const json_t *ses = json_object_get(root, "ses"), *all = json_object_get(root, "all");
	json_int_t n = json_integer_value(ses);

	if (!json_is_integer(ses) || n < 0 || n >= SES_UNSET || (all != NULL && !json_is_boolean(all)))
		return VERB_BAD;
	out->ses = (uint32_t)n;
	out->all = json_is_true(all);
	return VERB_TERMINATE;
}

struct verb_line
verb_parse(struct bytes line)
{
	json_t *root = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, NULL);
	const char *verb = json_string_value(json_object_get(root, "verb"));
	struct verb_line out = {.verb = VERB_BAD};

	if (verb != NULL && strcmp(verb, "mode") == 0)
		out.verb = take_mode(root, &out);
	else if (verb != NULL && strcmp(verb, "confirm") == 0)
		out.verb = VERB_CONFIRM;
	else if (verb != NULL && strcmp(verb, "terminate") == 0)
		out.verb = take_terminate(root, &out);
	json_decref(root);
	return out;
}
