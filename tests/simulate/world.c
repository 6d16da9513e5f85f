/* world: see world.h. */
#include "tests/simulate/world.h"

#include <stdio.h>
#include <string.h>

const struct habits habits[ROLE_COUNT] = {
	/*                people logins min  hops else  stran agent jump  tunn  socks sudo  root  tmux  MB  copies late */
	[ROLE_DEVELOPER] = {"developer", 23, 3, 40, 1.0, 0.05, 0.1, 0.4, 0.3, 0.4, 0.08, 0.05, 0.02, 0.2, 5, 0.1, 0.05},
	[ROLE_OPERATOR] = {"operator", 10, 8, 25, 3.0, 0.25, 0.3, 0.6, 0.5, 0.2, 0.1, 0.4, 0.15, 0.6, 20, 0.15, 0.08},
	[ROLE_SCIENTIST] = {"scientist", 7, 2, 150, 0.7, 0.03, 0.1, 0.3, 0.2, 0.7, 0.1, 0.02, 0, 0.6, 400, 0.3, 0.12},
	[ROLE_DBA] = {"dba", 5, 4, 60, 2.0, 0.1, 0.2, 0.5, 0.3, 0.5, 0, 0.5, 0.3, 0.4, 100, 0.2, 0.06},
	[ROLE_RARE] = {"rare", 5, 0.25, 20, 0.5, 0.1, 0.3, 0.2, 0.1, 0.1, 0, 0.02, 0, 0, 1, 0.05, 0.02},
};

/* --- the calendar ----------------------------------------------------------------------------------------- */

unsigned
day_of_week(int day)
{
	return (unsigned)(day % 7);
}

/* 2 October: nobody works on the day before the holiday's Saturday; 31 October is a Saturday. */
bool
is_holiday(int day)
{
	return day == 25;
}

/* Hours that local time is ahead of UTC. */
static int
offset_of(const struct person *p, int day)
{
	if (p->abroad)
		return day < 55 ? -4 : -5;
	return day < 48 ? 2 : 1;
}

struct rtime
local_time(const struct person *p, int day, double hour)
{
	double h = hour - offset_of(p, day);

	if (person_travels(p, day))
		h += p->travel_shift;
	return (struct rtime){.ms = FIRST_DAY + day * DAY_MS + (int64_t)(h * (double)HOUR_MS)};
}

bool
person_travels(const struct person *p, int day)
{
	return day >= p->travel_from && day < p->travel_to;
}

bool
person_is_here(const struct person *p, int day)
{
	return day >= p->first_day && !(day >= p->holiday_from && day < p->holiday_to);
}

bool
person_works(const struct person *p, int day)
{
	return person_is_here(p, day) && !is_holiday(day) && (p->work_days >> day_of_week(day) & 1) != 0;
}

/* --- addresses --------------------------------------------------------------------------------------------- */

static struct addr
v4(unsigned a, unsigned b, unsigned c, unsigned d)
{
	return (struct addr){.family = 4, .b = {(uint8_t)a, (uint8_t)b, (uint8_t)c, (uint8_t)d}};
}

unsigned
host_team(unsigned host)
{
	return host < HOSTS ? host / TEAM_HOSTS : host % TEAMS;
}

struct addr
host_addr(unsigned host)
{
	return v4(10, 20, host_team(host), 10 + (host < HOSTS ? host % TEAM_HOSTS : TEAM_HOSTS + host - HOSTS));
}

struct addr
office_addr(const struct person *p, unsigned net)
{
	return v4(10, 1, net, p->address);
}

struct addr
home_addr(const struct person *p)
{
	if (p->ipv6)
		return (struct addr){.family = 6, .b = {0x20, 0x01, 0x0d, 0xb8, (uint8_t)(p->home >> 8), (uint8_t)p->home,
		    0, 0, 0, 0, 0, 0, 0, 0, 0, (uint8_t)p->address}};
	return v4(84, 100 + p->home / 250, p->home % 250, p->address);
}

struct addr
vpn_addr(const struct person *p, unsigned net)
{
	return v4(10, 8, net, p->address);
}

struct addr
mobile_addr(struct rng *r)
{
	return v4(109, 40, rng_below(r, MOBILE_NETS), (unsigned)rng_between(r, 1, 254));
}

static struct addr
hotel_addr(const struct person *p)
{
	return v4(195, 60 + p->hotel / 250, p->hotel % 250, p->address);
}

struct addr
foreign_addr(struct rng *r)
{
	return v4(185, (unsigned)rng_between(r, 100, 250), rng_below(r, 256), (unsigned)rng_between(r, 1, 254));
}

struct addr
where_from(struct world *w, struct person *p, int day, bool office)
{
	struct rng *r = &w->rng;

	if (person_travels(p, day))
		return rng_chance(r, 0.2) ? mobile_addr(r) : hotel_addr(p);
	if (office)
		return office_addr(p, p->office);
	return rng_chance(r, VPN) ? vpn_addr(p, p->address % VPN_NETS) : home_addr(p);
}

/* --- people ------------------------------------------------------------------------------------------------ */

static void
give_key(struct world *w, struct person *p, unsigned device)
{
	(void)snprintf(p->key[device], sizeof(p->key[device]), "SHA256:%08x%u", (unsigned)rng_next(&w->rng) & 0x7fffffff,
	    p->id);
}

static void
choose_hosts(struct world *w, struct person *p)
{
	for (unsigned i = 0; i < FAVORITES; i++) {
		p->favorites[i] = p->team * TEAM_HOSTS + rng_below(&w->rng, TEAM_HOSTS);
		if (p->role == ROLE_OPERATOR && i >= FAVORITES / 2)
			p->favorites[i] = rng_below(&w->rng, HOSTS);
	}
	p->tunnel_to = p->team * TEAM_HOSTS + rng_below(&w->rng, 4);
}

static void
choose_absences(struct world *w, struct person *p)
{
	struct rng *r = &w->rng;

	p->holiday_from = p->travel_from = p->new_key_day = DAYS;
	if (rng_chance(r, ON_HOLIDAY))
		p->holiday_from = rng_between(r, 0, 7) * 7;
	p->holiday_to = p->holiday_from + 7;
	if (rng_chance(r, TRAVELS))
		p->travel_from = rng_between(r, 1, DAYS - 6);
	p->travel_to = p->travel_from + rng_between(r, 2, 5);
	p->hotel = rng_below(r, 2000);
	p->travel_shift = rng_chance(r, 0.5) ? 0 : rng_between(r, 6, 9) * (rng_chance(r, 0.5) ? 1 : -1);
	if (rng_chance(r, NEW_KEY))
		p->new_key_day = rng_between(r, 1, DAYS - 1);
}

static void
choose_habits(struct world *w, struct person *p)
{
	const struct habits *h = &habits[p->role];
	struct rng *r = &w->rng;

	p->forwards = rng_chance(r, h->agent);
	p->jumps = rng_chance(r, h->jumper);
	p->socks = rng_chance(r, h->socks);
	p->tunnels = rng_chance(r, 0.5);
	p->tmux = rng_chance(r, h->tmux);
	p->ipv6 = rng_chance(r, HOME_IPV6);
	p->begins = rng_normal(r, 9, 0.8);
	p->ends = p->begins + rng_normal(r, 8.7, 0.7);
	p->keys = rng_chance(r, SECOND_DEVICE) ? 2 : 1;
	for (unsigned i = 0; i < p->keys; i++)
		give_key(w, p, i);
}

static void
person_make(struct world *w, unsigned id, enum role role)
{
	struct person *p = &w->people[id];

	*p = (struct person){.id = id, .uid = FIRST_UID + id, .role = role, .work_days = 0x1f, .address = 10 + id};
	(void)snprintf(p->name, sizeof(p->name), "user%02u", id);
	p->team = rng_below(&w->rng, TEAMS);
	p->office = rng_below(&w->rng, OFFICE_NETS);
	p->home = w->homes++;
	choose_habits(w, p);
	choose_hosts(w, p);
	choose_absences(w, p);
}

/* Of developers: who is not like the others.  Scattered, so that they are of no group in particular. */
static void
special_people(struct world *w)
{
	for (unsigned i = 0; i < PART_TIME; i++) {
		w->people[i].part_time = true;
		w->people[i].work_days = i % 2 == 0 ? 0x03 : 0x0c;
	}
	for (unsigned i = 0; i < ABROAD; i++) {
		w->people[4 + i * 9].abroad = true; /* two developers, one more of whoever is there */
		w->people[4 + i * 9].travel_from = w->people[4 + i * 9].travel_to = DAYS;
	}
	w->people[5].first_day = 20;
	w->people[6].first_day = 35;
}

void
world_make(struct world *w, uint64_t seed)
{
	unsigned id = 0;

	*w = (struct world){.hosts = HOSTS};
	rng_seed(&w->rng, seed);
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		for (unsigned i = 0; i < habits[role].people; i++)
			person_make(w, id++, (enum role)role);
	special_people(w);
}

/* One of ten operators, a week each. */
static unsigned
on_call_of(const struct world *w, int day)
{
	unsigned nth = (unsigned)(day / 7) % habits[ROLE_OPERATOR].people;

	for (unsigned i = 0; i < PEOPLE; i++)
		if (w->people[i].role == ROLE_OPERATOR && nth-- == 0)
			return i;
	return 0;
}

void
world_day(struct world *w, int day)
{
	w->on_call = on_call_of(w, day);
	if (w->hosts < HOSTS_MAX && rng_chance(&w->rng, NEW_HOSTS))
		w->hosts++;
	for (unsigned i = 0; i < PEOPLE; i++) {
		struct person *p = &w->people[i];

		if (!p->ipv6 && rng_chance(&w->rng, NEW_HOME_NET))
			p->home = w->homes++;
		if (p->new_key_day == day)
			give_key(w, p, 0);
	}
	if (day == 34) { /* somebody goes to another team */
		w->people[7].team = (w->people[7].team + 3) % TEAMS;
		choose_hosts(w, &w->people[7]);
	}
}
