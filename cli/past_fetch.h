/* past_fetch: what is asked of the daemon about the past.  Stands beside jansson.h, as answer.h does. */
#ifndef CLI_PAST_FETCH_H
#define CLI_PAST_FETCH_H

#include "cli/answer.h"

/* All return enum cli_exit, after they have said what went wrong. */

/* False ends it. */
typedef bool fetch_fn(const json_t *object, void *arg);

/* The policy in force (path, text), then an object a rule (rule, file, line). */
int fetch_policy(const struct cli *, fetch_fn *, void *arg);

struct fetch_page {
	const char *part; /* findings, sessions, logins, alerted */
	int64_t after;    /* what the page before ended with; 0: the first */
	struct rtime since, until; /* RTIME_NONE: open */
	const char *id;   /* of findings: only those whose id begins so; NULL: any */
};
/* All that the store keeps of it, from that page on, a page after the other. */
int fetch_pages(const struct cli *, struct fetch_page, fetch_fn *, void *arg);

#endif
