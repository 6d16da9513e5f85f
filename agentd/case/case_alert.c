/*
 * case_alert: the case's own alert: once it stands high enough, and again when it stands higher.  Shaped as the
 * alerts of findings are (sink/alert.c).  Pure.
 */
#include <stdio.h>
#include <string.h>

#include "agentd/case/case.h"
#include "agentd/sink/alert_parts.h"

/* "alice's session 57 from 203.0.113.9" */
static void
put_whose(const struct case_file *c, struct buf *out)
{
	char ip[ADDR_STRLEN];

	if (c->user[0] != '\0')
		buf_put_visible(out, bytes_of(c->user));
	else
		buf_printf(out, "login uid %d", (int)c->auid);
	buf_printf(out, "'s session %u", c->ses);
	if (c->peer.addr.family != 0)
		buf_printf(out, " from %s", addr_str(c->peer.addr, ip));
}

/* Indicators that are of one activity. */
struct told {
	unsigned n;
	unsigned nas;               /* of which were done as the first somebody else */
	const struct case_item *as; /* the first that was; NULL: none */
};

static bool
is_of_another(const struct case_item *it)
{
	return it->changed && it->as[0] != '\0';
}

static unsigned
count_of(const struct case_item *it)
{
	unsigned n = 0;

	for (unsigned g = 0; g < GROUP_COUNT; g++)
		n += it->points[g] > 0;
	return n;
}

static void
put_as(const struct told *t, struct buf *out)
{
	buf_puts(out, " as ");
	buf_put_visible(out, bytes_of(t->as->as));
}

/* "agent-hijack as root (2)", "ssh-tamper (2, 1 as root)" */
static void
put_one(const struct told *t, enum activity a, struct buf *out)
{
	buf_puts(out, activity_info(a)->name);
	if (t->as != NULL && t->nas == t->n)
		put_as(t, out);
	if (t->n > 1)
		buf_printf(out, " (%u", t->n);
	if (t->as != NULL && t->nas < t->n) {
		buf_printf(out, ", %u", t->nas);
		put_as(t, out);
	}
	if (t->n > 1)
		buf_putc(out, ')');
}

/* What counts, in the order in which it was found: each activity once, with how many indicators it is. */
static void
put_what(const struct case_file *c, struct buf *out)
{
	struct told told[ACT_COUNT] = {0};
	const char *between = "";

	for (size_t i = 0; i < c->nitems; i++) {
		const struct case_item *it = &c->items[i];
		struct told *t = &told[it->activity];

		t->n += count_of(it);
		if (t->as == NULL && count_of(it) > 0 && is_of_another(it))
			t->as = it;
		if (t->as != NULL && is_of_another(it) && strcmp(it->as, t->as->as) == 0)
			t->nas += count_of(it);
	}
	for (size_t i = 0; i < c->nitems; i++) {
		const enum activity a = c->items[i].activity;

		if (told[a].n == 0 || count_of(&c->items[i]) == 0)
			continue;
		buf_puts(out, between);
		put_one(&told[a], a, out);
		told[a].n = 0;
		between = ", ";
	}
}

/* What makes a hijack critical and is no indicator. */
static void
put_rise(const struct case_file *c, struct buf *out)
{
	const struct case_task *task = &c->seen.tasks[0];
	bool agent = false, counts = false;

	for (size_t i = 0; i < c->nitems; i++) {
		agent |= c->items[i].points[GROUP_AGENT] > 0;
		counts |= c->items[i].points[GROUP_ESCALATION] > 0;
	}
	if (!agent || counts || !case_has_escalated(c))
		return;
	if (c->seen.ntasks == 0) {
		buf_puts(out, ", and escalation");
		return;
	}
	buf_puts(out, ", and ");
	buf_put_visible(out, bytes_of(task->exe));
	buf_printf(out, "[%u] ran as uid %u", task->pid, task->uid);
}

void
case_reason(const struct case_file *c, struct buf *out)
{
	put_whose(c, out);
	buf_printf(out, ": %u indicator%s, score %u: ", c->indicators, c->indicators == 1 ? "" : "s", c->score);
	put_what(c, out);
	put_rise(c, out);
}

/* The same case, told for the same severity of its score, has the same id. */
static void
put_id(struct json *j, const struct case_file *c)
{
	struct buf evidence = BUF_INIT, id = BUF_INIT;

	buf_printf(&evidence, "case|%s|%u|%lld|%s", c->boot, c->ses, (long long)c->opened.ms, severity_name(c->scored));
	alert_put_hash(&id, buf_bytes(&evidence), (ALERT_ID_LEN - 1) / 2);
	json_kbytes(j, "id", buf_bytes(&id));
	buf_free(&evidence);
	buf_free(&id);
}

static void
put_event(struct json *j, const struct case_file *c, struct rtime created)
{
	struct buf reason = BUF_INIT;

	json_kobject(j, "event");
	json_kstr(j, "kind", "alert");
	json_karray(j, "category");
	json_str(j, BYTES_LIT("intrusion_detection"));
	json_str(j, BYTES_LIT("session"));
	json_end(j, ']');
	json_karray(j, "type");
	json_str(j, BYTES_LIT("info"));
	json_end(j, ']');
	json_kstr(j, "action", "case");
	json_kint(j, "severity", alert_severity(c->severity));
	case_reason(c, &reason);
	json_kbytes(j, "reason", buf_bytes(&reason));
	json_key(j, "created");
	json_time(j, created);
	put_id(j, c);
	json_end(j, '}');
	buf_free(&reason);
}

/* Of all that counts, each once. */
static void
put_threat(struct json *j, const struct case_file *c)
{
	const char *told[2 * ACT_COUNT];
	size_t n = 0;

	json_kobject(j, "threat");
	json_kobject(j, "technique");
	json_karray(j, "id");
	for (size_t i = 0; i < c->nitems; i++) {
		const bool any = count_of(&c->items[i]) > 0;

		for (size_t k = 0; any && k < 2; k++) {
			const char *id = activity_info(c->items[i].activity)->technique[k];
			size_t at = 0;

			while (id != NULL && at < n && strcmp(told[at], id) != 0)
				at++;
			if (id == NULL || at < n || n == 2 * ACT_COUNT)
				continue;
			told[n++] = id;
			json_str(j, bytes_of(id));
		}
	}
	json_end(j, ']');
	json_end(j, '}');
	json_end(j, '}');
}

static void
put_who(struct json *j, const struct case_file *c)
{
	char text[16];

	json_kobject(j, "user");
	json_kstr(j, "name", c->user);
	if (c->auid != AUID_UNSET) {
		(void)snprintf(text, sizeof(text), "%u", c->auid);
		json_kstr(j, "id", text);
	}
	json_end(j, '}');
	alert_put_endpoint(j, "source", c->peer);
}

static void
put_network(struct json *j, const struct case_file *c)
{
	char in[64];

	community_id(c->peer, c->local, in);
	if (in[0] == '\0')
		return;
	json_kobject(j, "network");
	json_karray(j, "community_id");
	json_str(j, bytes_of(in));
	json_end(j, ']');
	json_end(j, '}');
}

static void
put_ours(struct json *j, const struct case_file *c, const struct alert_context *ctx)
{
	char name[ALERT_SESSION_LEN];

	json_kobject(j, "sshtether");
	json_kstr(j, "activity", "case");
	json_kstr(j, "session", alert_session(c->boot, c->ses, name));
	json_kuint(j, "ses", c->ses);
	if (c->auid != AUID_UNSET)
		json_kuint(j, "auid", c->auid);
	json_kstr(j, "key", c->key_fp);
	json_kstr(j, "cert_id", c->cert_id);
	json_kstr(j, "method", c->method);
	json_kstr(j, "action", action_name(DO_ALERT));
	json_kstr(j, "done", done_name(DONE_ALERTED));
	case_put_mark(j, c);
	json_kstr(j, "fleet", ctx->fleet);
	json_kuint(j, "policy_serial", ctx->policy_serial);
	json_end(j, '}');
}

void
case_alert_json(const struct case_file *c, const struct alert_context *ctx, struct rtime created, struct buf *out)
{
	struct json j;

	json_init(&j, out);
	json_object(&j);
	json_key(&j, "@timestamp");
	json_time(&j, c->changed);
	put_event(&j, c, created);
	put_threat(&j, c);
	put_who(&j, c);
	alert_put_host(&j, ctx);
	put_network(&j, c);
	put_ours(&j, c, ctx);
	json_end(&j, '}');
}

void
case_alert_text(const struct case_file *c, struct buf *out)
{
	buf_printf(out, "%s case: ", severity_name(c->severity));
	case_reason(c, out);
	buf_printf(out, "; sshtether case %u", c->ses);
}
