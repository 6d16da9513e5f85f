/*
 * baseline_parts: what the files of baseline/ share and nobody else sees: users, their values, and a ring of
 * days for each.  A slot of the ring says itself of which day it is: a day takes the slot from whatever stood
 * there, older or, after a clock was set back, newer; so no jump of time needs anything to be cleared.
 */
#ifndef BASELINE_BASELINE_PARTS_H
#define BASELINE_BASELINE_PARTS_H

#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>

#include "agentd/baseline/baseline.h"

#define DAY_NONE INT32_MIN

struct usual_day {
	int32_t day;
	uint32_t count; /* saturates; 0: nothing stands here */
};

struct usual_value {
	RB_ENTRY(usual_value) in_user;
	TAILQ_ENTRY(usual_value) in_changed;
	struct usual_user *user; /* borrowed */
	enum usual_kind kind;
	bool told;        /* whoever keeps rows has some of it */
	bool gone;        /* it made room: is in no tree, and waits to be told as no more */
	uint64_t changed; /* bit i: slot i; 0: in no list */
	const char *text; /* behind the ring */
	struct usual_day ring[];
};
RB_HEAD(usual_values, usual_value);

struct usual_user {
	RB_ENTRY(usual_user) in_baseline;
	struct usual_values values; /* in order of kind and text */
	size_t n[USUAL_COUNT], total; /* of values */
	/* How many values of a kind have days before that one, as it was counted last; DAY_NONE: count anew. */
	struct {
		int32_t day;
		unsigned values;
	} before[USUAL_COUNT];
	size_t refs; /* values that are gone, and whoever works with it: without any and without values it goes */
	char name[ST_USUAL_TEXT];
};
RB_HEAD(usual_users, usual_user);

_Static_assert(ST_USUAL_DAYS <= 64, "changed has a bit for each day of the ring");

struct baseline {
	struct baseline_settings set;
	struct usual_users users;
	TAILQ_HEAD(, usual_value) changed; /* in the order of their first change */
	size_t nvalue, nuser, bytes;
	uint64_t dropped;
	int32_t today, swept; /* the day of the last note; as of when what was too old went last; DAY_NONE: never */
	struct usual_place sweep; /* how far that is */
	bool sweeping;
	bool held;
};

/* tree.c: what is found may be changed, it is the caller's baseline; NULL: none. */
struct usual_user *usual_user_find(const struct baseline *, const char *name);
struct usual_user *usual_user_first(const struct baseline *);
struct usual_user *usual_user_next(struct usual_user *);
struct usual_user *usual_user_after(const struct baseline *, const char *name);
struct usual_value *usual_find(const struct usual_user *, enum usual_kind, const char *text);
/* Of that kind or a later one: the first; usual_next() goes on through all kinds. */
struct usual_value *usual_from(const struct usual_user *, enum usual_kind);
struct usual_value *usual_next(struct usual_value *);
/* The first that does not stand before that place, and the next one, of whatever user. */
struct usual_value *usual_at(const struct baseline *, const struct usual_place *);
struct usual_value *usual_next_of_all(struct usual_value *);
void usual_place_of(const struct usual_value *, struct usual_place *out);
/* Made when it is not there.  NULL: no room; counted. */
struct usual_value *usual_ensure(struct baseline *, const struct usual_key *);
void usual_user_release(struct baseline *, struct usual_user *);
/* A day of a value came or went, but for the day itself that was counted: struct usual_user.before */
void usual_recount(struct usual_user *, enum usual_kind, int32_t day);
/* Out of its tree and freed; one that was told waits in the list of changes, if it is to be told. */
void usual_drop(struct baseline *, struct usual_value *, bool tell);
/* Out of the list of changes; one that is gone is freed. */
void usual_settle(struct baseline *, struct usual_value *);
void usual_mark(struct baseline *, struct usual_value *, uint64_t slots);
uint64_t usual_slots_in_use(const struct baseline *, const struct usual_value *);

/* baseline.c */
/* The first day of the window whose last is that one. */
int64_t usual_window(const struct baseline *, int32_t last);
struct usual_day *usual_slot(const struct baseline *, struct usual_value *, int32_t day);
/* On how many of the days it was seen, when last, and how often. */
struct usual_seen {
	unsigned days;
	int32_t first, last;
	uint64_t count;
};
struct usual_seen usual_seen(const struct baseline *, const struct usual_value *, int64_t from, int64_t to);

/* room.c */
/* For one more value of that kind of that user.  False: there is none to be had. */
bool usual_make_room(struct baseline *, struct usual_user *, enum usual_kind);
/* It is that day now: what has left the window goes, some of it at each call. */
void usual_turn(struct baseline *, int32_t day);

#endif
