/*
 * trail: see trail.h.  Runs in the monitor.  Every word in a record is from a table of ours, every
 * number from the request's fixed fields: an engine that lies can lie, but not write free text.
 */
#include "agentd/monitor/trail.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libaudit.h>
#include <inttypes.h>

#include "agentd/monitor/mode.h"
#include "agentd/monitor/table.h"
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

/* The types are those of "intrusion detection" and "response" of the audit message dictionary. */
static int
record_type(const struct request *rq)
{
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

static enum result
write_record(struct monitor *m, int type, struct buf *text, bool good, uint64_t *value)
{
	int rc;

	if (!buf_ok(text) || m->audit_fd < 0)
		return RES_DENIED;
	rc = audit_log_user_message(m->audit_fd, type, text->p, NULL, NULL, NULL, good);
	if (rc <= 0) {
		*value = (uint64_t)errno;
		return RES_DENIED;
	}
	return RES_OK;
}

enum result
handle_audit(struct monitor *m, const struct request *rq, struct answer *a)
{
	struct buf text = BUF_INIT;
	enum result result;

	if (rq->activity >= ACT_COUNT || rq->action >= DO_COUNT || rq->done >= DONE_COUNT)
		return RES_BAD;
	put_record(rq, &text);
	result = write_record(m, record_type(rq), &text, rq->done != DONE_FAILED, &a->note.value);
	buf_free(&text);
	return result;
}

void
trail_mode(struct monitor *m, enum mode before, enum mode after, pid_t pid)
{
	struct buf text = BUF_INIT;
	uint32_t ses = SES_UNSET, auid = AUID_UNSET;
	uint64_t value;

	(void)proc_sessionid(pid, &ses);
	(void)proc_loginuid(pid, &auid);
	buf_printf(&text, "op=sshtether-mode st-old=%s st-new=%s st-pid=%d st-auid=%" PRIu32
	    " st-ses=%" PRIu32, mode_name(before), mode_name(after), (int)pid, auid, ses);
	(void)write_record(m, AUDIT_USYS_CONFIG, &text, true, &value);
	buf_free(&text);
}

void
trail_order(struct monitor *m, const struct trail_order *o, enum result result, uint64_t n)
{
	struct buf text = BUF_INIT;
	uint64_t value;

	buf_printf(&text, "op=sshtether-terminate st-ses=%" PRIu32 " st-all=%s st-done=%s st-count=%" PRIu64
	    " st-pid=%d st-auid=%" PRIu32 " st-own-ses=%" PRIu32, o->ses, o->all ? "yes" : "no",
	    done_name(result == RES_OK ? DONE_TERMINATED : DONE_FAILED), n, (int)o->pid, o->auid,
	    o->own_ses);
	(void)write_record(m, AUDIT_RESP_TERM_ACCESS, &text, result == RES_OK, &value);
	buf_free(&text);
}
