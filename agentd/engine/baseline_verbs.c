/*
 * baseline_verbs: what is usual here, shown and changed by hand (sshtether/control.h).  Engine process, in the loop: rows
 * leave a page at a time and come in batches; who changed something hears of it when the store has it.
 */
#include "agentd/engine/learned.h"
#include "agentd/engine/pending.h"
#include "agentd/engine/usual_page.h"
#include "agentd/engine/usual_rows.h"
#include "agentd/engine/verbs.h"
#include "base/log.h"
#include "base/proc.h"

/* Days of data before today: those that count. */
static unsigned
days_before(const struct engine *e)
{
	struct usual u;

	baseline_ask(e->options.baseline, &(struct usual_key){USUAL_ACTIVE, "", ""}, rtime_now(), &u);
	return u.data;
}

/* --- rows out of it ------------------------------------------------------------------------------------ */

static void
put_head(const struct engine *e, struct buf *out)
{
	struct baseline_stats s;
	struct json j;

	baseline_stats(e->options.baseline, &s);
	json_init(&j, out);
	json_object(&j);
	json_kuint(&j, "baseline", USUAL_FORMAT);
	json_kstr(&j, "host", e->host_name);
	json_ktime(&j, "exported", rtime_now());
	json_kuint(&j, "window", e->conf->baseline_days);
	json_kuint(&j, "after", e->conf->baseline_after);
	json_kuint(&j, "active", e->conf->baseline_active);
	json_kuint(&j, "days", s.data);
	json_kuint(&j, "days_before", days_before(e));
	json_kuint(&j, "users", s.users);
	json_kuint(&j, "entries", s.entries);
	json_kuint(&j, "bytes", s.bytes);
	json_kuint(&j, "dropped", s.dropped);
	json_end(&j, '}');
	buf_putc(out, '\n');
}

/* Of all, or of one user: then whether anybody is judged belongs to it. */
static void
put_rows(const struct baseline *b, const struct args *args, bool first, struct usual_place *at, struct buf *out)
{
	const char *user = args_str(args, "user");

	if (user != NULL && first) {
		usual_page_host(b, out);
		(void)bytes_copy(bytes_of(user), at->user, sizeof(at->user));
	}
	if (!usual_page_put(b, user, args_flag(args, "told"), at, out))
		return;
	buf_puts(out, "{\"next\":\"");
	usual_place_put(at, out);
	buf_puts(out, "\"}\n");
}

/* Why it is not whole. */
static const char *
lacking(const struct engine *e)
{
	return learned_unread(e->learned) != NULL ? "what was usual cannot be read out of the store; see `sshtether status`"
	                                          : "what was usual is still coming out of the store: try again in a minute";
}

void
verb_baseline(struct client *c, const struct args *args, void *arg)
{
	struct engine *e = arg;
	const char *from = args_str(args, "from");
	struct usual_place at = {.kind = 0};
	struct buf out = BUF_INIT;

	if (args_has(args, "from") && (from == NULL || !usual_place_get(bytes_of(from), &at))) {
		client_end(c, 3, "from is what the page before said was next");
		return;
	}
	if (from == NULL)
		put_head(e, &out);
	if (!args_flag(args, "head"))
		put_rows(e->options.baseline, args, from == NULL, &at, &out);
	if (out.n > 0)
		verb_send(c, &out);
	client_end(c, 0, learned_is_whole(e->learned) ? NULL : lacking(e));
}

/* --- by hand ------------------------------------------------------------------------------------------- */

/* To the log, the alert file, followers and the audit trail. */
static void
tell(struct engine *e, const struct client *c, const char *what, uint64_t n, const char *text)
{
	struct request r = {.kind = REQ_AUDIT, .flags = REQF_BASELINE, .done = DONE_RECORDED, .value = n,
	    .pid = (uint32_t)client_pid(c), .auid = AUID_UNSET, .ses = SES_UNSET,
	    .line = strcmp(what, "baseline-reset") == 0};
	struct buf sentence = BUF_INIT;

	(void)proc_loginuid(client_pid(c), &r.auid);
	outlet_trail(e->outlet, &r);
	buf_printf(&sentence, "%s, by uid 0, pid %u", text, (unsigned)client_pid(c));
	if (r.auid != AUID_UNSET)
		buf_printf(&sentence, ", login uid %u", r.auid);
	if (buf_ok(&sentence))
		outlet_notice(e->outlet, what, SEV_MEDIUM, n, sentence.p);
	buf_free(&sentence);
}

/* False: the client has its answer. */
static bool
may_change(struct client *c, const struct engine *e)
{
	if (learned_is_whole(e->learned))
		return true;
	client_end(c, 3, lacking(e));
	return false;
}

bool
baseline_is_ready(const void *arg)
{
	const struct engine *e = arg;

	return learned_is_whole(e->learned) || learned_unread(e->learned) != NULL;
}

static void
on_saved(bool ok, void *arg)
{
	struct pending *p = arg;

	if (p->client != NULL && ok)
		client_end(p->client, 0, NULL);
	else if (p->client != NULL && p->e->archive == NULL)
		client_end(p->client, 0, "this host has no store: it holds until sshtetherd ends");
	else if (p->client != NULL)
		client_end(p->client, 3, "it is in force, but could not be kept; see the log");
	pending_free(p);
}

static void
end_when_saved(struct client *c, struct engine *e)
{
	struct pending *p = pending_new(e, c);

	if (p == NULL)
		client_end(c, 3, "it is in force; whether it is kept is not known: out of memory");
	else
		learned_save(e->learned, on_saved, p);
}

/* A batch of rows, a line each.  wrong: what is wrong with line n. */
struct batch {
	uint64_t rows, changed;
	uint64_t left_out; /* of users that a no-baseline line names */
	const char *wrong;
};

static void
take_row(const struct engine *e, const struct usual_row *row, struct batch *b)
{
	const struct bytes user = bytes_of(row->key.user);

	if (user.n > 0 && pol_leaves_out(policy_box_get(e->policy), user))
		b->left_out++;
	else
		b->changed += usual_raise(e->options.baseline, row);
}

/* Twice: looked at, and then, when all of them are right, taken. */
static void
walk_rows(const struct engine *e, struct bytes text, bool take, struct batch *b)
{
	const int32_t today = usual_day(rtime_now());

	*b = (struct batch){0};
	while (text.n > 0 && b->wrong == NULL) {
		const struct bytes line = bytes_take(&text, '\n');
		struct usual_line l;

		if (line.n == 0)
			continue;
		b->rows++;
		if (usual_line_get(line, today, &l, &b->wrong) == USUAL_HEAD)
			b->wrong = "a row is needed";
		if (b->wrong == NULL && take)
			take_row(e, &l.row, b);
	}
}

static void
merged(struct client *c, struct engine *e, const struct batch *b)
{
	struct buf line = BUF_INIT;
	struct json j;

	json_init(&j, &line);
	json_object(&j);
	json_kuint(&j, "rows", b->rows);
	json_kuint(&j, "changed", b->changed);
	json_kuint(&j, "left_out", b->left_out);
	json_kuint(&j, "days_before", days_before(e));
	json_end(&j, '}');
	verb_send(c, &line);
}

/* What came of all the batches since that was told last. */
static void
tell_merged(struct engine *e, const struct client *c, bool import)
{
	struct buf text = BUF_INIT;

	if (e->merged == 0)
		return;
	buf_printf(&text, "what is usual here was added to by hand (%s): %llu rows", import ? "import" : "merge",
	    (unsigned long long)e->merged);
	if (buf_ok(&text))
		tell(e, c, "baseline-merge", e->merged, text.p);
	buf_free(&text);
	e->merged = 0;
}

void
verb_baseline_merge(struct client *c, const struct args *args, void *arg)
{
	struct engine *e = arg;
	const char *rows = args_str(args, "rows"), *what = args_str(args, "what");
	const bool import = what != NULL && strcmp(what, "import") == 0;
	struct batch b = {0};

	if (!may_change(c, e))
		return;
	if (rows != NULL) {
		walk_rows(e, bytes_of(rows), false, &b);
		if (b.wrong != NULL) {
			client_end(c, 3, b.wrong);
			return;
		}
		walk_rows(e, bytes_of(rows), true, &b);
		if (e->merged == 0 && b.changed > 0)
			log_info("rows of what is usual come by hand, from pid %u", (unsigned)client_pid(c));
		e->merged += b.changed;
	}
	merged(c, e, &b);
	if (args_flag(args, "last"))
		tell_merged(e, c, import);
	end_when_saved(c, e); /* each batch: the next may find another engine */
}

/* --- reset --------------------------------------------------------------------------------------------- */

static void
forgotten(struct client *c, const char *user, const struct baseline_stats *was, const struct baseline_stats *is)
{
	struct buf line = BUF_INIT;
	struct json j;

	json_init(&j, &line);
	json_object(&j);
	json_kstr(&j, "user", user);
	json_kuint(&j, "users", was->users - is->users);
	json_kuint(&j, "entries", was->entries - is->entries);
	json_end(&j, '}');
	verb_send(c, &line);
}

void
verb_baseline_reset(struct client *c, const struct args *args, void *arg)
{
	struct engine *e = arg;
	const char *user = args_str(args, "user");
	struct baseline *b = e->options.baseline;
	struct baseline_stats was, is;
	struct buf text = BUF_INIT;

	if (!may_change(c, e))
		return;
	if (user != NULL && (*user == '\0' || baseline_values(b, user) == 0)) {
		client_end(c, 1, "nothing is known of this user");
		return;
	}
	baseline_stats(b, &was);
	learned_reset(e->learned, user);
	baseline_stats(b, &is);
	buf_puts(&text, "what was usual was forgotten by hand: of ");
	buf_put_visible(&text, bytes_of(user != NULL ? user : "everybody"));
	if (buf_ok(&text))
		tell(e, c, "baseline-reset", was.entries - is.entries, text.p);
	buf_free(&text);
	forgotten(c, user, &was, &is);
	end_when_saved(c, e);
}
