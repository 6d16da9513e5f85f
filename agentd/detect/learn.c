/*
 * learn: what sessions do becomes what is usual.  The last of the detectors: what others ask is answered from the
 * days before, and from what came before on that day.  Learned are SSH logins that were let in, of users whom the
 * policy does not leave out; a day counts each user once where it counts anybody (user "").  Pure.
 */
#include <stdio.h>

#include "agentd/detect/detector.h"
#include "agentd/detect/habit.h"
#include "agentd/detect/passage.h"

static uint32_t
note(struct detect *d, enum usual_kind kind, const char *user, const char *value, struct rtime when)
{
	const struct usual_key key = {.kind = kind, .user = user, .value = value};

	return baseline_note(detect_baseline(d), &key, when, 1);
}

static void
note_number(struct detect *d, enum usual_kind kind, const char *user, uint64_t n, struct rtime when)
{
	char value[24];

	(void)snprintf(value, sizeof(value), "%llu", (unsigned long long)n);
	note(d, kind, user, value, when);
}

/* Of the user, and, once a day, of anybody. */
static void
note_here(struct detect *d, enum usual_kind kind, const char *user, const char *value, struct rtime when)
{
	if (note(d, kind, user, value, when) == 0)
		note(d, kind, "", value, when);
}

static void
learn_opened(struct detect *d, void *state, const struct session *s, struct rtime now)
{
	char net[USUAL_NET_STRLEN], key[ST_USUAL_TEXT];
	struct company with;

	(void)state;
	if (!detect_judges(d, s))
		return;
	note_here(d, USUAL_ACTIVE, s->user, "", now);
	if (s->peer.addr.family != 0)
		note_here(d, USUAL_ORIGIN, s->user, usual_net(s->peer.addr, net), now);
	if (habit_key(s, key)[0] != '\0')
		note(d, USUAL_KEY, s->user, key, now);
	note_number(d, USUAL_HOUR, s->user, usual_hour(now), now);
	company_of(d, s, &with);
	note_number(d, USUAL_SESSIONS, s->user, with.sessions, now);
	note_number(d, USUAL_NETWORKS, s->user, with.networks, now);
}

/* Of one that was found alive nobody knows when it began. */
static void
learn_closed(struct detect *d, void *state, const struct session *s, struct rtime now)
{
	const int64_t ms = rtime_since(now, s->opened);

	(void)state;
	if (detect_judges(d, s) && s->source != SESSION_PROC && ms >= 0)
		note_number(d, USUAL_DURATION, s->user, usual_step((uint64_t)ms / 1000), now);
}

static void
learn_volume(struct detect *d, void *state, const struct volume *v)
{
	const struct session *s = host_session(detect_host(d), v->ses);

	(void)state;
	if (v->last && s != NULL && detect_judges(d, s) && passage_is_own(s, v))
		note_number(d, USUAL_VOLUME, s->user, usual_step(v->sent + v->received), v->time);
}

static void
note_pair(struct detect *d, const struct finding *f)
{
	char pair[2 * ADDR_STRLEN], in[ADDR_STRLEN], out[ADDR_STRLEN];

	(void)snprintf(pair, sizeof(pair), "%s %s", addr_str(f->session->peer.addr, in), addr_str(f->to.addr, out));
	note(d, USUAL_PAIR, "", pair, f->time);
}

static void
learn_found(struct detect *d, void *state, const struct finding *f)
{
	char to[ENDPOINT_STRLEN];

	(void)state;
	if (!habit_goes_out(f) || !detect_judges(d, f->session))
		return;
	note_here(d, USUAL_DESTINATION, f->session->user, endpoint_str(f->to, to), f->time);
	if (f->session->peer.addr.family != 0)
		note_pair(d, f);
}

const struct detector detector_learn = {
	.name = "learn",
	.opened = learn_opened,
	.closed = learn_closed,
	.volume = learn_volume,
	.found = learn_found,
};
