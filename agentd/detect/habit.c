/* habit: see habit.h. */
#include "agentd/detect/habit.h"

#include <stdio.h>

const char *
habit_key(const struct session *s, char out[ST_USUAL_TEXT])
{
	if (s->cert)
		(void)snprintf(out, ST_USUAL_TEXT, "ca %s", s->ca_fp);
	else
		(void)snprintf(out, ST_USUAL_TEXT, "%s", s->key_known ? s->key_fp : s->method);
	return out;
}

struct prefix
habit_net(struct addr a)
{
	return prefix_of(a, a.family == 4 ? 24 : 64);
}

bool
habit_near(struct addr a, struct addr b)
{
	return a.family == b.family && prefix_has(prefix_of(a, a.family == 4 ? 16 : 32), b);
}

static void
add_net(struct company *c, struct addr a)
{
	if (a.family == 0)
		return;
	for (unsigned i = 0; i < c->networks; i++) {
		if (prefix_has(c->nets[i], a))
			return;
	}
	if (c->networks < COMPANY_NETS)
		c->nets[c->networks++] = habit_net(a);
}

struct gathering {
	const struct session *of;
	struct company *company;
};

static bool
gather(struct session *s, void *arg)
{
	const struct gathering *g = arg;

	if (s == g->of || !s->ssh || strcmp(s->user, g->of->user) != 0)
		return true;
	g->company->sessions++;
	add_net(g->company, s->peer.addr);
	return true;
}

void
company_of(const struct detect *d, const struct session *s, struct company *out)
{
	struct gathering g = {.of = s, .company = out};

	*out = (struct company){.sessions = 1};
	add_net(out, s->peer.addr);
	host_each_open(detect_host(d), s->auid, gather, &g);
}

bool
habit_goes_out(const struct finding *f)
{
	return (f->activity == ACT_OUTBOUND_SSH || f->activity == ACT_RELAY) && f->to.addr.family != 0 &&
	    f->outcome != OUTCOME_FAILURE;
}

struct once {
	enum usual_kind kind;
	int32_t today;
	char value[ST_USUAL_TEXT]; /* whose days are being counted */
	unsigned days;
	int32_t day;               /* the last of them */
	uint64_t seen;             /* days with one that has no other: bit n is n days ago */
};

_Static_assert(ST_USUAL_DAYS < 64, "a bit for each day of the window");

static void
end_value(struct once *o)
{
	const int64_t ago = (int64_t)o->today - o->day;

	if (o->days == 1 && ago < 64)
		o->seen |= UINT64_C(1) << ago;
}

/* Rows of one value come one after the other. */
static void
count_days(const struct usual_row *r, void *arg)
{
	struct once *o = arg;

	if (r->key.kind != o->kind || r->day >= o->today)
		return;
	if (o->days == 0 || strcmp(r->key.value, o->value) != 0) {
		end_value(o);
		o->days = 0;
		(void)snprintf(o->value, sizeof(o->value), "%s", r->key.value);
	}
	o->days++;
	o->day = r->day;
}

unsigned
habit_once(const struct detect *d, const char *user, enum usual_kind kind, struct rtime when)
{
	struct once o = {.kind = kind, .today = usual_day(when)};

	baseline_each(detect_baseline(d), user, count_days, &o);
	end_value(&o);
	return (unsigned)__builtin_popcountll(o.seen);
}
