/*
 * relay: the session's own sshd connects out (-J, -W, -L, -D, stream-local forwards).  It is the
 * user child, known by its pid and never by its name; it connects without blocking, so a 0 is a UDP
 * probe. Pure.
 */
#include <stdio.h>

#include "agentd/detect/hop.h"

#define SAME_RELAY_MS 60000

static void
send_relay(struct detect *d, const struct evidence *e)
{
	struct finding f;
	char to[ENDPOINT_STRLEN], times[48] = "";

	finding_start(d, e, ACT_RELAY, &f);
	finding_fold(d, &f, evidence_key(e, ACT_RELAY, e->ses), SAME_RELAY_MS);
	if (f.count > 1)
		(void)snprintf(times, sizeof(times), ", %u connections or tries", f.count);
	if (f.outcome == OUTCOME_FAILURE)
		finding_reason(&f, "could not relay through sshd to %s%s: %s",
		    endpoint_str(f.to, to), times, strerror((int)-f.exit));
	else
		finding_reason(&f, "relays through sshd to %s%s", endpoint_str(f.to, to), times);
	finding_send(d, &f);
}

void
relay_unix(struct detect *d, const struct evidence *e)
{
	struct finding f;

	finding_start(d, e, ACT_RELAY, &f);
	finding_fold(d, &f, evidence_key(e, ACT_RELAY, e->ses), SAME_RELAY_MS);
	finding_reason(&f, "relays through sshd to the socket %.*s", (int)e->path_len, e->path);
	finding_send(d, &f);
}

bool
relay_is_child(const struct detect *d, const struct fact *f)
{
	const struct session *s = host_session(detect_host(d), f->ses);
	const struct process *p = host_process(detect_host(d), f->pid);

	return s != NULL && s->ssh && session_is_open(s, f->time) && f->pid == s->child_pid &&
	    f->uid == s->uid && p != NULL && p->is_sshd;
}

static void
send_all(struct detect *d, const struct dial_out *out)
{
	for (size_t i = 0; i < out->n; i++)
		send_relay(d, &out->tcp[i]);
}

static void
relay_settle(struct detect *d, struct hops *hs, struct hop *h)
{
	struct evidence failed;

	(void)hs;
	if (dial_take_failure(&h->dial, &failed))
		send_relay(d, &failed);
}

static void
relay_inet(struct detect *d, struct hops *hs, struct hop *h, const struct fact *f)
{
	struct evidence e = evidence_of(d, f);
	struct dial_out out;

	(void)detect_is_tcp(d, &e, evidence_key(&e, ACT_RELAY, e.ses), SAME_RELAY_MS);
	dial_step(&h->dial, &e, DIAL_NONBLOCKING, &out);
	send_all(d, &out);
	hop_due(hs, h,
	    (struct rtime){.ms = f->time.ms + (h->dial.has_failed ? DIAL_FAILED_MS : HOP_IDLE_MS)});
}

static void
relay_fact(struct detect *d, void *state, const struct fact *f)
{
	struct hops *hs = state;
	struct evidence e;
	struct hop *h;

	if (f->kind != FACT_CONNECT || !relay_is_child(d, f) || f->family == AF_UNIX)
		return;
	e = evidence_of(d, f);
	h = hop_get(d, hs, &e);
	if (h == NULL)
		return;
	if (f->family == AF_UNSPEC)
		dial_unspec(&h->dial, f->time);
	else if (f->peer.addr.family != 0)
		relay_inet(d, hs, h, f);
}

static void
relay_ripen(struct detect *d, void *state, struct rtime now, bool all)
{
	struct hops *hs = state;
	struct hop *h;

	while ((h = hop_ripe(hs, now, all)) != NULL) {
		relay_settle(d, hs, h);
		hop_drop(hs, h);
	}
}

static void *
relay_new(void)
{
	return hops_new(relay_settle);
}

static void
relay_free(void *state)
{
	struct hops *hs = state;

	hops_free(&hs);
}

const struct detector detector_relay = {
	.name = "relay",
	.state_new = relay_new,
	.state_free = relay_free,
	.fact = relay_fact,
	.ripen = relay_ripen,
};
