/* reports: see reports.h.  Engine process; reads what sshd's root process wrote, and believes the kernel. */
#include "agentd/engine/reports.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "agentd/engine/failures.h"
#include "agentd/engine/newcomer.h"
#include "base/log.h"
#include "base/proc.h"
#include "policy/level.h"

#define NAMES_SHARE 2 /* group names may take this part of the time that there is */

struct login {
	TAILQ_ENTRY(login) link;
	struct reports *all; /* borrowed */
	int fd;
	struct event *ev;
	struct notice kernel;
	struct report report; /* valid once it was read */
	bool answered;        /* by us, or by the monitor in our place */
	bool refused;         /* by us */
	const char *note;     /* for the user when nothing refuses; of the policy, while rulings are made */
};

struct reports {
	struct reports_parts parts;
	TAILQ_HEAD(, login) waiting;
	unsigned n;
	struct login *now; /* the one whose rulings are being made */
	struct reports_stats stats;
	struct log_limit log_limit;
};

static void
login_free(struct login *l)
{
	struct reports *all = l->all;

	names_forget(all->parts.names, l);
	TAILQ_REMOVE(&all->waiting, l, link);
	all->n--;
	if (l->ev != NULL)
		event_free(l->ev);
	close(l->fd);
	free(l);
}

/* --- answering ---------------------------------------------------------------------------------- */

/* One line of printable text, whatever the policy's author wrote. */
static void
put_message(struct verdict *v, const char *message)
{
	struct buf text = BUF_INIT;

	if (message == NULL)
		return;
	buf_put_visible(&text, bytes_of(message));
	if (buf_ok(&text) && text.n > 0)
		memcpy(v->message, text.p, text.n < sizeof(v->message) ? text.n : sizeof(v->message) - 1);
	buf_free(&text);
}

/* False: the module did not get it from us. */
static bool
answer(struct login *l, enum verdict_action action, const char *message)
{
	struct verdict v = {.magic = VERDICT_MAGIC, .version = REPORT_VERSION, .action = action,
	    .source = VERDICT_POLICY};
	struct request done = {.kind = REQ_ANSWERED, .id = l->kernel.id, .ses = l->kernel.ses,
	    .pid = l->kernel.pid};

	if (l->answered)
		return false;
	l->answered = true;
	put_message(&v, message);
	if (send(l->fd, &v, sizeof(v), MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)sizeof(v)) {
		l->all->stats.late++;
		return false;
	}
	link_send(l->all->parts.link, &done);
	l->refused = action == VERDICT_DENY;
	if (l->refused)
		l->all->stats.refused++;
	else
		l->all->stats.allowed++;
	return true;
}

/* For a login every action that stops something means that it does not come to be. */
static bool
refuses(const struct ruling *r)
{
	const enum action a = r->decision.action;

	return r->stop && (a == DO_BLOCK || a == DO_DENY || a == DO_TERMINATE || a == DO_TERMINATE_ALL);
}

static void
settle(struct login *l, const struct ruling *r)
{
	const struct reports_parts *parts = &l->all->parts;
	struct outcome_of o = {.ruling = r, .done = ruling_done(r), .level = LEVEL_PREVENT};

	if (refuses(r)) {
		o.done = answer(l, VERDICT_DENY, r->decision.message) ? DONE_REFUSED : DONE_FAILED;
		o.why = o.done == DONE_FAILED ? "the login was answered already" : NULL;
	} else if (r->stop) {
		o.done = DONE_FAILED;
		o.level = pol_level(ACT_LOGIN, r->decision.action, 0, &o.why);
	} else if (r->decision.action <= DO_ALERT || r->spared != NULL) {
		o.level = LEVEL_OBSERVE;
	}
	parts->outcome(&o, parts->arg);
	if (!r->stop && r->decision.action <= DO_ALERT && l->note == NULL)
		l->note = r->decision.message;
}

/* Who is not let in does nothing that anybody should learn from. */
static void
turn_away(const struct login *l)
{
	struct session *s = host_session(pipeline_host(l->all->parts.pipeline), l->kernel.ses);

	if (s != NULL)
		s->turned_away = true;
}

bool
reports_ruling(struct reports *all, const struct ruling *r)
{
	if (all->now == NULL || r->finding->activity != ACT_LOGIN ||
	    r->finding->session->ses != all->now->kernel.ses)
		return false;
	settle(all->now, r);
	if (all->now->refused)
		turn_away(all->now);
	return true;
}

/* --- asking the policy without the model ----------------------------------------------------------- */

/*
 * For a login that the model must not hold, or not yet: the account stage, and one whose session id is
 * unset or another's.  A denial is given only when nothing that is unknown could have turned it.
 */
static void
ask_only(struct login *l, bool tell_all)
{
	const struct reports_parts *parts = &l->all->parts;
	struct newcomer a;
	struct ruling r = {0};
	struct finding f = {.activity = ACT_LOGIN, .time = rtime_now(), .session = &a.s,
	    .pid = l->kernel.pid, .uid = l->report.uid, .euid = l->report.uid, .count = 1};

	newcomer_fill(&a, &l->report, &l->kernel, parts->names);
	ruling_make(&f, parts->policy(parts->arg), parts->options, &a.room, &r);
	if (tell_all || refuses(&r))
		settle(l, &r);
	newcomer_free(&a);
}

/* --- the three kinds of report ----------------------------------------------------------------------- */

/* host_open() took the numbers and made room; the names are ours to find. */
static void
name_groups(struct reports *all, struct session *s)
{
	if (s->group_names == NULL ||
	    newcomer_group_names(all->parts.names, s->groups, s->ngroups, s->group_names) != NULL)
		return;
	free(s->group_names);
	s->group_names = NULL;
}

/* NULL: the model has no room for it. */
static const struct session *
open_in_model(struct login *l)
{
	struct reports *all = l->all;
	struct rtime now = rtime_now();
	struct session *s = host_open(pipeline_host(all->parts.pipeline), &l->report, now);

	if (s == NULL) {
		failure_note(FAIL_HOST_FULL);
		ask_only(l, true);
		return NULL;
	}
	name_groups(all, s);
	all->parts.opened(s, all->parts.arg);
	all->now = l;
	detect_login(pipeline_detect(all->parts.pipeline), s, now);
	all->now = NULL;
	return s;
}

static void
allow(struct login *l)
{
	answer(l, VERDICT_ALLOW, l->note);
	login_free(l);
}

/* In audit mode nobody is kept out because of us. */
static void
without_grant(struct login *l, enum result r)
{
	const struct reports_parts *parts = &l->all->parts;
	const bool refuse = parts->options->host_mode == MODE_ENFORCE && !parts->fail_open;
	char more[LOG_HELD_LEN];
	unsigned held;

	failure_note(FAIL_GRANT_LOGIN);
	if (log_allow(&l->all->log_limit, 30, &held))
		log_err("session %u has no grant (%s): its login is %s%s", l->kernel.ses, r < RES_COUNT ?
		    result_text(r) : "no answer", refuse ? "refused" : "let in", log_held(held, more));
	if (refuse)
		answer(l, VERDICT_DENY, "this host cannot confine logins now");
	else
		answer(l, VERDICT_ALLOW, l->note);
	login_free(l);
}

/* The rest has no row: a break-glass login, and one whose sshd is gone again. */
static void
on_grant(enum result r, void *arg)
{
	struct login *l = arg;

	if (r == RES_OK || r == RES_PROTECTED || r == RES_GONE || r == RES_NO_SESSION)
		allow(l);
	else
		without_grant(l, r);
}

static void
open_ready(void *arg)
{
	struct login *l = arg;
	struct grants *grants = l->all->parts.grants;
	const struct session *s = NULL;

	if (l->kernel.result == RES_OK)
		s = open_in_model(l);
	else
		ask_only(l, true);
	if (s == NULL || grants == NULL || l->refused)
		allow(l);
	else if (!grants_login(grants, s, on_grant, l))
		without_grant(l, RES_COUNT);
}

static void
account_ready(void *arg)
{
	struct login *l = arg;

	ask_only(l, false);
	allow(l);
}

/* Tasks may live on: the monitor says when it is over. */
static void
close_in_model(struct login *l)
{
	struct pipeline *p = l->all->parts.pipeline;
	const struct session *s = host_session(pipeline_host(p), l->kernel.ses);
	const struct rtime now = rtime_now();

	if (s == NULL || s->state != SESSION_OPEN)
		return;
	host_closed(pipeline_host(p), s->ses, now);
	detect_closed(pipeline_detect(p), s, now);
}

static void
closed(struct login *l)
{
	if (l->kernel.result == RES_OK)
		close_in_model(l);
	answer(l, VERDICT_ALLOW, NULL);
	login_free(l);
}

static void
with_names(struct login *l, names_ready_fn *fn)
{
	const struct reports_parts *parts = &l->all->parts;

	if (!names_wait_groups(parts->names, l->report.groups, l->report.ngroups,
	    parts->timeout_ms / NAMES_SHARE, fn, l))
		fn(l);
}

/* --- believing ----------------------------------------------------------------------------------------- */

static void
warn_forged(struct login *l)
{
	struct buf text = BUF_INIT;

	failure_note(FAIL_REPORT_FORGED);
	buf_printf(&text, "pid %u reported a login of ", l->kernel.pid);
	buf_put_visible(&text, bytes_of(l->report.user));
	buf_printf(&text, " under session %u, which another living sshd has", l->kernel.ses);
	if (buf_ok(&text))
		l->all->parts.warn("report-forged", text.p, l->all->parts.arg);
	buf_free(&text);
}

/*
 * What the kernel knows stands in the place of what was reported.  Where the two differ, the key and the
 * certificate are not believed either.
 */
static void
believe_kernel(struct login *l)
{
	struct report *r = &l->report;
	const struct notice *k = &l->kernel;
	bool open = r->kind == REPORT_OPEN;
	bool same = r->pid == k->pid && r->start_ticks == k->start_ticks &&
	    (!open || (r->ses == k->ses && r->auid == k->auid));
	char more[LOG_HELD_LEN];
	unsigned held;

	if (open && k->result == RES_OK && r->uid != k->auid) {
		const char *name = names_user(l->all->parts.names, k->auid);

		r->uid = k->auid;
		memset(r->user, 0, sizeof(r->user));
		(void)bytes_copy(bytes_of(name), r->user, sizeof(r->user));
		same = false;
	}
	r->pid = k->pid;
	r->start_ticks = k->start_ticks;
	r->ses = k->ses;
	r->auid = k->auid;
	if (same)
		return;
	failure_note(FAIL_REPORT_MISMATCH);
	r->flags &= ~(uint32_t)(REPORT_KEY_KNOWN | REPORT_CERT);
	if (log_allow(&l->all->log_limit, 10, &held))
		log_warn("the report of pid %u (session %u) does not agree with the kernel; "
			 "its key is not believed%s", k->pid, k->ses, log_held(held, more));
}

static void
take_report(struct login *l)
{
	l->all->stats.reports++;
	believe_kernel(l);
	if (l->kernel.result == RES_OTHER_SESSION)
		warn_forged(l);
	if (l->kernel.result == RES_RATE)
		failure_note(FAIL_UNREGISTERED);
	switch ((enum report_kind)l->report.kind) {
	case REPORT_ACCOUNT:
		with_names(l, account_ready);
		break;
	case REPORT_OPEN:
		with_names(l, open_ready);
		break;
	case REPORT_CLOSE:
		closed(l);
		break;
	}
}

/* Without a report the session is still there: what the kernel says of it is followed. */
static void
follow_anyway(struct login *l)
{
	const struct notice *k = &l->kernel;
	const struct reports_parts *parts = &l->all->parts;

	if (k->result == RES_OK)
		parts->found(k, parts->arg);
	login_free(l);
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct login *l = arg;
	ssize_t n;

	n = recv(fd, &l->report, sizeof(l->report), MSG_DONTWAIT | MSG_TRUNC);
	if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
		if ((what & EV_TIMEOUT) != 0) { /* where there is one, it was the loop that was late */
			failure_note(FAIL_REPORT_LATE);
			follow_anyway(l);
		}
		return;
	}
	event_del(l->ev);
	if (n <= 0 || !report_valid(&l->report, (size_t)n)) {
		failure_note(FAIL_REPORT_BAD);
		log_warn("the report of pid %u cannot be read: %zd bytes", l->kernel.pid, n);
		follow_anyway(l);
		return;
	}
	take_report(l);
}

/* --- in and out ----------------------------------------------------------------------------------- */

void
reports_begin(struct reports *all, const struct notice *kernel, int fd)
{
	const struct timeval tv = timeval_of_ms(all->parts.timeout_ms);
	struct login *l = NULL;

	if (all->n >= ST_PENDING_LOGINS || (l = calloc(1, sizeof(*l))) == NULL) {
		failure_note(FAIL_LOGIN_CAP);
		close(fd);
		return;
	}
	l->all = all;
	l->fd = fd;
	l->kernel = *kernel;
	TAILQ_INSERT_TAIL(&all->waiting, l, link);
	all->n++;
	evutil_make_socket_nonblocking(fd);
	l->ev = event_new(all->parts.base, fd, EV_READ | EV_PERSIST, on_event, l);
	if (l->ev == NULL) {
		failure_note(FAIL_LOGIN_CAP);
		login_free(l);
		return;
	}
	event_priority_set(l->ev, 0);
	event_add(l->ev, &tv);
}

void
reports_fallback(struct reports *all, uint32_t id)
{
	struct login *l;

	failure_note(FAIL_LOGIN_FALLBACK);
	all->stats.fallback++;
	TAILQ_FOREACH(l, &all->waiting, link) {
		if (l->kernel.id == id)
			l->answered = true; /* the session may live: its report is still taken */
	}
}

const struct reports_stats *
reports_stats(const struct reports *all)
{
	return &all->stats;
}

struct reports *
reports_new(const struct reports_parts *parts)
{
	struct reports *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	all->parts = *parts;
	TAILQ_INIT(&all->waiting);
	return all;
}

void
reports_free(struct reports **ap)
{
	struct reports *all = *ap;
	struct login *l;

	if (all == NULL)
		return;
	*ap = NULL;
	while ((l = TAILQ_FIRST(&all->waiting)) != NULL)
		login_free(l);
	free(all);
}
