/*
 * baseline: what is usual on this host: from where, with which keys, when, for how long and to where its users
 * work.  Pure memory: time comes with what is noted, so that months replay in seconds.  All of it is of one
 * form: a kind, a user, a value, and how often on each of the last days.  Whoever keeps it beyond a process
 * takes its changed rows and gives them back later (struct usual_row); rows of two hosts add up.
 */
#ifndef BASELINE_BASELINE_H
#define BASELINE_BASELINE_H

#include <sshtether/limits.h>

#include "base/addr.h"
#include "base/clock.h"

/* What is counted a day.  The names (usual_name()) stand in the store and in exports. */
enum usual_kind {
	USUAL_ACTIVE,      /* value "": logins of that user; of user "": of anybody */
	USUAL_ORIGIN,      /* "192.0.2.0/24", "2001:db8:0:1::/64" */
	USUAL_KEY,         /* the key's fingerprint; of a certificate "ca SHA256:…"; without one the method: "password" */
	USUAL_DESTINATION, /* "10.0.0.5:22" */
	USUAL_PAIR,        /* user "": hosts, in → out: "192.0.2.1 10.0.0.5" */
	USUAL_HOUR,        /* of the week, UTC, Monday's first is "0": "0" to "167" */
	USUAL_DURATION,    /* of a session, as a step (usual_step() of seconds) */
	USUAL_VOLUME,      /* of a session, both ways, as a step of bytes */
	USUAL_SESSIONS,    /* at the same time, a number */
	USUAL_NETWORKS,    /* from which sessions are open at the same time, a number */
	USUAL_TOLD,        /* "unusual-origin 192.0.2.0/24": was told that day; the count has those that were folded */
	USUAL_COUNT,
};

struct usual_key {
	enum usual_kind kind;
	const char *user, *value; /* borrowed; never NULL; cut at ST_USUAL_TEXT - 1 bytes */
};

/* One day of one value. */
struct usual_row {
	struct usual_key key;
	int32_t day;    /* since 1970, UTC */
	uint32_t count; /* 0: it is no more */
};

struct baseline_settings {
	unsigned window; /* days that are remembered, today among them, at most ST_USUAL_DAYS; 30 */
	unsigned data;   /* the host has data of so many days before anything is unusual; 14 */
	unsigned active; /* and the user was active on so many; 10 */
	bool kept;       /* somebody takes what baseline_changed() tells; else there is nothing to tell */
};

#define BASELINE_DEFAULTS \
	((struct baseline_settings){.window = ST_USUAL_WINDOW, .data = ST_USUAL_AFTER, .active = ST_USUAL_ACTIVE})

/* What is known of a value at a time: of the days before that one, within the window. */
struct usual {
	bool ready;              /* the host's data and the user's days are enough to judge */
	unsigned data, active;   /* days: of the host, of the user */
	unsigned days;           /* of them those with the value */
	uint64_t count;          /* how often, in all */
	int32_t first, last;     /* days; 0: never */
	unsigned values;         /* different ones of that kind that the user has */
	uint32_t today;          /* how often on the day of the question, so far */
};

struct baseline;

struct baseline *baseline_new(const struct baseline_settings *);
void baseline_free(struct baseline **);

/* Adds n to that day's count and returns what it was before.  What finds no room is dropped and counted. */
uint32_t baseline_note(struct baseline *, const struct usual_key *, struct rtime when, uint32_t n);
void baseline_ask(const struct baseline *, const struct usual_key *, struct rtime when, struct usual *out);
/*
 * Of a kind whose values are numbers: the highest that the user reached, or went beyond, on at least min_days
 * of the days before; −1: none.
 */
int64_t baseline_high(const struct baseline *, enum usual_kind, const char *user, struct rtime when, unsigned min_days);

/* --- rows: to keep, to export, to merge ------------------------------------------------------------------ */

typedef void usual_row_fn(const struct usual_row *, void *arg);
/* Adds the count to what is there; older than the window of the newest day: nothing. */
void baseline_add(struct baseline *, const struct usual_row *);
/* As add, but of what the store has: it is not changed by it. */
void baseline_restore(struct baseline *, const struct usual_row *);
/* user NULL: of all; in order of user, kind, value, day; what has left the window is left out. */
void baseline_each(const struct baseline *, const char *user, usual_row_fn *, void *arg);
/*
 * A place in that order: what stands there or behind it is still to come.  It names a value and is no position, so
 * that values may come and go before somebody goes on from it.  {0}: before all of them.
 */
struct usual_place {
	char user[ST_USUAL_TEXT], value[ST_USUAL_TEXT];
	enum usual_kind kind;
};
/*
 * As each, but of the values from that place on, one after the other while more says so.  True: there are others, and
 * the place is now that of the next.
 */
bool baseline_each_from(const struct baseline *, const char *user, struct usual_place *, usual_row_fn *,
    bool (*more)(void *arg), void *arg);
/* Was active within the window. */
bool baseline_knows(const struct baseline *, const char *user);
/* The next user, in order of their names, who was active within the window; "": the first.  False: there is none. */
bool baseline_next_user(const struct baseline *, char name[ST_USUAL_TEXT]);
/* How many values the user has. */
size_t baseline_values(const struct baseline *, const char *user);
/* How often on that day; 0 of one that has left the window. */
uint32_t baseline_count(const struct baseline *, const struct usual_key *, int32_t day);
/*
 * Each row that changed since the last call, at most max; with the count as it is now.  Returns how many.
 * Days that left the window are not told: they go by their number.
 */
size_t baseline_changed(struct baseline *, size_t max, usual_row_fn *, void *arg);
/* All of it counts as changed: what was told before is not to be had any more. */
void baseline_tell_all(struct baseline *);
/* Of one user, NULL: of all.  Whoever keeps the rows lets go of them himself: they do not count as changed. */
void baseline_forget(struct baseline *, const char *user);
/* Until it is let go of again nothing is ready: rows are still coming. */
void baseline_hold(struct baseline *, bool hold);

struct baseline_stats {
	uint64_t entries, users, bytes; /* users: people, without the host itself */
	uint64_t dropped; /* what found no room */
	unsigned data;    /* days of the host within the window, the newest among them */
};
void baseline_stats(const struct baseline *, struct baseline_stats *);

/* --- values ---------------------------------------------------------------------------------------------- */

const char *usual_name(enum usual_kind);
bool usual_parse(struct bytes name, enum usual_kind *out);
int32_t usual_day(struct rtime);
unsigned usual_hour(struct rtime);
/* On a scale on which each step is half as much again: 0 for 0, so that a few dozen steps hold everything. */
unsigned usual_step(uint64_t amount);
/* The least amount of that step. */
uint64_t usual_step_from(unsigned step);
/* "192.0.2.0/24", "2001:db8:0:1::/64": the network that an origin counts as; returns out */
#define USUAL_NET_STRLEN (ADDR_STRLEN + 4)
const char *usual_net(struct addr, char out[USUAL_NET_STRLEN]);

#endif
