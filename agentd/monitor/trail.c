/*
 * trail: see trail.h.  Runs in the monitor.  Every word in a record is from a table of ours, every
 * number from the request's fixed fields: an engine that lies can lie, but not write free text.
 */
#include "agentd/monitor/trail.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libaudit.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/monitor/mode.h"
#include "agentd/monitor/table.h"
#include "base/log.h"
#include "base/proc.h"

static const char *
addr_text(const struct report_addr *a, char out[INET6_ADDRSTRLEN])
{
	int family = a->family == 4 ? AF_INET : a->family == 6 ? AF_INET6 : AF_UNSPEC;

	if (family == AF_UNSPEC || inet_ntop(family, a->b, out, INET6_ADDRSTRLEN) == NULL)
		return "?";
	return out;
}

/* A number as audit prints one that is not set (ausearch knows 4294967295 as unset). */
static void
put_record(const struct request *rq, struct buf *out)
{
	char to[INET6_ADDRSTRLEN], origin[INET6_ADDRSTRLEN];

	/* "op" is a field that ausearch keys on; those of ours start with "st-". */
	buf_printf(out, "op=%s st-action=%s st-done=%s st-ses=%" PRIu32 " st-auid=%" PRIu32
	    " st-uid=%" PRIu32 " st-pid=%" PRIu32 " st-line=%" PRIu32 " st-serial=%" PRIu64,
	    activity_info((enum activity)rq->activity)->name, action_name((enum action)rq->action),
	    done_name((enum done)rq->done), rq->ses, rq->auid, rq->uid, rq->pid, rq->line, rq->value);
	buf_printf(out, " st-origin=%s st-oport=%u st-to=%s st-port=%u", addr_text(&rq->origin, origin),
	    rq->origin.port, addr_text(&rq->to, to), rq->to.port);
}

/* done: passed (given), revoked, or recorded (its time is over). */
static void
put_allow(const struct request *rq, struct buf *out)
{
	char to[INET6_ADDRSTRLEN];

	buf_printf(out, "op=sshtether-allow st-done=%s st-number=%" PRIu32 " st-to=%s st-bits=%" PRIu32
	    " st-port=%u st-until=%" PRIu64 " st-pid=%" PRIu32 " st-auid=%" PRIu32, done_name((enum done)rq->done),
	    rq->line, addr_text(&rq->to, to), rq->limit, rq->to.port, rq->value, rq->pid, rq->auid);
}

/* What was found of one session, joined. */
static void
put_case(const struct request *rq, struct buf *out)
{
	char origin[INET6_ADDRSTRLEN];

	buf_printf(out, "op=sshtether-case st-severity=%s st-score=%" PRIu32 " st-ses=%" PRIu32 " st-auid=%" PRIu32
	    " st-serial=%" PRIu64 " st-origin=%s st-oport=%u", severity_name((enum severity)rq->limit), rq->line,
	    rq->ses, rq->auid, rq->value, addr_text(&rq->origin, origin), rq->origin.port);
}

static void
put_baseline(const struct request *rq, struct buf *out)
{
	buf_printf(out, "op=sshtether-baseline st-done=%s st-%s=%" PRIu64 " st-pid=%" PRIu32 " st-auid=%" PRIu32,
	    rq->line == 1 ? "forgotten" : "added", rq->line == 1 ? "values" : "rows", rq->value, rq->pid, rq->auid);
}

/* The types are those of "intrusion detection" and "response" of the audit message dictionary. */
static int
record_type(const struct request *rq)
{
	if ((rq->flags & (REQF_ALLOW | REQF_BASELINE)) != 0)
		return AUDIT_USYS_CONFIG;
	if ((rq->flags & REQF_RESP) == 0)
		return rq->activity == ACT_LOGIN ? AUDIT_ANOM_LOGIN_LOCATION : AUDIT_ANOM_SESSION;
	switch (rq->action) {
	case DO_TERMINATE:
	case DO_TERMINATE_ALL:
	case DO_DENY:
		return AUDIT_RESP_TERM_ACCESS;
	case DO_BLOCK:
		return AUDIT_RESP_KILL_PROC;
	default:
		return AUDIT_RESP_ALERT;
	}
}

/* --- writing it, beside the loop -------------------------------------------------------------------- */

struct record {
	struct job job;
	struct monitor *m; /* for done() */
	uint32_t id;       /* of the request that is answered; 0: nobody waits */
	int fd, type, error;
	bool good;
	char text[]; /* with its zero: whoever frees the job frees all of it */
};

static void
run(struct job *job)
{
	struct record *r = (struct record *)job;

	r->error = audit_log_user_message(r->fd, r->type, r->text, NULL, NULL, NULL, r->good) > 0 ? 0 : errno;
}

static void
done(struct job *job)
{
	struct record *r = (struct record *)job;

	if (r->id != 0)
		table_answer(r->m, r->id, r->error == 0 ? RES_OK : RES_DENIED, (uint64_t)r->error);
	else if (r->error != 0)
		log_err("not in the audit trail: %s", strerror(r->error));
	free(r);
}

/* RES_OK: it will be answered. */
static enum result
write_record(struct monitor *m, uint32_t id, int type, const struct buf *text, bool good)
{
	struct record *r = buf_ok(text) && m->audit_fd >= 0 ? malloc(sizeof(*r) + text->n + 1) : NULL;

	if (r == NULL)
		return RES_DENIED;
	*r = (struct record){.job = {.run = run, .done = done}, .m = m, .id = id, .fd = m->audit_fd,
	    .type = type, .good = good};
	memcpy(r->text, text->p, text->n);
	r->text[text->n] = '\0';
	if (m->work[WORK_AUDIT] == NULL) { /* the loop has ended */
		run(&r->job);
		done(&r->job);
	} else if (!aside_give(m->work[WORK_AUDIT], &r->job)) {
		free(r);
		return RES_RATE;
	}
	return RES_OK;
}

static void
write_own(struct monitor *m, int type, struct buf *text, bool good)
{
	enum result result = m->audit_fd < 0 ? RES_OK : write_record(m, 0, type, text, good);

	if (result != RES_OK)
		log_err("not in the audit trail: %s", result_text(result));
	buf_free(text);
}

enum result
handle_audit(struct monitor *m, const struct request *rq, struct answer *a)
{
	struct buf text = BUF_INIT;
	enum result result;

	if (rq->id == 0 || rq->activity >= ACT_COUNT || rq->action >= DO_COUNT || rq->done >= DONE_COUNT ||
	    ((rq->flags & REQF_CASE) != 0 && rq->limit >= SEV_COUNT))
		return RES_BAD;
	if ((rq->flags & REQF_ALLOW) != 0)
		put_allow(rq, &text);
	else if ((rq->flags & REQF_BASELINE) != 0)
		put_baseline(rq, &text);
	else if ((rq->flags & REQF_CASE) != 0)
		put_case(rq, &text);
	else
		put_record(rq, &text);
	result = write_record(m, rq->id, record_type(rq), &text, rq->done != DONE_FAILED);
	buf_free(&text);
	a->later = result == RES_OK;
	return result;
}

void
trail_mode(struct monitor *m, enum mode before, enum mode after, int64_t trial_ms, pid_t pid)
{
	struct buf text = BUF_INIT;
	uint32_t ses = SES_UNSET, auid = AUID_UNSET;

	(void)proc_sessionid(pid, &ses);
	(void)proc_loginuid(pid, &auid);
	buf_printf(&text, "op=sshtether-mode st-old=%s st-new=%s st-pid=%d st-auid=%" PRIu32
	    " st-ses=%" PRIu32, mode_name(before), mode_name(after), (int)pid, auid, ses);
	if (trial_ms != 0)
		buf_printf(&text, " st-trial=%" PRId64, trial_ms / 1000);
	write_own(m, AUDIT_USYS_CONFIG, &text, true);
}

void
trail_order(struct monitor *m, const struct trail_order *o, enum done what, uint64_t n)
{
	static const struct {
		const char *op;
		int type;
	} deeds[DEED_COUNT] = {
		[DEED_TERMINATE] = {"terminate", AUDIT_RESP_TERM_ACCESS},
		[DEED_ISOLATE] = {"isolate", AUDIT_RESP_ALERT},
		[DEED_REVOKE] = {"revoke-agent", AUDIT_RESP_ALERT},
	};
	struct buf text = BUF_INIT;

	buf_printf(&text, "op=sshtether-%s st-ses=%" PRIu32 " st-all=%s st-done=%s st-count=%" PRIu64
	    " st-pid=%d st-auid=%" PRIu32 " st-own-ses=%" PRIu32, deeds[o->deed].op, o->ses,
	    o->all ? "yes" : "no", done_name(what), n, (int)o->pid, o->auid, o->own_ses);
	write_own(m, deeds[o->deed].type, &text, what != DONE_FAILED);
}
