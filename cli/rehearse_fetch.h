/* rehearse_fetch: what a rehearsal asks the daemon for. */
#ifndef CLI_REHEARSE_FETCH_H
#define CLI_REHEARSE_FETCH_H

#include "cli/answer.h"

/* False ends it. */
typedef bool fetch_fn(const json_t *object, void *arg);

/* Both return enum cli_exit, after they have said what went wrong. */

/* The policy in force (path, text), then an object a rule (rule, file, line). */
int fetch_policy(const struct cli *, fetch_fn *, void *arg);

struct fetch_page {
	const char *part; /* findings, sessions, logins */
	int64_t after;    /* what the page before said is next; 0: the first */
	struct rtime since, until; /* RTIME_NONE: open */
};
/* A page of what the store keeps, and {"next"}. */
int fetch_page(const struct cli *, const struct fetch_page *, fetch_fn *, void *arg);

#endif
