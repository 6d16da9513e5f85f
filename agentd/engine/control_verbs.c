/* control_verbs: the table of verbs, and those that show the present; see verbs.h. */
#include "agentd/engine/listing.h"
#include "agentd/engine/pending.h"
#include "agentd/engine/verbs.h"

void
verb_send(struct client *c, struct buf *line)
{
	if (buf_ok(line))
		client_line(c, buf_bytes(line));
	else
		client_end(c, 3, "out of memory");
	buf_free(line);
}

/* id as a string, or as a number.  False: the client has its answer. */
bool
verb_ses(struct client *c, const struct args *args, const struct engine *e, uint32_t *ses)
{
	const char *id = args_str(args, "id");
	int64_t n;

	if (id != NULL && alert_session_parse(bytes_of(id), e->boot_id, ses))
		return true;
	if (id == NULL && args_int(args, "id", -1, &n) && n >= 0 && n < UINT32_MAX) {
		*ses = (uint32_t)n;
		return true;
	}
	client_end(c, 1, "no session has this id");
	return false;
}

static void
verb_status(struct client *c, const struct args *args, void *arg)
{
	struct buf line = BUF_INIT;

	(void)args;
	status_json(arg, &line);
	verb_send(c, &line);
	client_end(c, 0, NULL);
}

static void
verb_sessions(struct client *c, const struct args *args, void *arg)
{
	listing_begin(arg, c, args_flag(args, "all"), args_flag(args, "tree"));
}

static void
verb_session(struct client *c, const struct args *args, void *arg)
{
	struct engine *e = arg;
	const struct session *s;
	struct buf line = BUF_INIT;
	uint32_t ses;

	if (!verb_ses(c, args, e, &ses))
		return;
	if ((s = host_session(pipeline_host(e->pipeline), ses)) == NULL) {
		client_end(c, 1, "there is no such session now; `sshtether alerts --session` has its past");
		return;
	}
	session_json(e, s, true, &line);
	verb_send(c, &line);
	client_end(c, 0, NULL);
}

static void
on_gone(const struct client *c, void *arg)
{
	struct engine *e = arg;

	listing_forget(e, c);
	pending_gone(e, c);
}

static const struct verb verbs[] = {
	{"status", false, verb_status, NULL},
	{"sessions", false, verb_sessions, NULL},
	{"session", false, verb_session, NULL},
	{"alerts", false, verb_alerts, NULL},
	{"history", false, verb_history, NULL},
	{"cases", false, verb_cases, NULL},
	{"case", false, verb_case, NULL},
	{"policy-show", false, verb_policy_show, NULL},
	{"policy-load", true, verb_policy_load, NULL},
	{"announce", true, verb_announce, NULL},
	{"allowed", false, verb_allowed, NULL},
	{"allow", true, verb_allow, NULL},
	{"disallow", true, verb_disallow, NULL},
	{"baseline", false, verb_baseline, baseline_is_ready},
	{"baseline-merge", true, verb_baseline_merge, baseline_is_ready},
	{"baseline-reset", true, verb_baseline_reset, baseline_is_ready},
	{.name = NULL},
};

struct control *
control_verbs_new(struct engine *e, gid_t group)
{
	const struct control_parts parts = {.base = e->base, .verbs = verbs, .gone = on_gone, .arg = e,
	    .group = group};

	LIST_INIT(&e->pending);
	LIST_INIT(&e->listings);
	return control_new(&parts);
}
