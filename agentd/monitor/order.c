/* order: see order.h.  Runs in the monitor. */
#include "agentd/monitor/order.h"

#include <stdlib.h>

#include "agentd/monitor/terminate.h"
#include "agentd/monitor/trail.h"
#include "base/log.h"
#include "base/proc.h"

struct order {
	struct trail_order told;
	order_fn *fn;
	void *arg;
};

const char *
order_text(enum result result)
{
	switch (result) {
	case RES_NO_SESSION:
		return "no living session of sshd has this number";
	case RES_PROTECTED:
		return "break-glass holds: this session is never ended";
	case RES_DENIED:
		return "processes of it are left";
	default:
		return result_text(result);
	}
}

static void
tell_all(struct monitor *m, const struct trail_order *o, enum result result, uint64_t n)
{
	struct notice note = {.kind = NOTE_ORDERED, .result = result, .ses = o->ses,
	    .pid = (uint32_t)o->pid, .auid = o->auid, .value = n};

	if (result == RES_OK)
		log_warn("session %u was ended by root, pid %d", o->ses, (int)o->pid);
	else
		log_warn("session %u was not ended for root, pid %d: %s", o->ses, (int)o->pid,
		    order_text(result));
	trail_order(m, o, result, n);
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
	enum result result = terminate_check(m, rq);

	if (result == RES_OK && !rate_take(&m->actions, mtime_now()))
		result = RES_RATE;
	return result == RES_OK ? terminate_begin(m, rq, on_over, o) : result;
}

void
order_terminate(struct monitor *m, uint32_t ses, bool all, pid_t pid, order_fn *fn, void *arg)
{
	struct request rq = {.kind = REQ_TERMINATE, .ses = ses, .flags = all ? (uint32_t)REQF_ALL : 0};
	struct trail_order told = {.ses = ses, .all = all, .pid = pid, .auid = AUID_UNSET, .own_ses = SES_UNSET};
	struct order *o = malloc(sizeof(*o));
	enum result result = RES_RATE;

	/* Now: who asks may be of the session that ends. */
	(void)proc_loginuid(pid, &told.auid);
	(void)proc_sessionid(pid, &told.own_ses);
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
