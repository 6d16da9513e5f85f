/* notices: what the monitor says unasked, one handler a kind.  Engine process. */
#include <stdio.h>
#include <unistd.h>

#include <event2/event.h>

#include "agentd/engine/calls.h"
#include "agentd/engine/control.h"
#include "agentd/engine/failures.h"
#include "agentd/engine/found.h"
#include "agentd/engine/history.h"
#include "agentd/engine/homes.h"
#include "agentd/engine/in_force.h"
#include "agentd/engine/loads.h"
#include "agentd/engine/restraint.h"
#include "agentd/engine/state.h"
#include "agentd/engine/watched.h"
#include "agentd/engine/volumes.h"
#include "base/log.h"
#include "base/report_addr.h"

typedef void handler(struct engine *, const struct notice *, int fds[LINK_FDS]);

static void
on_config(struct engine *e, const struct notice *n, int fds[LINK_FDS])
{
	in_force_mode(e, n->mode == MODE_ENFORCE ? MODE_ENFORCE : MODE_AUDIT);
	loads_first(e, n->value);
	if (fds[0] == -1) {
		log_err("the monitor sent no control socket");
		return;
	}
	control_listen(e->control, fds[0]);
	fds[0] = -1;
}

static void
on_login(struct engine *e, const struct notice *n, int fds[LINK_FDS])
{
	if (fds[0] == -1)
		return;
	reports_begin(e->reports, n, fds[0]);
	fds[0] = -1;
}

static void
on_found(struct engine *e, const struct notice *n, int fds[LINK_FDS])
{
	(void)fds;
	found_session(n, e);
}

static void
on_found_all(struct engine *e, const struct notice *n, int fds[LINK_FDS])
{
	(void)n;
	(void)fds;
	found_all(e);
}

/* An answer that came after nobody waited for it any more; a source is welcome all the same. */
static void
on_result(struct engine *e, const struct notice *n, int fds[LINK_FDS])
{
	if (n->source == SOURCE_NONE || n->result != RES_OK || fds[0] == -1)
		return;
	intake_take(e->intake, (enum source_kind)n->source, fds[0]);
	fds[0] = -1;
}

static void
on_mode(struct engine *e, const struct notice *n, int fds[LINK_FDS])
{
	const enum mode mode = n->mode == MODE_ENFORCE ? MODE_ENFORCE : MODE_AUDIT;
	char sentence[64];

	(void)fds;
	if (mode == e->options.host_mode)
		return;
	in_force_mode(e, mode);
	snprintf(sentence, sizeof(sentence), "the host is now in %s mode", mode_name(mode));
	outlet_notice(e->outlet, "mode-changed", SEV_MEDIUM, 0, sentence);
}

static void
on_fallback(struct engine *e, const struct notice *n, int fds[LINK_FDS])
{
	(void)fds;
	reports_fallback(e->reports, n->id);
}

static void
on_rules(struct engine *e, const struct notice *n, int fds[LINK_FDS])
{
	const bool was_missing = e->rules.told && e->rules.missing > 0;
	char sentence[128];

	(void)fds;
	e->rules = (struct rules_state){.told = true, .flags = n->flags, .missing = n->value,
	    .added = n->added};
	if ((n->flags & RULEF_READDED) != 0) {
		snprintf(sentence, sizeof(sentence),
		    "audit rules had been removed and were added again (%llu)",
		    (unsigned long long)n->inode);
		outlet_notice(e->outlet, "rules-readded", SEV_HIGH, n->inode, sentence);
	}
	if (n->value > 0 && !was_missing) {
		failure_note(FAIL_RULES_MISSING);
		snprintf(sentence, sizeof(sentence),
		    "%llu audit rules are not in force; see `sshtether status`",
		    (unsigned long long)n->value);
		outlet_notice(e->outlet, "rules-missing", SEV_HIGH, n->value, sentence);
	}
}

static void
on_lost(struct engine *e, const struct notice *n, int fds[LINK_FDS])
{
	(void)fds;
	losses_kernel(e->losses, n->value);
}

static void
on_stop_limit(struct engine *e, const struct notice *n, int fds[LINK_FDS])
{
	char sentence[160];

	(void)fds;
	in_force_mode(e, MODE_AUDIT);
	snprintf(sentence, sizeof(sentence),
	    "%llu actions reached the stop limit: the host is back in audit mode",
	    (unsigned long long)n->value);
	outlet_notice(e->outlet, "stop-limit", SEV_CRITICAL, n->value, sentence);
}

/* Enforce on trial: begun, over, confirmed, or ended while there was no engine to hear of it. */
static void
on_confirm(struct engine *e, const struct notice *n, int fds[LINK_FDS])
{
	char sentence[128];

	(void)fds;
	e->confirm_by = (struct rtime){.ms = n->value < INT64_MAX ? (int64_t)n->value : 0};
	if ((n->flags & CONFIRMF_LAPSED) != 0)
		outlet_notice(e->outlet, "confirm-lapsed", SEV_CRITICAL, 0,
		    "enforce mode was not confirmed in time: the host is back in audit mode");
	if ((n->flags & CONFIRMF_CONFIRMED) == 0)
		return;
	(void)snprintf(sentence, sizeof(sentence),
	    "enforce mode was confirmed, by uid 0, pid %u, login uid %u, session %u", n->pid, n->auid, n->ses);
	outlet_notice(e->outlet, "mode-confirmed", SEV_MEDIUM, 0, sentence);
}

static void
on_reload(struct engine *e, const struct notice *n, int fds[LINK_FDS])
{
	const struct load_who who = {.by = LOAD_SIGHUP};

	(void)n;
	(void)fds;
	outlet_reopen(e->outlet);
	if (!loads_order(e, NULL, &who, NULL, NULL))
		log_warn("too many loads of the policy wait: one more was not begun");
}

/* Before the configuration, and when a policy has raised it. */
static void
on_serial(struct engine *e, const struct notice *n, int fds[LINK_FDS])
{
	(void)fds;
	(void)serials_raise(&e->serials, n->inode, n->value);
}

static void
on_goodbye(struct engine *e, const struct notice *n, int fds[LINK_FDS])
{
	(void)n;
	(void)fds;
	event_base_loopbreak(e->base);
}

static void
on_over(struct engine *e, const struct notice *n, int fds[LINK_FDS])
{
	(void)fds;
	calls_over(n->ses, e);
}

/* What root may order, as alerts have it. */
struct order_words {
	const char *what, *done, *not_done; /* event.action; "session 57 was …" */
};

static const struct order_words *
order_words(uint32_t flags)
{
	static const struct order_words end = {"terminate-by-hand", "ended", "not ended"},
	    isolate = {"isolate-by-hand", "isolated", "not isolated"},
	    revoke = {"revoke-agent-by-hand", "cut off from its agent", "not cut off from its agent"};

	return (flags & ORDERF_ISOLATE) != 0 ? &isolate : (flags & ORDERF_REVOKE) != 0 ? &revoke : &end;
}

/* What became of root's order, whose word it was, and why. */
static void
on_ordered(struct engine *e, const struct notice *n, int fds[LINK_FDS])
{
	const struct order_words *words = order_words(n->flags);
	const char *reason = orders_take(&e->orders, n->ses, n->pid);
	struct buf text = BUF_INIT;
	char name[ALERT_SESSION_LEN];

	(void)fds;
	restraint_ordered(host_session(pipeline_host(e->pipeline), n->ses), n);
	buf_printf(&text, "session %s was %s by hand, by uid 0, pid %u", alert_session(e->boot_id, n->ses, name),
	    result_is_done(n->result) ? words->done : words->not_done, n->pid);
	if (n->auid != AUID_UNSET)
		buf_printf(&text, ", login uid %u", n->auid);
	if (n->result != RES_OK)
		buf_printf(&text, " (%s)",
		    n->result < RES_COUNT ? result_text((enum result)n->result) : "?");
	buf_puts(&text, ": ");
	buf_put_visible(&text, bytes_of(reason != NULL ? reason : "no reason was given"));
	if (buf_ok(&text))
		outlet_notice(e->outlet, words->what, SEV_MEDIUM, n->value, text.p);
	buf_free(&text);
}

static void
on_gates(struct engine *e, const struct notice *n, int fds[LINK_FDS])
{
	(void)fds;
	in_force_gates(e, n);
}

static void
on_gate(struct engine *e, const struct notice *n, int fds[LINK_FDS])
{
	(void)fds;
	gates_saw(e->gates, n);
	acts_gate_told(e->acts);
}

static void
on_watches(struct engine *e, const struct notice *n, int fds[LINK_FDS])
{
	(void)fds;
	e->watches = (struct watches_state){.told = true, .directories = n->added,
	    .processes = (unsigned)n->start_ticks, .keys = (int)n->value, .memory = (int)n->inode};
}

static void
on_watched(struct engine *e, const struct notice *n, int fds[LINK_FDS])
{
	(void)fds;
	watched_note(e->watched, n);
}

static handler *const handlers[] = {
	[NOTE_CONFIG] = on_config,
	[NOTE_LOGIN] = on_login,
	[NOTE_FOUND] = on_found,
	[NOTE_FOUND_ALL] = on_found_all,
	[NOTE_RESULT] = on_result,
	[NOTE_MODE] = on_mode,
	[NOTE_FALLBACK] = on_fallback,
	[NOTE_RULES] = on_rules,
	[NOTE_LOST] = on_lost,
	[NOTE_STOP_LIMIT] = on_stop_limit,
	[NOTE_RELOAD] = on_reload,
	[NOTE_GOODBYE] = on_goodbye,
	[NOTE_OVER] = on_over,
	[NOTE_ORDERED] = on_ordered,
	[NOTE_GATES] = on_gates,
	[NOTE_GATE] = on_gate,
	[NOTE_WATCHES] = on_watches,
	[NOTE_KEY] = on_watched,
	[NOTE_MEMORY] = on_watched,
	[NOTE_CONFIRM] = on_confirm,
	[NOTE_SERIAL] = on_serial,
};

void
notices_take(const struct notice *n, int fds[LINK_FDS], void *engine)
{
	if (n->kind < sizeof(handlers) / sizeof(handlers[0]) && handlers[n->kind] != NULL)
		handlers[n->kind](engine, n, fds);
	else
		log_warn("a notice of kind %u that is not known: another build?", n->kind);
}
