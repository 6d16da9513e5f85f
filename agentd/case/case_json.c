/*
 * case_json: a case as one object, complete: as the store keeps it (engine/case_read.c reads it back) and as
 * `sshtether case` lists it.  Names that stand here stand in sshtether(1).  Pure.
 */
#include <stdio.h>

#include "agentd/case/case.h"
#include "agentd/sink/alert_parts.h"

static const char *const sources[] = {
	[SESSION_RECORDS] = "records",
	[SESSION_PROC] = "proc",
	[SESSION_REPORT] = "report",
};

const char *
case_source_name(enum session_source s)
{
	return sources[s];
}

struct alert_case
case_mark(const struct case_file *c)
{
	return (struct alert_case){.score = c->score, .severity = c->severity};
}

static void
put_uid(struct json *j, const char *key, uint32_t uid)
{
	char text[16];

	if (uid == AUID_UNSET)
		return;
	(void)snprintf(text, sizeof(text), "%u", uid);
	json_kstr(j, key, text);
}

static unsigned
points_of(const struct case_item *it)
{
	unsigned sum = 0;

	for (unsigned g = 0; g < GROUP_COUNT; g++)
		sum += it->points[g];
	return sum;
}

static void
put_indicators(struct json *j, const struct case_file *c)
{
	json_karray(j, "indicators");
	for (size_t i = 0; i < c->nitems; i++) {
		for (unsigned g = 0; g < GROUP_COUNT; g++) {
			const struct case_item *it = &c->items[i];

			if (it->points[g] == 0)
				continue;
			json_object(j);
			json_kstr(j, "group", case_group_name((enum case_group)g));
			json_kstr(j, "activity", activity_info(it->activity)->name);
			json_kuint(j, "points", it->points[g]);
			json_end(j, '}');
		}
	}
	json_end(j, ']');
}

void
case_put_mark(struct json *j, const struct case_file *c)
{
	char name[ALERT_SESSION_LEN];

	json_kobject(j, "case");
	json_kstr(j, "id", alert_session(c->boot, c->ses, name));
	json_kuint(j, "score", c->score);
	json_kstr(j, "severity", severity_name(c->severity));
	if (c->told != SEV_INFO)
		json_kstr(j, "told", severity_name(c->told));
	put_indicators(j, c);
	json_end(j, '}');
}

static void
put_ours(struct json *j, const struct case_file *c, const struct case_context *ctx)
{
	char name[ALERT_SESSION_LEN];

	json_kobject(j, "sshtether");
	json_kstr(j, "session", alert_session(c->boot, c->ses, name));
	json_kuint(j, "ses", c->ses);
	json_kstr(j, "boot", c->boot);
	if (c->auid != AUID_UNSET)
		json_kuint(j, "auid", c->auid);
	json_kstr(j, "state", ctx->lives ? "open" : "over");
	json_kstr(j, "known_by", case_source_name(c->source));
	json_kbool(j, "judged", c->judged);
	json_kstr(j, "tty", c->tty);
	json_kstr(j, "method", c->method);
	json_kstr(j, "key", c->key_fp);
	json_kstr(j, "key_type", c->key_type);
	json_kstr(j, "cert_id", c->cert_id);
	json_kstr(j, "ca", c->ca_fp);
	json_ktime(j, "opened", c->opened);
	json_ktime(j, "changed", c->changed);
	json_ktime(j, "over", c->over);
	case_put_mark(j, c);
	json_end(j, '}');
}

static void
put_item(struct json *j, const struct case_item *it)
{
	json_object(j);
	json_ktime(j, "first", it->first);
	json_ktime(j, "last", it->last);
	json_kstr(j, "id", it->id);
	json_kstr(j, "activity", activity_info(it->activity)->name);
	json_kstr(j, "grade", grade_name(it->grade));
	json_kstr(j, "confidence", confidence_name(it->confidence));
	if (it->owner != OWNER_UNKNOWN)
		json_kstr(j, "owner", owner_name(it->owner));
	if (it->owner_ses != SES_UNSET)
		json_kuint(j, "owner_ses", it->owner_ses);
	json_kstr(j, "owner_user", it->owner_user);
	json_kstr(j, "severity", severity_name(it->severity));
	json_kstr(j, "done", done_name(it->done));
	if (it->passed)
		json_kbool(j, "passed", true);
	if (it->alerted)
		json_kbool(j, "alerted", true);
	json_kstr(j, "as", it->as);
	if (it->changed)
		json_kbool(j, "changed", true);
	if (it->reached)
		json_kbool(j, "reached", true);
	if (it->agent)
		json_kbool(j, "agent", true);
	json_kstr(j, "subject", it->subject);
	json_kuint(j, "count", it->count);
	json_kuint(j, "points", points_of(it));
	json_kstr(j, "reason", it->reason);
	json_end(j, '}');
}

static void
put_seen(struct json *j, const struct case_seen *seen)
{
	char ip[ADDR_STRLEN];

	json_kobject(j, "seen");
	json_karray(j, "sessions");
	for (size_t i = 0; i < seen->nothers; i++) {
		json_object(j);
		json_kuint(j, "ses", seen->others[i].ses);
		if (seen->others[i].from.family != 0)
			json_kstr(j, "ip", addr_str(seen->others[i].from, ip));
		json_ktime(j, "opened", seen->others[i].opened);
		json_end(j, '}');
	}
	json_end(j, ']');
	json_karray(j, "tasks");
	for (size_t i = 0; i < seen->ntasks; i++) {
		json_object(j);
		json_kuint(j, "pid", seen->tasks[i].pid);
		put_uid(j, "uid", seen->tasks[i].uid);
		json_kstr(j, "executable", seen->tasks[i].exe);
		json_ktime(j, "time", seen->tasks[i].seen);
		json_end(j, '}');
	}
	json_end(j, ']');
	json_karray(j, "agents");
	for (size_t i = 0; i < seen->nagents; i++)
		json_str(j, bytes_of(seen->agents[i]));
	json_end(j, ']');
	json_end(j, '}');
}

static void
put_all(struct json *j, const struct case_file *c, const struct case_context *ctx)
{
	json_object(j);
	json_kobject(j, "user");
	json_kstr(j, "name", c->user);
	put_uid(j, "id", c->auid);
	json_end(j, '}');
	alert_put_endpoint(j, "source", c->peer);
	alert_put_endpoint(j, "server", c->local);
	put_ours(j, c, ctx);
	json_karray(j, "findings");
	for (size_t i = 0; i < c->nitems; i++)
		put_item(j, &c->items[i]);
	json_end(j, ']');
	if (c->dropped > 0)
		json_kuint(j, "more", c->dropped);
	put_seen(j, &c->seen);
}

void
case_json(const struct case_file *c, const struct case_context *ctx, struct buf *out)
{
	struct json j;

	json_init(&j, out);
	put_all(&j, c, ctx);
	json_end(&j, '}');
}

void
case_sheet_json(const struct case_file *c, const struct case_context *ctx, struct buf *out)
{
	struct json j;

	json_init(&j, out);
	put_all(&j, c, ctx);
	case_put_questions(&j, c);
	case_put_actions(&j, c, ctx);
	json_end(&j, '}');
}
