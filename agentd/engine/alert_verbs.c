/* alert_verbs: alerts and the history; see verbs.h. */
#include "agentd/engine/verbs.h"

#include <stdlib.h>

#include "agentd/engine/archive.h"
#include "agentd/engine/case_keep.h"
#include "agentd/engine/pending.h"

struct filter {
	bool has_ses;
	uint32_t ses;
	char activity[32]; /* or "case"; "": any */
	char user[ST_NAME_MAX]; /* "": any */
};

bool
alert_verbs_want(const void *filter, const void *row)
{
	const struct filter *f = filter;
	const struct outlet_row *r = row;

	return r->alert && (!f->has_ses || f->ses == r->ses) &&
	    (f->activity[0] == '\0' || strcmp(f->activity, outlet_row_name(r)) == 0) &&
	    (f->user[0] == '\0' || strcmp(f->user, r->user) == 0);
}

/* What a case alerts is none of them, and may be asked for as if it were. */
static bool
is_activity(const char *name)
{
	enum activity a;

	return strcmp(name, "case") == 0 || activity_parse(bytes_of(name), &a);
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
	if (activity != NULL && (!is_activity(activity) ||
	    !bytes_copy(bytes_of(activity), f->activity, sizeof(f->activity)))) {
		client_end(c, 3, "this is no activity");
		return false;
	}
	if (id != NULL && !alert_session_parse(bytes_of(id), e->boot_id, &f->ses)) {
		client_end(c, 1, "no session has this id");
		return false;
	}
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
	    .activity = f->activity[0] != '\0' ? f->activity : NULL,
	    .boot = f->has_ses ? e->boot_id : NULL, .has_ses = f->has_ses, .ses = f->ses,
	    .quiet = args_flag(args, "all")};
	if (!args_int(args, "since", 0, &q->since_ms) || !args_int(args, "until", 0, &q->until_ms) ||
	    !args_int(args, "limit", 0, &limit) || limit < 0)
		return false;
	q->limit = (uint64_t)limit;
	return true;
}

void
verb_alerts(struct client *c, const struct args *args, void *arg)
{
	struct engine *e = arg;
	const bool follow = args_flag(args, "follow");
	struct filter *f = malloc(sizeof(*f));
	struct store_query q;
	struct pending *p = NULL;

	if (f == NULL) {
		client_end(c, 3, "out of memory");
		return;
	}
	if (!get_filter(c, args, e, f)) {
		free(f);
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
	    [STORE_LOGINS] = "logins", [STORE_ALERTED] = "alerted"};

	for (unsigned i = STORE_FINDINGS; name != NULL && i <= STORE_ALERTED; i++) {
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
	verb_send(c, &line);
}

void
verb_history(struct client *c, const struct args *args, void *arg)
{
	struct engine *e = arg;
	struct store_query q = {0};
	struct pending *p = NULL;
	int64_t after;

	if (!part_parse(args_str(args, "part"), &q.part) || !args_int(args, "since", 0, &q.since_ms) ||
	    !args_int(args, "until", 0, &q.until_ms) || !args_int(args, "after", 0, &after) || after < 0) {
		client_end(c, 3, "part is findings, sessions, logins or alerted; after, since and until are numbers");
		return;
	}
	q.after = (uint64_t)after;
	q.id = args_str(args, "id");
	if (q.id != NULL && (q.part != STORE_FINDINGS || strspn(q.id, "0123456789abcdef") != strlen(q.id))) {
		client_end(c, 3, "id is the beginning of an alert's event.id, of findings");
		return;
	}
	send_host(c, e);
	if (q.part == STORE_ALERTED)
		case_keep(e->cases, e->archive);
	if (e->archive != NULL && (p = pending_new(e, c)) != NULL && archive_find(e->archive, &q, on_alerts, p))
		return;
	if (p != NULL)
		pending_free(p);
	client_end(c, 3, "the store is not to be had now");
}
