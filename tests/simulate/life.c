/* life: see life.h.  The figures are those of world.h. */
#include "tests/simulate/life.h"

#define KB 1e3
#define MB 1e6

struct today {
	struct site *site;
	struct world *w;
	struct rng *r;
	struct person *p;
	const struct habits *h;
	int day;
	bool office;
};

static struct endpoint
at_port(struct addr a, unsigned port)
{
	return (struct endpoint){.addr = a, .port = (uint16_t)port};
}

/* --- where to ------------------------------------------------------------------------------------------- */

static unsigned
some_host(struct today *t)
{
	const double x = rng_unit(t->r);
	unsigned host;

	if (rng_chance(t->r, WRONG_HOST) || x < t->h->elsewhere * t->h->stranger)
		return rng_below(t->r, t->w->hosts);
	if (x < t->h->elsewhere)
		return t->p->team * TEAM_HOSTS + rng_below(t->r, TEAM_HOSTS);
	host = t->p->favorites[rng_zipf(t->r, FAVORITES)];
	/* new ones of the team are tried, and some of them stay */
	if (t->w->hosts > HOSTS && rng_chance(t->r, TRIES_NEW / 20)) {
		unsigned fresh = t->w->hosts - 1;

		if (host_team(fresh) == t->p->team || t->p->role == ROLE_OPERATOR)
			t->p->favorites[FAVORITES - 1 - rng_below(t->r, 4)] = host = fresh;
	}
	return host;
}

static struct endpoint
some_server(struct today *t)
{
	return at_port(host_addr(some_host(t)), 22);
}

/* --- a login -------------------------------------------------------------------------------------------- */

static struct credentials
credentials(struct today *t, struct addr from)
{
	unsigned device = t->p->keys > 1 && rng_chance(t->r, SECOND_USED) ? 1 : 0;

	return (struct credentials){
		.user = t->p->name,
		.uid = t->p->uid,
		.from = at_port(from, (unsigned)rng_between(t->r, 30000, 60000)),
		.key = rng_chance(t->r, PASSWORDS) ? NULL : t->p->key[device],
		.agent = t->p->forwards,
	};
}

/* -J: no shell, one connection, everything passes through. */
static void
plan_jump(struct today *t, struct visit *v, double minutes)
{
	visit_errand(v, &(struct errand){.by = BY_SSHD, .to = some_server(t), .at = 0.02, .minutes = minutes,
	    .sent = rng_lognormal(t->r, 30 * KB, 1), .received = rng_lognormal(t->r, 300 * KB, 1.5), .through = true});
}

static void
plan_hop(struct today *t, struct visit *v, enum by by, double minutes)
{
	visit_errand(v, &(struct errand){.by = by, .program = rng_chance(t->r, 0.1) ? PROG_GIT : PROG_SSH,
	    .to = some_server(t), .at = rng_unit(t->r) * minutes * 0.8 + 0.3, .minutes = rng_unit(t->r) * minutes * 0.5,
	    .sent = rng_lognormal(t->r, 15 * KB, 1), .received = rng_lognormal(t->r, 150 * KB, 1.5), .through = true,
	    .agent = t->p->forwards});
}

static void
plan_copy(struct today *t, struct visit *v, double minutes)
{
	double bytes = rng_lognormal(t->r, t->h->megabytes * MB, 2);
	bool up = rng_chance(t->r, 0.5);

	visit_errand(v, &(struct errand){.by = BY_SHELL, .program = rng_chance(t->r, 0.5) ? PROG_RSYNC : PROG_SCP,
	    .to = some_server(t), .at = rng_unit(t->r) * minutes * 0.5 + 0.3, .minutes = 0.2 + bytes / (600 * MB),
	    .sent = up ? bytes : 50 * KB, .received = up ? 50 * KB : bytes, .agent = t->p->forwards});
}

/* A database or a web page behind the bastion, through -L: the same one, day after day. */
static void
plan_tunnel(struct today *t, struct visit *v, double minutes)
{
	unsigned n = 1 + rng_poisson(t->r, 2);

	for (unsigned i = 0; i < n; i++)
		visit_errand(v, &(struct errand){.by = BY_SSHD, .to = at_port(host_addr(t->p->tunnel_to), 5432),
		    .at = rng_unit(t->r) * minutes * 0.5 + 0.1, .minutes = minutes * 0.4,
		    .sent = rng_lognormal(t->r, 50 * KB, 1), .received = rng_lognormal(t->r, 2 * MB, 1.5), .through = true});
}

/* Pages of the inner web, through -D: many short connections to a handful of hosts. */
static void
plan_socks(struct today *t, struct visit *v, double minutes)
{
	static const unsigned ports[] = {80, 443, 443, 443, 8080};
	unsigned n = 20 + rng_poisson(t->r, 20);

	for (unsigned i = 0; i < n; i++)
		visit_errand(v, &(struct errand){.by = BY_SSHD,
		    .to = at_port(host_addr(t->p->favorites[rng_zipf(t->r, FAVORITES)]), ports[rng_below(t->r, 5)]),
		    .at = rng_unit(t->r) * minutes, .minutes = 0.3, .sent = rng_lognormal(t->r, 5 * KB, 1),
		    .received = rng_lognormal(t->r, 200 * KB, 1.5), .through = true});
}

static void
plan_root(struct today *t, struct visit *v, double minutes)
{
	visit_sudo(v, minutes * 0.1 + 0.2);
	if (rng_chance(t->r, t->h->root_ssh))
		visit_errand(v, &(struct errand){.by = BY_ROOT, .program = PROG_SSH, .to = some_server(t),
		    .at = minutes * 0.2 + 0.4, .minutes = rng_unit(t->r) * minutes * 0.4, .sent = 20 * KB,
		    .received = 200 * KB, .through = true, .agent = t->p->forwards && rng_chance(t->r, 0.5)});
}

static void
plan_shell(struct today *t, struct visit *v, double minutes)
{
	unsigned hops = rng_poisson(t->r, t->h->hops);

	visit_shell(v, 0.05);
	visit_work(v, 0.1 + minutes * 0.05);
	for (unsigned i = 0; i < hops; i++)
		plan_hop(t, v, t->p->tmux && rng_chance(t->r, 0.5) ? BY_TMUX : BY_SHELL, minutes);
	if (rng_chance(t->r, t->h->copies))
		plan_copy(t, v, minutes);
	if (rng_chance(t->r, t->h->sudo))
		plan_root(t, v, minutes);
	if (t->p->tmux)
		visit_tmux(v, 0.2);
}

/* What is rare, and looks bad. */
static void
plan_oddity(struct today *t, struct visit *v)
{
	if (t->p->role != ROLE_OPERATOR)
		return;
	if (rng_chance(t->r, STRACES_SSHD / t->h->logins)) {
		visit_sudo(v, 0.3);
		visit_attach(v, 1, BY_ROOT, t->w->people[rng_below(t->r, PEOPLE)].name);
	}
	if (rng_chance(t->r, SAVES_HOME / t->h->logins)) {
		visit_sudo(v, 0.3);
		visit_read_key(v, 1, BY_ROOT, &t->w->people[rng_below(t->r, PEOPLE)]);
	}
}

static double
some_minutes(struct today *t)
{
	double minutes = rng_lognormal(t->r, t->h->minutes, 1.2);

	return minutes > 540 ? 540 : minutes;
}

static void
plan_login(struct today *t, struct rtime when, struct addr from, double minutes)
{
	struct credentials c = credentials(t, from);
	struct visit *v = visit_new(t->site, &c, when, NO_ATTACK);

	if (t->p->jumps && rng_chance(t->r, 0.9))
		plan_jump(t, v, minutes);
	else {
		plan_shell(t, v, minutes);
		if (t->p->tunnels && rng_chance(t->r, t->h->tunnel))
			plan_tunnel(t, v, minutes);
		if (t->p->socks && rng_chance(t->r, 0.3))
			plan_socks(t, v, minutes);
		plan_oddity(t, v);
	}
	visit_leave(v, minutes + 0.5);
	visit_go(v);
}

/* --- a day ---------------------------------------------------------------------------------------------- */

static struct rtime
during_work(struct today *t)
{
	double middle = (t->p->begins + t->p->ends) / 2, half = (t->p->ends - t->p->begins) / 2;
	double hour;

	do
		hour = rng_normal(t->r, middle, half * 0.6);
	while (hour < t->p->begins || hour > t->p->ends);
	return local_time(t->p, t->day, hour);
}

/* The place of the day; for one login in some the other desk, a train, or the VPN's other end. */
static struct addr
from_of_login(struct today *t)
{
	if (t->office && rng_chance(t->r, MOVES_DESK))
		return office_addr(t->p, rng_below(t->r, OFFICE_NETS));
	return where_from(t->w, t->p, t->day, t->office);
}

/* The connection through the VPN is lost; the session here hangs on, and there is a new one from its other end. */
static void
maybe_dropped(struct today *t, struct rtime when, struct addr from, double minutes)
{
	unsigned net = rng_below(t->r, VPN_NETS);

	if (from.family != 4 || from.b[0] != 10 || from.b[1] != 8 || !rng_chance(t->r, VPN_DROPS))
		return;
	plan_login(t, (struct rtime){.ms = when.ms + (int64_t)(minutes * 0.5 * (double)MINUTE_MS)},
	    vpn_addr(t->p, net), minutes * 0.5);
}

static void
plan_work(struct today *t)
{
	bool moves = rng_chance(t->r, ON_THE_MOVE);
	unsigned logins = rng_poisson(t->r, t->h->logins);

	for (unsigned i = 0; i < logins; i++) {
		struct addr from = moves && i == 0 ? mobile_addr(t->r) : from_of_login(t);
		struct rtime when = during_work(t);
		double minutes = some_minutes(t);

		plan_login(t, when, from, minutes);
		maybe_dropped(t, when, from, minutes);
	}
}

/* Half the people who stay connected over night have the terminal open at the office, and go on at home. */
static void
plan_evening(struct today *t)
{
	if (!t->office || person_travels(t->p, t->day))
		return;
	if (rng_chance(t->r, LEFT_OPEN))
		plan_login(t, local_time(t->p, t->day, t->p->ends - 1), office_addr(t->p, t->p->office),
		    60.0 * rng_between(t->r, 8, 16));
	if (rng_chance(t->r, EVENING_HOME))
		plan_login(t, local_time(t->p, t->day, t->p->ends + 1 + rng_unit(t->r) * 3), home_addr(t->p),
		    some_minutes(t));
}

static void
plan_late(struct today *t)
{
	if (rng_chance(t->r, t->h->late))
		plan_login(t, local_time(t->p, t->day, 22 + rng_unit(t->r) * 5), home_addr(t->p), some_minutes(t));
}

/* On call: some of the nights. */
static void
plan_pages(struct today *t)
{
	struct rtime when;

	if (t->w->on_call != t->p->id || !rng_chance(t->r, PAGES))
		return;
	when = local_time(t->p, t->day, 22 + rng_unit(t->r) * 9);
	for (int i = rng_between(t->r, 1, 3); i > 0; i--)
		plan_login(t, (struct rtime){.ms = when.ms + rng_between(t->r, 0, 40) * MINUTE_MS},
		    rng_chance(t->r, VPN) ? vpn_addr(t->p, t->p->address % VPN_NETS) : home_addr(t->p),
		    rng_lognormal(t->r, 30, 0.8));
}

static void
plan_ansible(struct today *t)
{
	struct credentials c = credentials(t, from_of_login(t));
	struct visit *v;
	unsigned first = rng_below(t->r, t->w->hosts), n = (unsigned)rng_between(t->r, 20, 60);

	if (t->p->role != ROLE_OPERATOR || !rng_chance(t->r, ANSIBLE))
		return;
	v = visit_new(t->site, &c, during_work(t), NO_ATTACK);
	visit_shell(v, 0.05);
	for (unsigned i = 0; i < n; i++)
		visit_errand(v, &(struct errand){.by = BY_SHELL, .program = PROG_ANSIBLE,
		    .to = at_port(host_addr((first + i) % t->w->hosts), 22), .at = 0.3 + 0.05 * i, .minutes = 0.4,
		    .sent = 120 * KB, .received = 30 * KB, .agent = t->p->forwards});
	visit_go(v);
}

static void
person_day(struct site *s, struct person *p, int day)
{
	struct today t = {.site = s, .w = s->world, .r = &s->world->rng, .p = p, .h = &habits[p->role], .day = day};

	if (!person_is_here(p, day))
		return;
	plan_pages(&t);
	if (!person_works(p, day)) {
		if (rng_chance(t.r, t.h->late))
			plan_login(&t, local_time(p, day, 11 + rng_unit(t.r) * 10), home_addr(p), some_minutes(&t));
		return;
	}
	if (rng_chance(t.r, SICK))
		return;
	t.office = !p->abroad && rng_chance(t.r, AT_OFFICE);
	plan_work(&t);
	plan_evening(&t);
	plan_late(&t);
	plan_ansible(&t);
}

/* --- service accounts ------------------------------------------------------------------------------------ */

static struct rtime
utc(int day, double hour)
{
	return (struct rtime){.ms = FIRST_DAY + day * DAY_MS + (int64_t)(hour * (double)HOUR_MS)};
}

static struct addr
runner(struct rng *r)
{
	return (struct addr){.family = 4, .b = {10, 30, 0, (uint8_t)rng_between(r, 10, 17)}};
}

/* CI deploys what was merged: mostly in working hours, from eight runners. */
static void
plan_ci(struct site *s, int day)
{
	struct rng *r = &s->world->rng;
	unsigned n = rng_poisson(r, day_of_week(day) < 5 && !is_holiday(day) ? 30 : 4);

	for (unsigned i = 0; i < n; i++) {
		struct credentials c = {.user = "ci", .uid = CI_UID, .from = at_port(runner(r), 40000), .key = "SHA256:ci"};
		struct visit *v = visit_new(s, &c, utc(day, 7 + rng_unit(r) * 12), NO_ATTACK);

		for (unsigned k = 0; k < 2; k++)
			visit_errand(v, &(struct errand){.by = BY_SSHD, .to = at_port(host_addr(rng_zipf(r, 40)), 22),
			    .at = 0.1 + k, .minutes = 1, .sent = 30 * MB, .received = 50 * KB, .through = true});
		visit_go(v);
	}
}

/* The whole fleet is configured each morning at four. */
static void
plan_deploy(struct site *s, int day)
{
	struct credentials c = {.user = "deploy", .uid = DEPLOY_UID,
	    .from = {.addr = {.family = 4, .b = {10, 30, 1, 5}}, .port = 40001}, .key = "SHA256:deploy"};
	struct visit *v = visit_new(s, &c, utc(day, 4), NO_ATTACK);

	for (unsigned i = 0; i < s->world->hosts; i++)
		visit_errand(v, &(struct errand){.by = BY_SSHD, .to = at_port(host_addr(i), 22), .at = 0.1 + 0.05 * i,
		    .minutes = 0.5, .sent = 200 * KB, .received = 40 * KB, .through = true});
	visit_go(v);
}

/* rsync of cron's, at two: no login. */
static void
plan_backup(struct site *s, int day)
{
	struct visit *v = visit_cron(s, &(struct credentials){.user = "backup", .uid = BACKUP_UID}, utc(day, 2));

	visit_errand(v, &(struct errand){.by = BY_SHELL, .program = PROG_RSYNC, .to = at_port(host_addr(3), 22),
	    .at = 0.1, .minutes = 20, .sent = 4000 * MB, .received = MB});
	visit_read_key(v, 0.5, BY_SHELL, &s->world->people[0]);
	visit_go(v);
}

void
life_day(struct site *s, int day)
{
	for (unsigned i = 0; i < PEOPLE; i++)
		person_day(s, &s->world->people[i], day);
	plan_ci(s, day);
	plan_deploy(s, day);
	plan_backup(s, day);
}
