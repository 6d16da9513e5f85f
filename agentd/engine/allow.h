/*
 * allow: exceptions with an end, given by root by hand: `sshtether allow`.  Each is a pass rule that stands
 * before the policy's own (pol_options.prelude), on the line that is its number; all of them are kept in the
 * engine's state directory and outlive its restarts.  Engine process.
 */
#ifndef ENGINE_ALLOW_H
#define ENGINE_ALLOW_H

#include <sshtether/limits.h>

#include "base/addr.h"
#include "base/clock.h"
#include "base/json.h"

#define ALLOW_NAME "allow" /* rule.name is "allow:3" */

struct allowance {
	char user[ST_NAME_MAX]; /* "": the number is free */
	struct prefix to;
	uint16_t port; /* 0: any */
	struct rtime until;
	uint32_t auid; /* of who gave it */
	char reason[ST_REASON_MAX];
};

struct allow;

/* What is kept in the directory, but for what is over.  NULL: out of memory. */
struct allow *allow_new(const char *state_dir);
void allow_free(struct allow **);

/* A name that means nothing but itself in the language. */
bool allow_user_ok(struct bytes);
/* Its number from 1 on; 0: there are ST_ALLOWANCES. */
unsigned allow_add(struct allow *, const struct allowance *);
/* NULL: no such number. */
const struct allowance *allow_get(const struct allow *, unsigned number);
void allow_remove(struct allow *, unsigned number);
/* The lowest number whose time is over; 0: none. */
unsigned allow_over(const struct allow *, struct rtime now);
/* 0 or −errno. */
int allow_keep(const struct allow *);

/* The prelude; empty without any. */
void allow_text(const struct allow *, struct buf *out);
void allow_rule(const struct allowance *, struct buf *out);
/* Members of the object that is open: allow, user, to, port, until, reason, by. */
void allow_json(const struct allowance *, unsigned number, struct json *);

#endif
