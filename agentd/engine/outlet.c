/* outlet: see outlet.h.  Engine process. */
#include "agentd/engine/outlet.h"

#include <stdio.h>
#include <stdlib.h>

#include "agentd/engine/asked.h"
#include "agentd/engine/failures.h"
#include "agentd/engine/flood.h"
#include "agentd/sink/jsonl.h"
#include "agentd/sink/syslog.h"
#include "base/log.h"
#include "base/report_addr.h"

#define TRAIL_WAIT_MS 10000

struct outlet {
	struct outlet_parts parts;
	struct jsonl *file;         /* NULL: off */
	struct syslog_sink *syslog; /* NULL: off */
	struct sink_health trail;
	struct floods *floods;
	struct buf line, stored; /* used again for each alert */
};

static const int priorities[SEV_COUNT] = {
	[SEV_INFO] = LOG_INFO,
	[SEV_LOW] = LOG_NOTICE,
	[SEV_MEDIUM] = LOG_WARNING,
	[SEV_HIGH] = LOG_ERR,
	[SEV_CRITICAL] = LOG_CRIT,
};

static void
to_file(struct outlet *o, struct bytes line)
{
	if (o->file != NULL && !jsonl_line(o->file, line))
		failure_note(FAIL_FILE_WRITE);
}

static void
to_syslog(struct outlet *o, const struct alert *a)
{
	struct buf text = BUF_INIT;

	if (o->syslog == NULL)
		return;
	alert_text(a, o->parts.context, &text);
	if (!syslog_sink_line(o->syslog, priorities[a->ruling->decision.severity], a->created,
	    buf_bytes(&text)))
		failure_note(FAIL_SYSLOG_DROP);
	buf_free(&text);
}

/* --- the audit trail: fixed fields, which the monitor words --- */

static void
trail_failed(struct outlet *o, const char *why)
{
	failure_note(FAIL_TRAIL_DROP);
	o->trail.dropped++;
	o->trail.state = SINK_FAILING;
	snprintf(o->trail.why, sizeof(o->trail.why), "%s", why);
}

static void
on_trail(const struct notice *n, int fds[LINK_FDS], void *arg)
{
	struct outlet *o = arg;

	(void)fds;
	if (n == NULL) {
		trail_failed(o, "the monitor did not answer");
	} else if (n->result != RES_OK) {
		trail_failed(o, n->result < RES_COUNT ? result_text((enum result)n->result) : "?");
	} else {
		o->trail.written++;
		o->trail.state = SINK_OK;
		o->trail.why[0] = '\0';
	}
}

static void
to_trail(struct outlet *o, const struct alert *a)
{
	const struct finding *f = a->ruling->finding;
	struct request r = {
	    .kind = REQ_AUDIT,
	    .ses = f->session->ses,
	    .pid = f->pid,
	    .flags = a->done >= DONE_REFUSED && a->done != DONE_FAILED ? REQF_RESP : 0,
	    .activity = f->activity,
	    .action = a->ruling->decision.action,
	    .done = a->done,
	    .time_ms = f->time.ms,
	    .value = o->parts.context->policy_serial,
	    .line = a->ruling->decision.by_default ? 0 : a->ruling->decision.line,
	    .to = report_addr_of(f->to),
	    .origin = report_addr_of(f->session->peer),
	    .auid = f->session->auid,
	    .uid = f->uid,
	};

	if (o->parts.conf->alert_audit)
		outlet_trail(o, &r);
}

void
outlet_trail(struct outlet *o, struct request *r)
{
	if (!link_ask(o->parts.link, r, TRAIL_WAIT_MS, on_trail, o))
		trail_failed(o, "the monitor is slow");
}

/* --- a ruling ----------------------------------------------------------------------------------- */

static struct outlet_row
row_of(const struct alert *a, struct bytes json)
{
	const struct finding *f = a->ruling->finding;

	return (struct outlet_row){
	    .time = f->time,
	    .ses = f->session->ses,
	    .auid = f->session->auid,
	    .user = f->session->user,
	    .activity = f->activity,
	    .action = a->ruling->decision.action,
	    .done = a->done,
	    .severity = a->ruling->decision.severity,
	    .alert = a->done > DONE_PASSED,
	    .json = json,
	};
}

/* The alert, and what the policy was asked: for sshtether rehearse. */
static struct bytes
stored(struct outlet *o, const struct ruling *r)
{
	struct question_room room;
	struct question q;
	struct json j;

	question_of(r->finding, o->parts.options, &room, &q);
	buf_reset(&o->stored);
	buf_put(&o->stored, o->line.p, o->line.n - 1); /* without its last brace */
	buf_puts(&o->stored, ",\"facts\":");
	json_init(&j, &o->stored);
	asked_json(&q, &j);
	buf_putc(&o->stored, '}');
	if (buf_ok(&o->stored))
		return buf_bytes(&o->stored);
	buf_free(&o->stored);
	return buf_bytes(&o->line);
}

/* A session in a loop is told of so often, and then how often it was. */
static void
on_more(const struct flood_more *m, void *arg)
{
	struct outlet *o = arg;
	char sentence[160];

	snprintf(sentence, sizeof(sentence),
	    "session %d of login user %d: %llu more %s alerts like those before, within a minute",
	    (int)m->ses, (int)m->auid, (unsigned long long)m->n, activity_info(m->activity)->name);
	failure_add(FAIL_ALERT_HELD, m->n);
	outlet_notice(o, "alerts-held", m->severity, m->n, sentence);
}

void
outlet_ruling(struct outlet *o, const struct outcome_of *of)
{
	const bool alert = of->done > DONE_PASSED;
	const enum flood flood = alert ? floods_take(o->floods, of, mtime_now()) : FLOOD_NONE;
	const struct alert a = {.ruling = of->ruling, .done = of->done, .level = of->level,
	    .why = of->why, .created = rtime_now()};
	struct outlet_row row;

	if (flood == FLOOD_ONE_ALIKE)
		return;
	buf_reset(&o->line);
	alert_json(&a, o->parts.context, &o->line);
	if (!buf_ok(&o->line)) {
		failure_note(FAIL_FILE_WRITE);
		buf_free(&o->line);
		return;
	}
	row = row_of(&a, buf_bytes(&o->line));
	row.stored = stored(o, of->ruling);
	if (row.alert && flood == FLOOD_NONE) { /* the store has room for what is not alike */
		to_file(o, row.json);
		to_syslog(o, &a);
		to_trail(o, &a);
	}
	o->parts.row(&row, o->parts.arg);
}

/* --- about ourselves ------------------------------------------------------------------------------ */

static void
put_notice(struct outlet *o, const char *what, enum severity severity, uint64_t count,
    const char *sentence, struct rtime now)
{
	struct json j;

	json_init(&j, &o->line);
	json_object(&j);
	json_key(&j, "@timestamp");
	json_time(&j, now);
	json_kobject(&j, "event");
	json_kstr(&j, "kind", "pipeline_error");
	json_kstr(&j, "action", what);
	json_kint(&j, "severity", alert_severity(severity));
	json_kstr(&j, "reason", sentence);
	json_key(&j, "created");
	json_time(&j, now);
	json_end(&j, '}');
	json_kobject(&j, "host");
	json_kstr(&j, "name", o->parts.context->host_name);
	json_end(&j, '}');
	json_kobject(&j, "sshtether");
	json_kstr(&j, "fleet", o->parts.context->fleet);
	json_kuint(&j, "policy_serial", o->parts.context->policy_serial);
	if (count != 0)
		json_kuint(&j, "count", count);
	json_end(&j, '}');
	json_end(&j, '}');
}

void
outlet_notice(struct outlet *o, const char *what, enum severity severity, uint64_t count,
    const char *sentence)
{
	const struct rtime now = rtime_now();
	struct outlet_row row = {.time = now, .ses = UINT32_MAX, .auid = UINT32_MAX, .user = "",
	    .activity = ACT_COUNT, .action = DO_ALERT, .done = DONE_ALERTED, .severity = severity,
	    .alert = true};

	log_at(priorities[severity], "%s: %s", what, sentence);
	buf_reset(&o->line);
	put_notice(o, what, severity, count, sentence, now);
	if (!buf_ok(&o->line))
		return;
	row.json = row.stored = buf_bytes(&o->line);
	to_file(o, row.json);
	o->parts.row(&row, o->parts.arg);
}

void
outlet_flush(struct outlet *o)
{
	floods_tick(o->floods, (struct mtime){.ns = INT64_MAX});
}

void
outlet_reopen(struct outlet *o)
{
	if (o->file != NULL)
		jsonl_reopen(o->file);
}

void
outlet_check(struct outlet *o)
{
	floods_tick(o->floods, mtime_now());
	if (o->file != NULL)
		jsonl_check(o->file);
}

/* --- state ------------------------------------------------------------------------------------------ */

static void
put_health(struct json *j, const char *name, const struct sink_health *h)
{
	json_object(j);
	json_kstr(j, "name", name);
	json_kstr(j, "state", sink_state_name(h->state));
	json_kuint(j, "written", h->written);
	json_kuint(j, "dropped", h->dropped);
	json_kstr(j, "why", h->why);
	json_end(j, '}');
}

void
outlet_json(const struct outlet *o, struct json *j)
{
	static const struct sink_health off = {.state = SINK_OFF};

	json_array(j);
	put_health(j, "file", o->file != NULL ? jsonl_health(o->file) : &off);
	put_health(j, "syslog", o->syslog != NULL ? syslog_sink_health(o->syslog) : &off);
	put_health(j, "audit", &o->trail);
	json_end(j, ']');
}

struct outlet *
outlet_new(const struct outlet_parts *parts)
{
	const struct config *conf = parts->conf;
	struct outlet *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return NULL;
	o->parts = *parts;
	o->trail.state = conf->alert_audit ? SINK_OK : SINK_OFF;
	if ((o->floods = floods_new(on_more, o)) == NULL ||
	    (conf->alert_file != NULL && (o->file = jsonl_new(conf->alert_file)) == NULL) ||
	    (conf->alert_syslog &&
		(o->syslog = syslog_sink_new(SYSLOG_SOCKET, "sshtetherd")) == NULL))
		outlet_free(&o);
	if (o != NULL && o->file != NULL && jsonl_health(o->file)->state != SINK_OK)
		log_err("alert file %s: %s", conf->alert_file, jsonl_health(o->file)->why);
	return o;
}

void
outlet_free(struct outlet **op)
{
	struct outlet *o = *op;

	if (o == NULL)
		return;
	*op = NULL;
	jsonl_free(&o->file);
	syslog_sink_free(&o->syslog);
	floods_free(&o->floods);
	buf_free(&o->line);
	buf_free(&o->stored);
	free(o);
}
