/*
 * alert: a ruling as one JSON object with ECS names, which scripts and a SIEM's rules rely on:
 * they stand in sshtether(1).  Pure: no clock, no I/O; every string that came from a record is
 * bytes, which base/json makes harmless.
 */
#include <stdio.h>

#include "agentd/sink/alert_parts.h"

static const char *const way_words[] = {
	[WAY_CONNECT] = NULL, /* the usual one needs no word */
	[WAY_SOCKETCALL] = "socketcall",
	[WAY_FASTOPEN] = "fastopen",
	[WAY_URING] = "io_uring",
};

static void
put_rule(struct json *j, const struct decision *d)
{
	struct buf name = BUF_INIT;

	if (d->by_default || d->file == NULL)
		return;
	buf_printf(&name, "%s:%u", d->file, d->line);
	json_kobject(j, "rule");
	json_kbytes(j, "name", buf_bytes(&name));
	json_end(j, '}');
	buf_free(&name);
}

/* ECS: keywords that people gave, beside what the event is. */
static void
put_tags(struct json *j, const struct decision *d)
{
	if (d->ntags == 0)
		return;
	json_karray(j, "tags");
	for (size_t i = 0; i < d->ntags; i++)
		json_str(j, d->tags[i]);
	json_end(j, ']');
}

/* ECS: ids are keywords, strings even when they are numbers. */
static void
put_uid(struct json *j, uint32_t uid)
{
	char text[16];

	if (uid == UINT32_MAX)
		return;
	(void)snprintf(text, sizeof(text), "%u", uid);
	json_kstr(j, "id", text);
}

static void
put_user(struct json *j, const struct ruling *r)
{
	const struct finding *f = r->finding;

	json_kobject(j, "user");
	json_kstr(j, "name", f->session->user);
	put_uid(j, f->session->auid);
	if (f->euid != UINT32_MAX) {
		json_kobject(j, "effective");
		json_kbytes(j, "name", r->as);
		put_uid(j, f->euid);
		json_end(j, '}');
	}
	json_end(j, '}');
}

void
alert_put_host(struct json *j, const struct alert_context *ctx)
{
	bool name = ctx->host_name != NULL && ctx->host_name[0] != '\0';
	bool boot = ctx->boot_id != NULL && ctx->boot_id[0] != '\0';

	if (!name && !boot)
		return;
	json_kobject(j, "host");
	json_kstr(j, "name", ctx->host_name);
	if (boot) {
		json_kobject(j, "boot");
		json_kstr(j, "id", ctx->boot_id);
		json_end(j, '}');
	}
	json_end(j, '}');
}

void
alert_put_endpoint(struct json *j, const char *key, struct endpoint e)
{
	char text[ADDR_STRLEN];

	if (e.addr.family == 0)
		return;
	json_kobject(j, key);
	json_kstr(j, "ip", addr_str(e.addr, text));
	if (e.port != 0)
		json_kuint(j, "port", e.port);
	json_end(j, '}');
}

static void
put_file(struct json *j, struct bytes path)
{
	if (path.n == 0)
		return;
	json_kobject(j, "file");
	json_kbytes(j, "path", path);
	json_end(j, '}');
}

/* --- ours --------------------------------------------------------------------------------- */

/* The inbound flow, then the outbound one: who joins on them follows the hop from host to host. */
static void
put_network(struct json *j, const struct finding *f)
{
	char in[64], out[64];

	community_id(f->session->peer, f->session->local, in);
	community_id(f->from, f->to, out);
	if (in[0] == '\0' && out[0] == '\0')
		return;
	json_kobject(j, "network");
	json_karray(j, "community_id");
	if (in[0] != '\0')
		json_str(j, bytes_of(in));
	if (out[0] != '\0')
		json_str(j, bytes_of(out));
	json_end(j, ']');
	json_end(j, '}');
}

static void
put_login(struct json *j, const struct session *s, const char *boot_id)
{
	char name[ALERT_SESSION_LEN];

	json_kstr(j, "session", alert_session(boot_id, s->ses, name));
	if (s->ses != SES_UNSET)
		json_kuint(j, "ses", s->ses);
	if (s->auid != AUID_UNSET)
		json_kuint(j, "auid", s->auid);
	json_kstr(j, "key", s->key_fp);
	json_kstr(j, "cert_id", s->cert_id);
	json_kstr(j, "method", s->method);
}

static void
put_owner(struct json *j, const struct finding *f, const char *boot_id)
{
	char name[ALERT_SESSION_LEN];

	if (f->owner != OWNER_UNKNOWN)
		json_kstr(j, "owner", owner_name(f->owner));
	if (f->owner_session != NULL)
		json_kstr(j, "owner_session", alert_session(boot_id, f->owner_session->ses, name));
}

void
alert_unix_path(struct bytes path, struct buf *out)
{
	if (path.n > 0 && path.p[0] == '\0') {
		buf_putc(out, '@');
		path = (struct bytes){.p = path.p + 1, .n = path.n - 1};
	}
	buf_putb(out, path);
}

static void
put_unix_path(struct json *j, struct bytes path)
{
	struct buf text = BUF_INIT;

	alert_unix_path(path, &text);
	json_kbytes(j, "to", buf_bytes(&text));
	buf_free(&text);
}

/* What can be more or less sure says how sure it is. */
static void
put_weight(struct json *j, const struct finding *f)
{
	if (f->confidence != CONFIDENCE_NONE)
		json_kstr(j, "confidence", confidence_name(f->confidence));
	if (f->grade != GRADE_NONE)
		json_kstr(j, "grade", grade_name(f->grade));
	if (f->bytes_in != 0)
		json_kuint(j, "bytes_in", f->bytes_in);
	if (f->bytes_out != 0)
		json_kuint(j, "bytes_out", f->bytes_out);
}

static const char *
why_of(const struct alert *a)
{
	const struct decision *d = &a->ruling->decision;

	if (a->why != NULL)
		return a->why;
	if (d->undetermined && d->strongest >= DO_ALERT)
		return "the policy's answer hangs on facts that are not known";
	return a->ruling->spared;
}

/* What it is part of; and, where that makes it worse than its rule says, why it is. */
static void
put_case(struct json *j, const struct alert *a, const struct alert_context *ctx)
{
	char name[ALERT_SESSION_LEN];

	if (a->joined == NULL || a->done == DONE_RECORDED || a->done == DONE_PASSED)
		return;
	json_kobject(j, "case");
	json_kstr(j, "id", alert_session(ctx->boot_id, a->ruling->finding->session->ses, name));
	json_kuint(j, "score", a->joined->score);
	json_kstr(j, "severity", severity_name(a->joined->severity));
	if (alert_rank(a) != a->ruling->decision.severity)
		json_kstr(j, "raised_from", severity_name(a->ruling->decision.severity));
	json_end(j, '}');
}

static void
put_why(struct json *j, const struct alert *a)
{
	const char *why = why_of(a);
	struct buf text = BUF_INIT;

	if (why != NULL)
		buf_puts(&text, why);
	if (alert_rank(a) != a->ruling->decision.severity)
		buf_printf(&text, "%s%s by its rule, raised: the case of its session stands at %s", why != NULL ? "; " : "",
		    severity_name(a->ruling->decision.severity), severity_name(a->joined->severity));
	json_kbytes(j, "why", buf_bytes(&text));
	buf_free(&text);
}

static void
put_ours(struct json *j, const struct alert *a, const struct alert_context *ctx)
{
	const struct finding *f = a->ruling->finding;

	json_kobject(j, "sshtether");
	json_kstr(j, "activity", activity_info(f->activity)->name);
	put_login(j, f->session, ctx->boot_id);
	json_kstr(j, "mode", mode_name(a->ruling->mode));
	json_kstr(j, "action", action_name(a->ruling->decision.action));
	json_kstr(j, "done", done_name(a->done));
	json_kstr(j, "level", level_name(a->level));
	put_weight(j, f);
	json_kstr(j, "message", a->ruling->decision.message);
	put_owner(j, f, ctx->boot_id);
	json_kstr(j, "via", f->via);
	json_kstr(j, "way", way_words[f->way]);
	put_unix_path(j, f->to_unix);
	json_kuint(j, "count", f->count + a->held);
	alert_put_ancestry(j, f);
	json_kstr(j, "fleet", ctx->fleet);
	json_kuint(j, "policy_serial", ctx->policy_serial);
	put_case(j, a, ctx);
	put_why(j, a);
	json_end(j, '}');
}

void
alert_json(const struct alert *a, const struct alert_context *ctx, struct buf *out)
{
	const struct finding *f = a->ruling->finding;
	struct json j;

	json_init(&j, out);
	json_object(&j);
	json_key(&j, "@timestamp");
	json_time(&j, f->time);
	alert_put_event(&j, a, ctx);
	put_rule(&j, &a->ruling->decision);
	put_tags(&j, &a->ruling->decision);
	alert_put_threat(&j, f->activity);
	put_user(&j, a->ruling);
	alert_put_host(&j, ctx);
	alert_put_endpoint(&j, "source", f->session->peer);
	alert_put_endpoint(&j, "destination", f->to);
	put_file(&j, f->file);
	alert_put_process(&j, f, ctx->command_line);
	put_network(&j, f);
	put_ours(&j, a, ctx);
	json_end(&j, '}');
}
