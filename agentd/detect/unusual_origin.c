/*
 * unusual-origin: a login from a network (/24, /64) or with a key that the user did not use on the days that are
 * remembered.  One finding tells of both.
 *
 * Confidence, of a new network with the user's usual key, or where the key is not known: medium; people travel.
 *   one less  others of this host came from there on COMMON_DAYS, or the user came from near it (/16, /32)
 *   one less  the user moves about: a day in MOVES_ABOUT brought a network that he was in on that day alone
 *   one more  the key is new as well, and never came before
 * Of a new key from a network that the user is usually in: low; a new laptop looks like that.
 *
 * One login makes a network usual from the next day on, for who travels stays; a key that was told of is usual once it
 * came on a second day, for whoever leaves one of his own behind comes back with it.  Pure.
 */
#include <stdio.h>

#include "agentd/detect/habit.h"

#define COMMON_DAYS 2
#define MOVES_ABOUT 3

struct login {
	const struct session *session;
	struct rtime time;
	char net[USUAL_NET_STRLEN], key[ST_USUAL_TEXT];
	struct usual of_net, of_key;
	bool new_net, new_key;
};

/* What was told of a key on its only day holds on the next one; a method, as a password, is nobody's own. */
static bool
is_new_key(const struct detect *d, const struct login *l)
{
	const struct session *s = l->session;
	const struct usual *u = &l->of_key;
	const bool own = s->key_known || s->cert;

	return u->days == 0 || (u->days == 1 && own && detect_told(d, s->user, ACT_UNUSUAL_ORIGIN, l->key, u->last));
}

static bool
ask(const struct detect *d, struct login *l)
{
	const struct session *s = l->session;

	l->new_net = s->peer.addr.family != 0 &&
	    detect_usual(d, s, USUAL_ORIGIN, usual_net(s->peer.addr, l->net), l->time, &l->of_net) && l->of_net.days == 0;
	l->new_key = habit_key(s, l->key)[0] != '\0' &&
	    detect_usual(d, s, USUAL_KEY, l->key, l->time, &l->of_key) && l->of_key.values > 0 && is_new_key(d, l);
	return l->new_net || l->new_key;
}

struct search {
	struct addr from;
	int32_t today;
	bool found;
};

static void
note_near(const struct usual_row *r, void *arg)
{
	struct bytes text = bytes_of(r->key.value);
	struct search *s = arg;
	struct prefix p;

	if (r->key.kind == USUAL_ORIGIN && r->day < s->today && prefix_parse(text, &p))
		s->found |= habit_near(p.addr, s->from);
}

static bool
came_from_near(const struct detect *d, const struct login *l)
{
	struct search s = {.from = l->session->peer.addr, .today = usual_day(l->time)};

	baseline_each(detect_baseline(d), l->session->user, note_near, &s);
	return s.found;
}

static enum confidence
weigh(const struct detect *d, const struct login *l)
{
	enum confidence c = l->new_net ? CONFIDENCE_MEDIUM : CONFIDENCE_LOW;

	if (!l->new_net)
		return c;
	if (detect_usual_here(d, USUAL_ORIGIN, l->net, l->time).days >= COMMON_DAYS || came_from_near(d, l))
		c = confidence_step(c, -1);
	if (habit_once(d, l->session->user, USUAL_ORIGIN, l->time) * MOVES_ABOUT > l->of_net.active)
		c = confidence_step(c, -1);
	return confidence_step(c, l->new_key && l->of_key.days == 0 ? 1 : 0);
}

static void
say(struct finding *f, const struct login *l)
{
	const struct usual *u = l->new_net ? &l->of_net : &l->of_key;
	const char *user = l->session->user;
	char what[128 + ST_USUAL_TEXT];

	if (!l->new_net)
		(void)snprintf(what, sizeof(what), "used %s, from the usual %s", l->key, l->net);
	else
		(void)snprintf(what, sizeof(what), "came from %s%s%s", l->net, l->new_key ? ", and with the new " : "",
		    l->new_key ? l->key : "");
	finding_reason(f, "is unusual: %s in %u days that %s %s; %u of %u active days",
	    u->days == 0 ? "first time" : "second day", u->data + 1, user, what, u->days, u->active);
}

/* Of a new network and a new key both count as told: it is told again when both were. */
static void
once_a_day(struct detect *d, const struct login *l, struct finding *f)
{
	bool again = true;

	if (l->new_key) {
		finding_daily(d, f, l->key);
		again = f->again;
	}
	if (l->new_net) {
		finding_daily(d, f, l->net);
		f->again = f->again && again;
	}
}

static void
origin_opened(struct detect *d, void *state, const struct session *s, struct rtime now)
{
	struct login l = {.session = s, .time = now};
	struct finding f;

	(void)state;
	if (!ask(d, &l))
		return;
	finding_of_session(d, s, ACT_UNUSUAL_ORIGIN, now, &f);
	f.confidence = weigh(d, &l);
	once_a_day(d, &l, &f);
	say(&f, &l);
	finding_send(d, &f);
}

const struct detector detector_unusual_origin = {
	.name = "unusual-origin",
	.opened = origin_opened,
};
