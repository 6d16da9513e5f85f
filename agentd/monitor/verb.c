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

static bool
take_ses(const json_t *root, struct verb_line *out)
{
	const json_t *ses = json_object_get(root, "ses");
	json_int_t n = json_integer_value(ses);

	if (!json_is_integer(ses) || n < 0 || n >= SES_UNSET)
		return false;
	out->ses = (uint32_t)n;
	return true;
}

static enum verb
take_terminate(const json_t *root, struct verb_line *out)
{
	const json_t *all = json_object_get(root, "all");

	out->all = json_is_true(all);
	return take_ses(root, out) && (all == NULL || json_is_boolean(all)) ? VERB_TERMINATE : VERB_BAD;
}

static enum verb
take_isolate(const json_t *root, struct verb_line *out)
{
	return take_ses(root, out) ? VERB_ISOLATE : VERB_BAD;
}

static enum verb
take_revoke(const json_t *root, struct verb_line *out)
{
	return take_ses(root, out) ? VERB_REVOKE : VERB_BAD;
}

static enum verb
take_confirm(const json_t *root, struct verb_line *out)
{
	(void)root;
	(void)out;
	return VERB_CONFIRM;
}

static const struct {
	const char *name;
	enum verb (*take)(const json_t *, struct verb_line *);
} verbs[] = {
	{"mode", take_mode},
	{"confirm", take_confirm},
	{"terminate", take_terminate},
	{"isolate", take_isolate},
	{"revoke-agent", take_revoke},
};

struct verb_line
verb_parse(struct bytes line)
{
	json_t *root = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, NULL);
	const char *verb = json_string_value(json_object_get(root, "verb"));
	struct verb_line out = {.verb = VERB_BAD};

	for (size_t i = 0; verb != NULL && i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(verb, verbs[i].name) == 0)
			out.verb = verbs[i].take(root, &out);
	json_decref(root);
	return out;
}
