/*
 * past: what a policy was asked in the past, so that another one can be asked the same: the findings and logins
 * that the store keeps (past_fetch.c, past_walk.c), or what recorded audit logs tell (past_replay.c).  Each comes
 * as a struct asked (past_ask.c); whatever was not kept is not known.  Touches nothing.
 */
#ifndef CLI_PAST_H
#define CLI_PAST_H

#include <sshtether/limits.h>

#include "cli/past_fetch.h"
#include "policy/policy.h"

/* --- past_ask.c ---------------------------------------------------------------------------- */

/* A question of the past.  Strings are borrowed from the object. */
struct asked {
	struct question q;
	struct bytes session;   /* its name for ever; empty: none */
	uint64_t count;         /* how often */
	bool short_of_facts;    /* made before facts were kept: what is missing is not known */
	bool faint;             /* inferred with low confidence: never acted on, whatever the policy says */
	bool calm;              /* neither high nor critical, and nothing came of it but that it was recorded */
	struct bytes groups[ST_PAST_LIST], principals[ST_PAST_LIST], roles[ST_PAST_LIST];
	char name[32];          /* of session, where it had to be put together */
};

/* What all logins of the host have in common; borrowed. */
struct asked_host {
	struct bytes on, roles[ST_PAST_LIST];
	size_t nroles;
};

/* A stored finding; false: it is none, but a word of the daemon on itself. */
bool asked_finding(const json_t *, struct asked *);
/* A stored session, or short quiet logins that were alike: the question `login`. */
bool asked_session(const json_t *, struct asked *);
bool asked_logins(const json_t *, struct asked *);
/* For these two: where it was. */
void asked_on(struct asked *, const struct asked_host *);

/* --- past_walk.c ---------------------------------------------------------------------------- */

enum past_part { PAST_LOGINS, PAST_FINDINGS };

typedef void past_fn(enum past_part, const struct asked *, void *arg);

/*
 * All that the store keeps of that time: one part, then the other, each oldest first.  A login that was alerted is in
 * both; it comes with the part that is first.
 */
int past_walk(const struct cli *, struct rtime since, struct rtime until, enum past_part first, past_fn *, void *arg);

/* The case of this session alerted. */
typedef void past_case_fn(struct bytes session, void *arg);

/* All such sessions that the store knows, of whatever time: what is old of one may be told of late. */
int past_cases(const struct cli *, past_case_fn *, void *arg);

/* --- past_replay.c -------------------------------------------------------------------------- */

/*
 * The findings of recorded logs; a login is one of them.  What a session's case alerts comes behind the findings that
 * it is made of; NULL: nobody wants to know.
 */
int past_replay(char **logs, int n, past_fn *, past_case_fn *, void *arg);

#endif
