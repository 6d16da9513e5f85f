/* case_verbs: cases, listed, and one as the analyst's sheet; see verbs.h. */
#include "agentd/engine/verbs.h"

#include "agentd/engine/archive.h"
#include "agentd/engine/case_keep.h"
#include "agentd/engine/case_read.h"
#include "agentd/engine/pending.h"

#define BOOT_DIGITS 8

/* Only a session of this boot can live. */
static struct case_context
context_of(const struct engine *e, const struct case_file *c)
{
	const struct host *h = pipeline_host(e->pipeline);
	const struct session *s = strcmp(c->boot, e->boot_id) == 0 ? host_session(h, c->ses) : NULL;

	return (struct case_context){.host = h, .lives = s != NULL && s->state != SESSION_OVER};
}

/* --- one ---------------------------------------------------------------------------------------- */

static void
send_sheet(struct client *c, const struct engine *e, const struct case_file *file)
{
	const struct case_context ctx = context_of(e, file);
	struct buf line = BUF_INIT;

	case_sheet_json(file, &ctx, &line);
	verb_send(c, &line);
	client_end(c, 0, NULL);
}

static void
on_case(struct bytes lines, bool cut, const char *why, void *arg)
{
	struct pending *p = arg;
	struct case_file *file = case_read(bytes_take(&lines, '\n'));

	(void)cut;
	if (p->client != NULL && file != NULL)
		send_sheet(p->client, p->e, file);
	else if (p->client != NULL && why != NULL)
		client_end(p->client, 3, why);
	else if (p->client != NULL)
		client_end(p->client, 1, "there is no case of this session; `sshtether case` lists those that there are");
	case_free(file);
	pending_free(p);
}

/* A number is a session of this boot; BOOT-NUMBER, as alerts have it, of any.  boot: its first digits. */
static bool
parse_id(const struct args *args, const struct engine *e, char boot[sizeof(e->boot_id)], uint32_t *ses)
{
	struct bytes id = bytes_of(args_str(args, "id")), head = id;
	uint64_t n;

	memcpy(boot, e->boot_id, sizeof(e->boot_id));
	if (memchr(id.n > 0 ? id.p : "", '-', id.n) != NULL) {
		head = bytes_take(&id, '-');
		if (head.n != BOOT_DIGITS || !bytes_copy(head, boot, sizeof(e->boot_id)))
			return false;
	}
	if (!bytes_u64(id, &n) || n >= SES_UNSET)
		return false;
	*ses = (uint32_t)n;
	return true;
}

void
verb_case(struct client *c, const struct args *args, void *arg)
{
	struct engine *e = arg;
	char boot[sizeof(e->boot_id)];
	struct store_query q = {.part = STORE_CASES, .boot = boot, .has_ses = true, .limit = 1};
	struct case_file *file = NULL;
	struct pending *p;

	if (!parse_id(args, e, boot, &q.ses)) {
		client_end(c, 1, "no session has this id");
		return;
	}
	if (strncmp(boot, e->boot_id, BOOT_DIGITS) == 0)
		file = cases_find(e->cases, q.ses);
	if (file != NULL) {
		cases_look(e->cases, file, pipeline_host(e->pipeline));
		send_sheet(c, e, file);
		return;
	}
	if (e->archive != NULL && (p = pending_new(e, c)) != NULL) {
		if (archive_find(e->archive, &q, on_case, p))
			return;
		pending_free(p);
	}
	client_end(c, 3, "the store is not to be had now");
}

/* --- all ---------------------------------------------------------------------------------------- */

static void
send_row(struct client *c, const struct engine *e, const struct case_file *file)
{
	const struct case_context ctx = context_of(e, file);
	struct buf line = BUF_INIT;

	case_json(file, &ctx, &line);
	verb_send(c, &line);
}

static void
on_cases(struct bytes lines, bool cut, const char *why, void *arg)
{
	struct pending *p = arg;

	while (p->client != NULL && lines.n > 0) {
		struct case_file *file = case_read(bytes_take(&lines, '\n'));

		if (file != NULL)
			send_row(p->client, p->e, file);
		case_free(file);
	}
	if (p->client != NULL)
		client_end(p->client, why != NULL ? 3 : 0, why != NULL ? why :
		    cut ? "there are more; ask for a shorter time" : NULL);
	pending_free(p);
}

/* Without a store: those in memory, whatever was asked for but their number. */
struct listed {
	struct client *client;
	const struct engine *e;
	const struct store_query *q;
};

static bool
list_one(const struct case_file *file, void *arg)
{
	const struct listed *l = arg;
	const struct store_query *q = l->q;

	if (file->changed.ms >= q->since_ms && (q->until_ms == 0 || file->changed.ms < q->until_ms) &&
	    (q->user == NULL || strcmp(q->user, file->user) == 0) && file->severity >= q->severity)
		send_row(l->client, l->e, file);
	return true;
}

static bool
get_query(const struct args *args, struct store_query *q)
{
	const char *severity = args_str(args, "severity");
	enum severity least = SEV_INFO;
	int64_t limit;

	*q = (struct store_query){.part = STORE_CASES, .user = args_str(args, "user")};
	if (!args_int(args, "since", 0, &q->since_ms) || !args_int(args, "until", 0, &q->until_ms) ||
	    !args_int(args, "limit", 0, &limit) || limit < 0 ||
	    (severity != NULL && !severity_parse(bytes_of(severity), &least)))
		return false;
	q->limit = (uint64_t)limit;
	q->severity = least;
	return true;
}

void
verb_cases(struct client *c, const struct args *args, void *arg)
{
	struct engine *e = arg;
	struct listed listed = {.client = c, .e = e};
	struct store_query q;
	struct pending *p = NULL;

	if (!get_query(args, &q)) {
		client_end(c, 3, "since, until and limit are numbers, severity is info, low, medium, high or critical");
		return;
	}
	if (e->archive == NULL) {
		listed.q = &q;
		cases_each(e->cases, list_one, &listed);
		client_end(c, 0, NULL);
		return;
	}
	case_keep(e->cases, e->archive);
	if ((p = pending_new(e, c)) != NULL && archive_find(e->archive, &q, on_cases, p))
		return;
	if (p != NULL)
		pending_free(p);
	client_end(c, 3, "the store is not to be had now");
}
