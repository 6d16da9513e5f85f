/*
 * unreported-session, as the sockets show it: an SSH server serves a connection of which nobody reported a
 * login.  So are found those that were there before us, or whose records nobody wrote.  Somebody is let in
 * where the server has become a user, below a parent of root's; where that does not show (a login of root's, a
 * server that a user runs) when the connection has outlived what a login may take.  Confidence: high for the
 * first, medium for the second: LoginGraceTime may be longer than its default.  Low where a user has so many
 * descriptors open that nobody could be found; he is told of, once a day.  Pure.
 */
#include <stdio.h>

#include "agentd/detect/detector.h"
#include "agentd/detect/unreported.h"

#define SETTLE_MS  10000  /* its report may still be on its way */
#define GRACE_MS   150000 /* LoginGraceTime, 120 s, and a server that is slow to act by it */

struct looking {
	const struct served *v;
	bool accounted;
};

/* Reported, or found alive: then the monitor knows its sshd. */
static bool
look_at(struct session *s, void *arg)
{
	struct looking *l = arg;
	const struct served *v = l->v;

	if (!s->ssh || s->source == SESSION_RECORDS || s->state == SESSION_OVER)
		return true;
	l->accounted = (endpoint_eq(s->peer, v->peer) && endpoint_eq(s->local, v->local)) ||
	    (s->monitor_pid != 0 && (s->monitor_pid == v->pid || s->monitor_pid == v->ppid));
	return !l->accounted;
}

static bool
is_accounted(const struct detect *d, const struct served *v)
{
	struct looking l = {.v = v};

	/* A module that reports nobody is not installed: that is status' and doctor's to say. */
	if (v->ses != SES_UNSET && !host_expects_report(detect_host(d), v->time))
		return true;
	host_each_session(detect_host(d), look_at, &l);
	return l.accounted;
}

static bool
is_let_in(const struct served *v, bool *sure)
{
	*sure = v->dropped && v->uid >= FIRST_USER && v->uid == v->euid;
	return rtime_since(v->time, v->since) >= (*sure ? SETTLE_MS : GRACE_MS);
}

static void
send_served(struct detect *d, const struct served *v, bool sure)
{
	const struct evidence e = {.time = v->time, .pid = v->pid, .ses = v->ses, .auid = v->auid, .uid = v->uid,
	    .euid = v->euid, .to = v->local, .count = 1};
	char from[ENDPOINT_STRLEN], at[ENDPOINT_STRLEN], subject[ADDR_STRLEN + 16], ip[ADDR_STRLEN];
	struct finding f;

	finding_start(d, &e, ACT_UNREPORTED_SESSION, &f);
	f.confidence = sure ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
	finding_reason(&f, "serves %s at %s as uid %u (%s, pid %u) for %lld s, and nobody reported a login from there",
	    endpoint_str(v->peer, from), endpoint_str(v->local, at), v->uid, v->program, v->pid,
	    (long long)(rtime_since(v->time, v->since) / 1000));
	(void)snprintf(subject, sizeof(subject), "%s uid %u", addr_str(v->peer.addr, ip), v->uid);
	finding_daily(d, &f, subject);
	finding_send(d, &f);
}

static void
send_unread(struct detect *d, const struct served *v)
{
	const struct evidence e = {.time = v->time, .ses = SES_UNSET, .auid = AUID_UNSET, .uid = v->hoarder,
	    .euid = v->hoarder, .to = v->local, .count = 1};
	char from[ENDPOINT_STRLEN], at[ENDPOINT_STRLEN], subject[32];
	struct finding f;

	finding_start(d, &e, ACT_UNREPORTED_SESSION, &f);
	f.confidence = CONFIDENCE_LOW;
	finding_reason(&f, "may serve %s at %s (a socket of uid %u), from where nobody reported a login; who serves it is not "
	    "to be seen, for uid %u has more descriptors open than are read",
	    endpoint_str(v->peer, from), endpoint_str(v->local, at), v->uid, v->hoarder);
	(void)snprintf(subject, sizeof(subject), "unread uid %u", v->hoarder);
	finding_daily(d, &f, subject);
	finding_send(d, &f);
}

bool
detect_served(struct detect *d, const struct served *v)
{
	bool sure;

	if (is_accounted(d, v) || unreported_was_told(d, v->pid, v->time) || unreported_was_told(d, v->ppid, v->time))
		return true;
	if ((v->pid == 0 && !v->unread) || !is_let_in(v, &sure))
		return false;
	if (v->unread)
		send_unread(d, v);
	else
		send_served(d, v, sure);
	return true;
}
