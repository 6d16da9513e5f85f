/* outlet: see outlet.h.  Engine process. */
#include "agentd/engine/outlet.h"

#include <stdio.h>
#include <stdlib.h>

#include "agentd/engine/asked.h"
#include "agentd/engine/at_most.h"
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
	struct at_most *at_most;
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
	if (!syslog_sink_line(o->syslog, priorities[alert_rank(a)], a->created,
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
	    .severity = alert_rank(a),
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

/* Who did it; where no login is known they are told apart by their uid, which no name begins like. */
static struct bytes
doer(const struct finding *f, char room[16])
{
	if (f->session->user[0] != '\0')
		return bytes_of(f->session->user);
	(void)snprintf(room, 16, "/%u", f->session->auid != AUID_UNSET ? f->session->auid : f->euid);
	return bytes_of(room);
}

/* `at most` on the rule: true: this one stays here.  What could not be stopped is always told. */
static bool
hold(struct outlet *o, const struct outcome_of *of, uint64_t *before)
{
	const struct decision *d = &of->ruling->decision;
	uint64_t lost = 0;
	char room[16];
	bool leaves;

	if (d->at_most.n == 0 || d->by_default || of->done <= DONE_PASSED || of->done == DONE_FAILED)
		return false;
	leaves = at_most_take(o->at_most, o->parts.rule(d, o->parts.arg), doer(of->ruling->finding, room),
	    &d->at_most, mtime_now(), before, &lost);
	failure_add(FAIL_AT_MOST_FULL, lost);
	if (!leaves)
		failure_note(FAIL_AT_MOST);
	return !leaves;
}

/* An alert of a finding; joined: what its session's case has come to by it, NULL: nothing. */
static void
put_ruling(struct outlet *o, const struct outcome_of *of, const struct alert_case *joined)
{
	const bool alert = of->done > DONE_PASSED;
	struct alert a = {.ruling = of->ruling, .done = of->done, .level = of->level,
	    .why = of->why, .joined = joined, .created = rtime_now()};
	const enum flood flood = alert ? floods_take(o->floods, of, mtime_now()) : FLOOD_NONE;
	struct outlet_row row;
	bool held;

	if (flood == FLOOD_ONE_ALIKE)
		return;
	/* One that leaves by a count of many alone has not been told: it takes no other's place. */
	held = flood == FLOOD_NONE && hold(o, of, &a.held);
	buf_reset(&o->line);
	alert_json(&a, o->parts.context, &o->line);
	if (!buf_ok(&o->line)) {
		failure_note(FAIL_FILE_WRITE);
		buf_free(&o->line);
		return;
	}
	row = row_of(&a, buf_bytes(&o->line));
	row.stored = stored(o, of->ruling);
	row.held = held;
	if (row.alert && !held && flood == FLOOD_NONE) { /* the store has room for what is not alike */
		to_file(o, row.json);
		to_syslog(o, &a);
		to_trail(o, &a);
	}
	o->parts.row(&row, o->parts.arg);
}

/* --- a case ------------------------------------------------------------------------------------- */

static void
case_to_syslog(struct outlet *o, const struct case_file *c, struct rtime now)
{
	struct buf text = BUF_INIT;

	if (o->syslog == NULL)
		return;
	case_alert_text(c, &text);
	if (!syslog_sink_line(o->syslog, priorities[c->severity], now, buf_bytes(&text)))
		failure_note(FAIL_SYSLOG_DROP);
	buf_free(&text);
}

static void
case_to_trail(struct outlet *o, const struct case_file *c)
{
	struct request r = {
	    .kind = REQ_AUDIT,
	    .flags = REQF_CASE,
	    .ses = c->ses,
	    .auid = c->auid,
	    .action = DO_ALERT,
	    .done = DONE_ALERTED,
	    .time_ms = c->changed.ms,
	    .value = o->parts.context->policy_serial,
	    .line = c->score,
	    .limit = c->severity,
	    .origin = report_addr_of(c->peer),
	};

	if (o->parts.conf->alert_audit)
		outlet_trail(o, &r);
}

static void
put_case(struct outlet *o, const struct case_file *c)
{
	const struct rtime now = rtime_now();
	struct outlet_row row = {.time = c->changed, .ses = c->ses, .auid = c->auid, .user = c->user,
	    .activity = ACT_COUNT, .what = "case", .action = DO_ALERT, .done = DONE_ALERTED,
	    .severity = c->severity, .alert = true};

	buf_reset(&o->line);
	case_alert_json(c, o->parts.context, now, &o->line);
	if (!buf_ok(&o->line)) {
		failure_note(FAIL_FILE_WRITE);
		buf_free(&o->line);
		return;
	}
	row.json = row.stored = buf_bytes(&o->line);
	to_file(o, row.json);
	case_to_syslog(o, c, now);
	case_to_trail(o, c);
	o->parts.row(&row, o->parts.arg);
}

/* NULL: it belongs to none. */
static struct case_file *
join_case(struct outlet *o, const struct ruling *r, enum done done)
{
	const uint64_t dropped = cases_dropped(o->parts.cases);
	char id[ALERT_ID_LEN];
	struct case_file *c;

	alert_id(r->finding, o->parts.context, id);
	c = cases_take(o->parts.cases, r, done, id, o->parts.host);
	failure_add(FAIL_CASE_CAP, cases_dropped(o->parts.cases) - dropped);
	return c;
}

static void
tell_cases(struct outlet *o, bool all)
{
	const struct rtime now = rtime_now();
	struct case_file *c;

	while ((c = cases_ripe(o->parts.cases, now, all)) != NULL) {
		cases_told(o->parts.cases, c);
		put_case(o, c);
	}
}

void
outlet_ruling(struct outlet *o, const struct outcome_of *of)
{
	struct case_file *c = join_case(o, of->ruling, of->done);
	struct alert_case joined;

	if (c != NULL)
		joined = case_mark(c);
	put_ruling(o, of, c != NULL && c->score > 0 ? &joined : NULL);
	tell_cases(o, false);
}

void
outlet_folded(struct outlet *o, const struct ruling *r)
{
	(void)join_case(o, r, DONE_RECORDED);
	tell_cases(o, false);
}

/* --- about ourselves ------------------------------------------------------------------------------ */

static void
put_word(struct outlet *o, const struct outlet_word *w, struct rtime now)
{
	struct json j;

	json_init(&j, &o->line);
	json_object(&j);
	json_key(&j, "@timestamp");
	json_time(&j, now);
	json_kobject(&j, "event");
	json_kstr(&j, "kind", "pipeline_error");
	json_kstr(&j, "action", w->what);
	json_kint(&j, "severity", alert_severity(w->severity));
	json_kstr(&j, "reason", w->sentence);
	json_key(&j, "created");
	json_time(&j, now);
	json_end(&j, '}');
	json_kobject(&j, "host");
	json_kstr(&j, "name", o->parts.context->host_name);
	json_end(&j, '}');
	json_kobject(&j, "sshtether");
	json_kstr(&j, "fleet", o->parts.context->fleet);
	json_kuint(&j, "policy_serial", o->parts.context->policy_serial);
	if (w->count != 0)
		json_kuint(&j, "count", w->count);
	if (w->more != NULL)
		w->more(&j, w->arg);
	json_end(&j, '}');
	json_end(&j, '}');
}

void
outlet_word(struct outlet *o, const struct outlet_word *w)
{
	const struct rtime now = rtime_now();
	struct outlet_row row = {.time = now, .ses = UINT32_MAX, .auid = UINT32_MAX, .user = "",
	    .activity = ACT_COUNT, .action = DO_ALERT, .done = DONE_ALERTED, .severity = w->severity,
	    .alert = true};

	log_at(priorities[w->severity], "%s: %s", w->what, w->sentence);
	buf_reset(&o->line);
	put_word(o, w, now);
	if (!buf_ok(&o->line))
		return;
	row.json = row.stored = buf_bytes(&o->line);
	to_file(o, row.json);
	o->parts.row(&row, o->parts.arg);
}

void
outlet_notice(struct outlet *o, const char *what, enum severity severity, uint64_t count,
    const char *sentence)
{
	outlet_word(o, &(struct outlet_word){.what = what, .severity = severity, .count = count, .sentence = sentence});
}

void
outlet_flush(struct outlet *o)
{
	floods_tick(o->floods, (struct mtime){.ns = INT64_MAX});
	tell_cases(o, true);
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
	tell_cases(o, false);
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
	if ((o->floods = floods_new(on_more, o)) == NULL || (o->at_most = at_most_new()) == NULL ||
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
	at_most_free(&o->at_most);
	buf_free(&o->line);
	buf_free(&o->stored);
	free(o);
}
