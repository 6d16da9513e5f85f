/*
 * world: a company of fifty people with one bastion, and what they are like.  Every figure that shapes it
 * stands here with its reason.  Where nothing is published (nearly everywhere: nobody publishes how a company logs
 * in) the figure is a guess, and where we were in doubt we took the one with more that looks unusual.
 *
 * None was chosen by looking at what the detectors make of it, but for one: at first all hosts were in one /24, and
 * every host was a neighbour of one that is usual; each team has a /24 of its own since.  Of the attacks (attacks.c)
 * two became what their names say when it showed that they were not: a session of two days is nothing unusual to who
 * leaves terminals open over night, and no hour is to who is on call.
 *
 * The days: 60 from Monday 7 September 2026, so that the clocks of Berlin (25 October, day 48) and New York
 * (1 November, day 55) change after the training.
 */
#ifndef SIMULATE_WORLD_H
#define SIMULATE_WORLD_H

#include "base/addr.h"
#include "base/clock.h"
#include "tests/simulate/rng.h"

#define DAYS        60
#define FIRST_DAY   1788739200000LL /* 2026-09-07T00:00:00Z */
#define DAY_MS      86400000LL
#define HOUR_MS     3600000LL
#define MINUTE_MS   60000LL
#define TRAINED_DAY 30 /* the window is full */
#define READY_DAY   14 /* anomalies begin */

#define PEOPLE     50
#define FIRST_UID  2000
#define SERVICES   3   /* accounts: not people, not among the fifty */
#define HOSTS      120 /* that can be reached from the bastion, at the beginning */
#define HOSTS_MAX  160
#define TEAM_HOSTS 20  /* of each team, in a /24 of its own: what segmentation there usually is */
#define TEAMS      6
#define FAVORITES  12
#define KEYS       3

/* --- what people do, by role ------------------------------------------------------------------------ */

enum role { ROLE_DEVELOPER, ROLE_OPERATOR, ROLE_SCIENTIST, ROLE_DBA, ROLE_RARE, ROLE_COUNT };

struct habits {
	const char *name;
	unsigned people;    /* of fifty */
	double logins;      /* of a working day, on average */
	double minutes;     /* of a login, the median; lognormal with sigma 1.2: one in ten lasts five times that */
	double hops;        /* SSH connections out of a login, on average */
	double elsewhere;   /* that one goes to a host that is not among the person's own dozen */
	double stranger;    /* and that this is not even one of the team's */
	double agent;       /* who forward one, share of people */
	double jumper;      /* who work with -J and hardly ever have a shell here, share of people */
	double tunnel;      /* days with -L to a database or a web page, of people who do that at all (half of them) */
	double socks;       /* who browse through -D, share of people */
	double sudo;        /* logins with sudo */
	double root_ssh;    /* of them those in which root goes on by ssh */
	double tmux;        /* who keep a tmux for days, share of people */
	double megabytes;   /* copied in a login that copies anything, the median; sigma 2 */
	double copies;      /* logins that do */
	double late;        /* working days with a login at night or on a weekend */
};
extern const struct habits habits[ROLE_COUNT];

/* --- what is the same for all --------------------------------------------------------------------------- */

#define AT_OFFICE      0.5   /* of working days; hybrid work is two to three days of five */
#define SICK           0.03  /* of working days; 3 % to 4 % are usual in Europe */
#define ON_HOLIDAY     0.25  /* of people, a week of these 60 days: 30 days a year */
#define TRAVELS        0.3   /* of people, once in 60 days, 2 to 5 days, hotel networks; half of them 6 to 9 hours away */
#define ON_THE_MOVE    0.03  /* of working days: a train, a café, a phone; another network each time */
#define MOBILE_NETS    200   /* /24 that carriers and cafés have for that */
#define NEW_HOME_NET   0.02  /* of days: the provider gives another /24 */
#define HOME_IPV6      0.3   /* of people; their /64 stays */
#define VPN            0.4   /* of days at home: through the VPN, whose pool has VPN_NETS /24 */
#define VPN_NETS       4
#define VPN_DROPS      0.1   /* of logins through it: comes back by another of them, the old session hangs */
#define OFFICE_NETS    3     /* networks behind the office's NAT; a person sits in one, 1 day in 10 in another */
#define MOVES_DESK     0.1
#define LEFT_OPEN      0.1   /* of days at the office: a session stays open over night */
#define EVENING_HOME   0.15  /* of days at the office: goes on at home in the evening */
#define NEW_KEY        0.16  /* of people in 60 days: keys are changed once a year */
#define SECOND_DEVICE  0.35  /* of people, with a key of its own, used for one login in 5 */
#define SECOND_USED    0.2
#define PASSWORDS      0.01  /* of logins: the key was not at hand */
#define PAGES          0.35  /* of nights on call: 2.5 a week */
#define NEW_HOSTS      0.5   /* a day, for all teams */
#define TRIES_NEW      0.3   /* of the people of its team, within a week */
#define ANSIBLE        0.2   /* of an operator's working days: from here to 20 to 60 hosts within minutes */
#define STRACES_SSHD   0.002 /* of an operator's working days: looks into a hanging sshd as root, 1 in 60 days of all */
#define SAVES_HOME     0.005 /* of an operator's working days: copies a home with its keys, as root */
#define WRONG_HOST     0.01  /* of hops: mistyped, or a look at something once */
#define PART_TIME      4     /* people who work two days a week */
#define ABROAD         3     /* people who live in New York */

/* --- the world ------------------------------------------------------------------------------------------ */

struct person {
	unsigned id;
	char name[16];
	uint32_t uid;
	enum role role;
	unsigned team;
	bool forwards, jumps, socks, tunnels, tmux, part_time, abroad;
	unsigned work_days;       /* bit 0: Monday */
	double begins, ends;      /* local hours */
	int first_day;
	unsigned office, home;    /* networks, by number */
	bool ipv6;
	unsigned favorites[FAVORITES]; /* hosts, the most used first */
	unsigned tunnel_to;
	unsigned keys;            /* devices */
	char key[KEYS][24];
	unsigned address;         /* the last part, in networks that have many */
	int holiday_from, holiday_to, travel_from, travel_to; /* days; to is not in it */
	unsigned hotel;
	int travel_shift;         /* hours */
	int new_key_day;
};

struct world {
	struct rng rng;
	struct person people[PEOPLE];
	unsigned hosts;           /* they become more */
	unsigned homes;           /* /24 given out so far */
	unsigned on_call;         /* a person; changes each week */
};

void world_make(struct world *, uint64_t seed);
/* Morning: what changed over night. */
void world_day(struct world *, int day);

/* 0: Monday */
unsigned day_of_week(int day);
bool is_holiday(int day);
/* When it is that hour of that day where the person lives. */
struct rtime local_time(const struct person *, int day, double hour);
bool person_works(const struct person *, int day);
bool person_travels(const struct person *, int day);
bool person_is_here(const struct person *, int day); /* employed, and not on holiday */

/* A host's team; of the new ones as well. */
unsigned host_team(unsigned host);

/* Networks: addresses in them. */
struct addr host_addr(unsigned host);
struct addr office_addr(const struct person *, unsigned net);
struct addr home_addr(const struct person *);
struct addr vpn_addr(const struct person *, unsigned net);
struct addr mobile_addr(struct rng *);
struct addr foreign_addr(struct rng *); /* where nobody of the company ever was: an attacker's */
/* Where the person is to be found on that day: a different one each call, for a travelling one. */
struct addr where_from(struct world *, struct person *, int day, bool office);

#endif
