/* order: see order.h.  Runs in the monitor. */
#include "agentd/monitor/order.h"

#include <stdlib.h>

#include "agentd/monitor/isolate.h"
#include "agentd/monitor/revoke.h"
#include "agentd/monitor/terminate.h"
#include "agentd/monitor/trail.h"
#include "base/log.h"
#include "base/proc.h"

struct order {
	struct trail_order told;
	order_fn *fn;
	void *arg;
};

/* --- what can be ordered ---------------------------------------------------------------------------- */

typedef enum result check_fn(const struct monitor *, const struct request *);
typedef enum result begin_fn(struct monitor *, const struct request *, deed_fn *, void *arg);

static enum result
begin_isolate(struct monitor *m, const struct request *rq, deed_fn *fn, void *arg)
{
	return isolate_begin(m, rq, true, fn, arg);
}

static enum result
begin_revoke(struct monitor *m, const struct request *rq, deed_fn *fn, void *arg)
{
	return revoke_begin(m, rq, true, fn, arg);
}

static const struct {
	check_fn *check;
	begin_fn *begin;
	enum done done;
	uint32_t flag; /* enum order_flag */
	const char *was; /* "session N was …" */
	const char *left;
} deeds[DEED_COUNT] = {
	[DEED_TERMINATE] = {terminate_check, terminate_begin, DONE_TERMINATED, 0, "ended",
	    "processes of it are left"},
	[DEED_ISOLATE] = {isolate_check, begin_isolate, DONE_ISOLATED, ORDERF_ISOLATE, "isolated",
	    "the kernel gates do not work here, or connections of it are left"},
	[DEED_REVOKE] = {revoke_check, begin_revoke, DONE_REVOKED, ORDERF_REVOKE, "cut off from its agents",
	    "agents of it are left"},
};

enum done
order_done(enum deed deed, enum result result)
{
	return result_is_done(result) ? deeds[deed].done : DONE_FAILED;
}

const char *
order_text(enum deed deed, enum result result)
{
	switch (result) {
	case RES_NO_SESSION:
		return "no living session of sshd has this number";
	case RES_PROTECTED:
		return "break-glass holds: this session is never touched";
	case RES_DENIED:
		return deeds[deed].left;
	default:
		return result_text(result);
	}
}

/* --- one order -------------------------------------------------------------------------------------- */

static void
tell_all(struct monitor *m, const struct trail_order *o, enum result result, uint64_t n)
{
	struct notice note = {.kind = NOTE_ORDERED, .result = result, .ses = o->ses, .pid = (uint32_t)o->pid,
	    .auid = o->auid, .value = n, .flags = deeds[o->deed].flag};

	if (result_is_done(result))
		log_warn("session %u was %s by root, pid %d", o->ses, deeds[o->deed].was, (int)o->pid);
	else
		log_warn("session %u was not %s for root, pid %d: %s", o->ses, deeds[o->deed].was, (int)o->pid,
		    order_text(o->deed, result));
	trail_order(m, o, order_done(o->deed, result), n);
	(void)monitor_send(m, &note, NULL, 0);
}

static void
on_over(struct monitor *m, uint32_t id, enum result result, uint64_t n, void *arg)
{
	struct order *o = arg;

	(void)id;
	tell_all(m, &o->told, result, n);
	o->fn(result, n, o->arg);
	free(o);
}

static enum result
begin(struct monitor *m, const struct request *rq, struct order *o)
{
	enum deed deed = o->told.deed;
	enum result result = deeds[deed].check(m, rq);

	if (result == RES_OK && !rate_take(&m->actions, mtime_now()))
		result = RES_RATE;
	return result == RES_OK ? deeds[deed].begin(m, rq, on_over, o) : result;
}

void
order_give(struct monitor *m, const struct order_line *line, order_fn *fn, void *arg)
{
	struct request rq = {.ses = line->ses, .flags = line->all ? (uint32_t)REQF_ALL : 0};
	struct trail_order told = {.deed = line->deed, .ses = line->ses, .all = line->all, .pid = line->pid,
	    .auid = AUID_UNSET, .own_ses = SES_UNSET};
	struct order *o = malloc(sizeof(*o));
	enum result result = RES_RATE;

	/* Now: who asks may be of the session that ends. */
	(void)proc_loginuid(line->pid, &told.auid);
	(void)proc_sessionid(line->pid, &told.own_ses);
	if (o != NULL) {
		*o = (struct order){.told = told, .fn = fn, .arg = arg};
		result = begin(m, &rq, o);
	}
	if (result == RES_OK)
		return;
	free(o);
	tell_all(m, &told, result, 0);
	fn(result, 0, arg);
}
