/*
 * unusual-destination: a user goes where he did not go on the days that are remembered: by SSH out of a session, or
 * through its sshd.  What failed went nowhere.
 *
 * Confidence: medium, for a destination that is new to this host.
 *   one less  others go there since FRESH_DAYS at most, on COMMON_DAYS or today: a new host of the fleet, which
 *             everybody starts to use; where others went all the time and this user never did is theirs
 *   one less  the user works with its neighbours (/24, /64) at the same port
 *   one less  new destinations are his daily bread: a day in MANY_NEW brought one that he went to on that day alone
 *   one more  on all these days the user went nowhere from here
 *   one more  it is the SWEEPth new one within SWEEP_MS in that session, and they are not his daily bread
 * Pure.
 */
#include <stdio.h>
#include <stdlib.h>

#include "agentd/detect/habit.h"

#define COMMON_DAYS 2
#define FRESH_DAYS  7
#define MANY_NEW    2
#define SWEEP       4
#define SWEEP_MS    (30 * 60 * 1000LL)
#define LOOKS       64   /* in one sweep nobody looks longer for what speaks for him: it costs a walk over all he did */

/* What is new in one session. */
struct sweep {
	uint32_t ses;
	struct rtime since;
	unsigned n;
};

struct sweeps {
	struct sweep of[ST_SWEEPS];
};

struct trip {
	const struct finding *of;
	char to[ENDPOINT_STRLEN];
	struct usual user, here;
	unsigned nth;  /* new one in this session */
	unsigned once; /* days with another that he went to on that day alone */
	bool near;
};

static unsigned
count_new(struct sweeps *all, const struct finding *f)
{
	struct sweep *s = &all->of[f->session->ses % ST_SWEEPS];

	if (s->ses != f->session->ses || s->n == 0 || rtime_since(f->time, s->since) > SWEEP_MS)
		*s = (struct sweep){.ses = f->session->ses, .since = f->time};
	return ++s->n;
}

/* --- neighbours ----------------------------------------------------------------------------------------- */

struct search {
	struct endpoint to;
	int32_t today;
	bool found;
};

/* "10.0.0.5:22", "[2001:db8::1]:22" */
static bool
endpoint_read(struct bytes text, struct endpoint *out)
{
	const char *colon = memrchr(text.p, ':', text.n);
	struct bytes host = {.p = text.p, .n = colon != NULL ? (size_t)(colon - text.p) : 0}, port;
	uint64_t n;

	if (host.n == 0)
		return false;
	port = (struct bytes){.p = colon + 1, .n = text.n - host.n - 1};
	if (host.n > 2 && host.p[0] == '[')
		host = (struct bytes){.p = host.p + 1, .n = host.n - 2};
	if (!addr_parse(host, &out->addr) || !bytes_u64(port, &n) || n > UINT16_MAX)
		return false;
	out->port = (uint16_t)n;
	return true;
}

static void
note_near(const struct usual_row *r, void *arg)
{
	struct search *s = arg;
	struct endpoint e;

	if (r->key.kind == USUAL_DESTINATION && r->day < s->today && endpoint_read(bytes_of(r->key.value), &e))
		s->found |= e.port == s->to.port && prefix_has(habit_net(e.addr), s->to.addr);
}

static bool
works_near(const struct detect *d, const struct finding *f)
{
	struct search s = {.to = f->to, .today = usual_day(f->time)};

	baseline_each(detect_baseline(d), f->session->user, note_near, &s);
	return s.found;
}

static void
look_around(const struct detect *d, struct trip *t)
{
	if (t->nth > LOOKS)
		return;
	t->near = works_near(d, t->of);
	t->once = habit_once(d, t->of->session->user, USUAL_DESTINATION, t->of->time);
}

/* --- what it is worth ----------------------------------------------------------------------------------- */

static bool
is_fresh(const struct trip *t)
{
	if (t->here.days == 0)
		return t->here.today > 0;
	return t->here.days >= COMMON_DAYS && usual_day(t->of->time) - t->here.first <= FRESH_DAYS;
}

static enum confidence
weigh(const struct trip *t)
{
	const bool common = is_fresh(t);
	const bool many = t->once * MANY_NEW > t->user.active;
	const bool first = t->user.values == 0, sweep = t->nth >= SWEEP && !many;

	return confidence_step(confidence_step(CONFIDENCE_MEDIUM, -(int)common - (int)t->near - (int)many),
	    (int)first + (int)sweep);
}

static void
say(struct finding *f, const struct trip *t)
{
	const struct usual *u = &t->user;
	const unsigned others = t->here.days + (t->here.today > 0);
	char more[96] = "";

	if (others > 0)
		(void)snprintf(more, sizeof(more), "; others on %u day%s", others, others == 1 ? "" : "s");
	else if (u->values == 0)
		(void)snprintf(more, sizeof(more), "; it is the first destination at all");
	if (t->nth > 1)
		(void)snprintf(more + strlen(more), sizeof(more) - strlen(more), "; new one number %u of this session", t->nth);
	finding_reason(f, "is unusual: first time in %u days that %s goes to %s; 0 of %u active days%s", u->data + 1,
	    f->session->user, t->to, u->active, more);
}

static void
destination_found(struct detect *d, void *state, const struct finding *of)
{
	const struct session *s = of->session;
	struct trip t = {.of = of};
	struct finding f;

	if (!habit_goes_out(of) ||
	    !detect_usual(d, s, USUAL_DESTINATION, endpoint_str(of->to, t.to), of->time, &t.user) || t.user.days > 0)
		return;
	if (t.user.today == 0) {
		t.nth = count_new(state, of);
		look_around(d, &t);
	}
	t.here = detect_usual_here(d, USUAL_DESTINATION, t.to, of->time);
	if (t.user.today > 0 && t.here.today > 0)
		t.here.today--; /* himself */
	finding_follow(of, ACT_UNUSUAL_DESTINATION, &f);
	f.confidence = weigh(&t);
	finding_daily(d, &f, t.to);
	say(&f, &t);
	finding_send(d, &f);
}

/* --- life ------------------------------------------------------------------------------------------------- */

static void *
destination_new(void)
{
	return calloc(1, sizeof(struct sweeps));
}

static void
destination_free(void *state)
{
	free(state);
}

const struct detector detector_unusual_destination = {
	.name = "unusual-destination",
	.state_new = destination_new,
	.state_free = destination_free,
	.found = destination_found,
};
