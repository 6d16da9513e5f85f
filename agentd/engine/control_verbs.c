/*
 * control_verbs: what each verb of the control socket does (sshtether/control.h).  Engine process, in
 * the loop; what needs the store or the monitor answers later.
 */
#include <stdio.h>
#include <stdlib.h>

#include "agentd/engine/archive.h"
#include "agentd/engine/calls.h"
#include "agentd/engine/control.h"
#include "agentd/engine/in_force.h"
#include "agentd/engine/listing.h"
#include "agentd/engine/prepare.h"
#include "agentd/engine/state.h"

/* A client that waits for an answer from elsewhere. */
struct pending {
	LIST_ENTRY(pending) link;
	struct engine *e;      /* borrowed */
	struct client *client; /* borrowed; NULL: it left */
	bool follows;          /* alerts: the answer is only the beginning */
	uint32_t ses;          /* announce */
};

static struct pending *
pending_new(struct engine *e, struct client *c)
{
	struct pending *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	*p = (struct pending){.e = e, .client = c};
	LIST_INSERT_HEAD(&e->pending, p, link);
	return p;
}

static void
pending_free(struct pending *p)
{
	LIST_REMOVE(p, link);
	free(p);
}

static void
on_gone(const struct client *c, void *arg)
{
	struct engine *e = arg;
	struct pending *p;

	listing_forget(e, c);
	LIST_FOREACH(p, &e->pending, link) {
		if (p->client == c)
			p->client = NULL;
	}
}

static void
send_buf(struct client *c, struct buf *line)
{
	if (buf_ok(line))
		client_line(c, buf_bytes(line));
	else
		client_end(c, 3, "out of memory");
	buf_free(line);
}

/* --- status, sessions, session --- */

static void
verb_status(struct client *c, const struct args *args, void *arg)
{
	struct buf line = BUF_INIT;

	(void)args;
	status_json(arg, &line);
	send_buf(c, &line);
	client_end(c, 0, NULL);
}

static void
verb_sessions(struct client *c, const struct args *args, void *arg)
{
	listing_begin(arg, c, args_flag(args, "all"), args_flag(args, "tree"));
}

/* id as a string, or as a number.  False: the client has its answer. */
static bool
get_ses(struct client *c, const struct args *args, const struct engine *e, uint32_t *ses)
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
verb_session(struct client *c, const struct args *args, void *arg)
{
	struct engine *e = arg;
	const struct session *s;
	struct buf line = BUF_INIT;
	uint32_t ses;

	if (!get_ses(c, args, e, &ses))
		return;
	if ((s = host_session(pipeline_host(e->pipeline), ses)) == NULL) {
		client_end(c, 1, "there is no such session now; `sshtether alerts --session` has its past");
		return;
	}
	session_json(e, s, true, &line);
	send_buf(c, &line);
	client_end(c, 0, NULL);
}

/* --- alerts --- */

struct filter {
	bool has_ses, has_activity;
	uint32_t ses;
	enum activity activity;
	char user[ST_NAME_MAX]; /* "": any */
};

bool
control_wants(const void *filter, const void *row)
{
	const struct filter *f = filter;
	const struct outlet_row *r = row;

	return r->alert && (!f->has_ses || f->ses == r->ses) &&
	    (!f->has_activity || f->activity == r->activity) &&
	    (f->user[0] == '\0' || strcmp(f->user, r->user) == 0);
}

/* False: the client has its answer. */
static bool
get_filter(struct client *c, const struct args *args, struct engine *e, struct filter *f)
{
	const char *user = args_str(args, "user"), *activity = args_str(args, "activity");
	const char *id = args_str(args, "session");

	memset(f, 0, sizeof(*f));
	if (user != NULL && !bytes_copy(bytes_of(user), f->user, sizeof(f->user))) {
		client_end(c, 1, "no user has so long a name");
		return false;
	}
	if (activity != NULL && !activity_parse(bytes_of(activity), &f->activity)) {
		client_end(c, 3, "this is no activity");
		return false;
	}
	if (id != NULL && !alert_session_parse(bytes_of(id), e->boot_id, &f->ses)) {
		client_end(c, 1, "no session has this id");
		return false;
	}
	f->has_activity = activity != NULL;
	f->has_ses = id != NULL;
	return true;
}

static void
on_alerts(struct bytes lines, bool cut, const char *why, void *arg)
{
	struct pending *p = arg;

	if (p->client != NULL) {
		if (lines.n > 0)
			client_line(p->client, lines);
		client_release(p->client);
		if (!p->follows)
			client_end(p->client, why != NULL ? 3 : 0, why != NULL ? why :
			    cut ? "there are more; ask for a shorter time" : NULL);
	}
	pending_free(p);
}

static bool
get_query(const struct args *args, const struct engine *e, const struct filter *f,
    struct store_query *q)
{
	int64_t limit;

	*q = (struct store_query){.user = f->user[0] != '\0' ? f->user : NULL,
	    .activity = f->has_activity ? activity_info(f->activity)->name : NULL,
	    .boot = f->has_ses ? e->boot_id : NULL, .has_ses = f->has_ses, .ses = f->ses,
	    .quiet = args_flag(args, "all")};
	if (!args_int(args, "since", 0, &q->since_ms) || !args_int(args, "until", 0, &q->until_ms) ||
	    !args_int(args, "limit", 0, &limit) || limit < 0)
		return false;
	q->limit = (uint64_t)limit;
	return true;
}

static void
verb_alerts(struct client *c, const struct args *args, void *arg)
{
	struct engine *e = arg;
	const bool follow = args_flag(args, "follow");
	struct filter *f = malloc(sizeof(*f));
	struct store_query q;
	struct pending *p = NULL;

	if (f == NULL || !get_filter(c, args, e, f)) {
		free(f);
		client_end(c, 3, "out of memory"); /* unless it has its answer */
		return;
	}
	if (!get_query(args, e, f, &q)) {
		client_end(c, 3, "since, until and limit are numbers");
	} else if (follow && q.since_ms == 0 && q.limit == 0) {
		client_follow(c, f, false); /* only what comes */
		return;
	} else if (e->archive == NULL || (p = pending_new(e, c)) == NULL ||
	    !archive_find(e->archive, &q, on_alerts, p)) {
		if (p != NULL)
			pending_free(p);
		client_end(c, 3, "the store is not to be had now");
	} else if (follow) {
		p->follows = true;
		client_follow(c, f, true);
		return;
	}
	free(f);
}

static bool
part_parse(const char *name, enum store_part *out)
{
	static const char *const names[] = {[STORE_FINDINGS] = "findings", [STORE_SESSIONS] = "sessions",
	    [STORE_LOGINS] = "logins"};

	for (unsigned i = STORE_FINDINGS; name != NULL && i <= STORE_LOGINS; i++) {
		*out = (enum store_part)i;
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

/* What all rows of the store have in common: a policy's `on`. */
static void
send_host(struct client *c, const struct engine *e)
{
	struct buf line = BUF_INIT;
	struct json j;

	json_init(&j, &line);
	json_object(&j);
	json_kstr(&j, "on", e->host_name);
	json_karray(&j, "roles");
	for (size_t i = 0; i < e->options.nroles; i++)
		json_str(&j, e->options.roles[i]);
	json_end(&j, ']');
	json_end(&j, '}');
	send_buf(c, &line);
}

static void
verb_history(struct client *c, const struct args *args, void *arg)
{
	struct engine *e = arg;
	struct store_query q = {0};
	struct pending *p = NULL;
	int64_t after;

	if (!part_parse(args_str(args, "part"), &q.part) || !args_int(args, "since", 0, &q.since_ms) ||
	    !args_int(args, "until", 0, &q.until_ms) || !args_int(args, "after", 0, &after) || after < 0) {
		client_end(c, 3, "part is findings, sessions or logins; after, since and until are numbers");
		return;
	}
	q.after = (uint64_t)after;
	send_host(c, e);
	if (e->archive != NULL && (p = pending_new(e, c)) != NULL && archive_find(e->archive, &q, on_alerts, p))
		return;
	if (p != NULL)
		pending_free(p);
	client_end(c, 3, "the store is not to be had now");
}

/* --- the policy --- */

static void
put_policy(struct engine *e, struct buf *line)
{
	const struct policy *p = policy_box_get(e->policy);
	struct buf text = BUF_INIT;
	struct json j;

	pol_print(p, &text);
	json_init(&j, line);
	json_object(&j);
	json_kstr(&j, "fleet", pol_fleet(p));
	json_kuint(&j, "serial", pol_serial(p));
	json_kstr(&j, "mode", mode_name(pol_mode(p)));
	json_kstr(&j, "path", policy_box_path(e->policy));
	json_kbytes(&j, "text", buf_bytes(&text));
	json_end(&j, '}');
	buf_free(&text);
}

static void
put_rule(struct engine *e, size_t i, struct buf *line)
{
	const struct policy *p = policy_box_get(e->policy);
	struct buf text = BUF_INIT;
	const char *file;
	unsigned at;
	struct json j;

	pol_rule_place(p, i, &file, &at);
	pol_rule_text(p, i, &text);
	json_init(&j, line);
	json_object(&j);
	json_kuint(&j, "rule", i);
	json_kstr(&j, "file", file);
	json_kuint(&j, "line", at);
	json_kbytes(&j, "text", buf_bytes(&text));
	json_kuint(&j, "hits", policy_box_hits(e->policy, i));
	json_end(&j, '}');
	buf_free(&text);
}

static void
verb_policy_show(struct client *c, const struct args *args, void *arg)
{
	struct engine *e = arg;
	const size_t n = args_flag(args, "verbose") ? pol_nrules(policy_box_get(e->policy)) : 0;
	struct buf line = BUF_INIT;

	put_policy(e, &line);
	send_buf(c, &line);
	for (size_t i = 0; i < n; i++) {
		put_rule(e, i, &line);
		send_buf(c, &line);
	}
	client_end(c, 0, NULL);
}

static void
verb_policy_load(struct client *c, const struct args *args, void *arg)
{
	struct engine *e = arg;
	const char *path = args_str(args, "path");
	struct buf diag = BUF_INIT, line = BUF_INIT;
	bool loaded;
	struct json j;

	if (path == NULL || path[0] != '/') {
		client_end(c, 3, "the path is to be absolute");
		return;
	}
	loaded = in_force_load(e, path, &diag);
	json_init(&j, &line);
	json_object(&j);
	if (loaded) {
		json_kstr(&j, "fleet", pol_fleet(policy_box_get(e->policy)));
		json_kuint(&j, "serial", pol_serial(policy_box_get(e->policy)));
		json_kuint(&j, "rules", pol_nrules(policy_box_get(e->policy)));
		json_kbytes(&j, "warnings", buf_bytes(&diag));
	} else
		json_kbytes(&j, "diagnostics", buf_bytes(&diag));
	json_end(&j, '}');
	send_buf(c, &line);
	client_end(c, loaded ? 0 : 1, loaded ? NULL : "not loaded; the policy in force stays");
	buf_free(&diag);
}

/* --- announce --- */

static void
announced(struct client *c, struct engine *e, uint32_t ses)
{
	char name[ALERT_SESSION_LEN];
	struct buf line = BUF_INIT;
	struct json j;

	json_init(&j, &line);
	json_object(&j);
	json_kstr(&j, "session", alert_session(e->boot_id, ses, name));
	json_kuint(&j, "ses", ses);
	json_end(&j, '}');
	send_buf(c, &line);
	client_end(c, 0, NULL);
}

static void
on_prepared(enum result result, void *arg)
{
	struct pending *p = arg;

	if (p->client != NULL && result == RES_OK)
		announced(p->client, p->e, p->ses);
	else if (p->client != NULL && result == RES_COUNT)
		client_end(p->client, 3, "the monitor does not answer");
	else if (p->client != NULL && result == RES_RATE)
		client_end(p->client, 3, "what the policy spares could not be spared: too much at once");
	else if (p->client != NULL)
		client_end(p->client, 1, "there is no such session now");
	pending_free(p);
}

/* What is to be done, and why: kept until the monitor says what became of it (notices.c). */
static void
verb_announce(struct client *c, const struct args *args, void *arg)
{
	struct engine *e = arg;
	const char *reason = args_str(args, "reason");
	struct pending *p;
	uint32_t ses;

	if (!get_ses(c, args, e, &ses))
		return;
	if (reason == NULL || reason[0] == '\0' ||
	    !orders_note(&e->orders, ses, (uint32_t)client_pid(c), reason)) {
		client_end(c, 3, reason == NULL || reason[0] == '\0' ? "a reason is to be given" :
		    "the reason is too long");
		return;
	}
	if (args_str(args, "order") != NULL && strcmp(args_str(args, "order"), "terminate") != 0) {
		/* What the policy spares concerns the end alone. */
		if (host_session(pipeline_host(e->pipeline), ses) != NULL)
			announced(c, e, ses);
		else
			client_end(c, 1, "there is no such session now");
		return;
	}
	if ((p = pending_new(e, c)) != NULL) {
		p->ses = ses;
		if (prepare_end(e->link, ses, calls_spared, e, on_prepared, p))
			return;
		pending_free(p);
	}
	client_end(c, 3, "the monitor could not be asked");
}

/* --- the table --- */

static const struct verb verbs[] = {
	{"status", false, verb_status},
	{"sessions", false, verb_sessions},
	{"session", false, verb_session},
	{"alerts", false, verb_alerts},
	{"history", false, verb_history},
	{"policy-show", false, verb_policy_show},
	{"policy-load", true, verb_policy_load},
	{"announce", true, verb_announce},
	{"allowed", false, verb_allowed},
	{"allow", true, verb_allow},
	{"disallow", true, verb_disallow},
	{NULL, false, NULL},
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
