/*
 * concurrent-origins: a user is logged in from several networks (/24, /64) at the same time, from more than he
 * usually is.  A laptop at work and a phone are two, day by day; what he had on two days is usual.  A login from a
 * network that he never came from is told as well, however many are usual, unless its other end lies near.
 *
 * Confidence:
 *   low     he knows both networks; or the two are near each other (/16, /32), for providers have pools; or one is
 *           IPv4 and the other IPv6, which one laptop can be
 *   medium  he never came from this one: a laptop that moved leaves a connection behind which nobody uses any more
 *   high    the same, with the same key, and the session over there did something in the last BUSY_MS: a person
 *           cannot be in two places, nor a key that was not copied
 * Pure.
 */
#include <stdio.h>

#include "agentd/detect/habit.h"

#define DAYS    2
#define BUSY_MS (5 * 60 * 1000LL)

struct meeting {
	const struct session *session;
	struct rtime now;
	const struct session *other; /* the one that was active last, from another network */
	unsigned others;
	bool near;                   /* to one of them */
	char net[USUAL_NET_STRLEN];
	struct usual of_net;
};

static bool
is_near(struct addr a, struct addr b)
{
	return a.family != b.family || habit_near(a, b);
}

static bool
note_other(struct session *s, void *arg)
{
	struct meeting *m = arg;
	const struct session *mine = m->session;

	if (s == mine || !s->ssh || s->peer.addr.family == 0 ||
	    strcmp(s->user, mine->user) != 0 || prefix_has(habit_net(mine->peer.addr), s->peer.addr))
		return true;
	m->others++;
	m->near |= is_near(mine->peer.addr, s->peer.addr);
	if (m->other == NULL || rtime_since(s->last, m->other->last) > 0)
		m->other = s;
	return true;
}

static bool
has_same_key(const struct session *a, const struct session *b)
{
	return a->key_known && b->key_known && strcmp(a->key_fp, b->key_fp) == 0;
}

static enum confidence
weigh(const struct meeting *m)
{
	if (m->of_net.days > 0 || m->near)
		return CONFIDENCE_LOW;
	if (has_same_key(m->session, m->other) && rtime_since(m->now, m->other->last) <= BUSY_MS)
		return CONFIDENCE_HIGH;
	return CONFIDENCE_MEDIUM;
}

static void
say(struct finding *f, const struct meeting *m, unsigned networks, int64_t usual)
{
	const int64_t quiet = rtime_since(m->now, m->other->last) / 60000;
	char there[SESSION_STRLEN], before[64] = "never more than one before";

	if (usual >= 0)
		(void)snprintf(before, sizeof(before), "at most %lld is usual", (long long)usual);
	finding_reason(f, "is open together with %s, active %lld minute%s ago%s: %u networks at once, %s; from there on "
	    "%u of %u active days", session_str(m->other, there), (long long)(quiet > 0 ? quiet : 0), quiet == 1 ? "" : "s",
	    has_same_key(m->session, m->other) ? ", with the same key" : "", networks, before, m->of_net.days,
	    m->of_net.active);
}

static void
concurrent_opened(struct detect *d, void *state, const struct session *s, struct rtime now)
{
	struct meeting m = {.session = s, .now = now};
	struct company with;
	struct finding f;
	int64_t usual;

	(void)state;
	if (s->peer.addr.family == 0 ||
	    !detect_usual(d, s, USUAL_ORIGIN, usual_net(s->peer.addr, m.net), now, &m.of_net))
		return;
	host_each_open(detect_host(d), s->auid, note_other, &m);
	if (m.other == NULL)
		return;
	company_of(d, s, &with);
	usual = baseline_high(detect_baseline(d), USUAL_NETWORKS, s->user, now, DAYS);
	if (with.networks <= usual && (m.of_net.days > 0 || m.near))
		return;
	finding_of_session(d, s, ACT_CONCURRENT_ORIGINS, now, &f);
	f.owner_session = m.other;
	f.confidence = weigh(&m);
	finding_daily(d, &f, m.net);
	say(&f, &m, with.networks, usual);
	finding_send(d, &f);
}

const struct detector detector_concurrent_origins = {
	.name = "concurrent-origins",
	.opened = concurrent_opened,
};
