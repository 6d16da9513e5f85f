/*
 * rehearse: what enforce mode would have done: the questions of the past (past.h), asked again.  The parts
 * of one rehearsal: counting (rehearse_count.c), the pass lines that would keep somebody (rehearse_keep.c),
 * showing (rehearse_print.c); cmd_rehearse.c holds them together.
 */
#ifndef CLI_REHEARSE_H
#define CLI_REHEARSE_H

#include "cli/past.h"
#include "cli/tally.h"

/* --- rehearse_count.c ---------------------------------------------------------------------- */

struct service {
	char session[32];
	char what[160]; /* "/usr/bin/python3 on port 8080" */
	bool spared;
};

/* A session that would have been ended. */
struct ended {
	char session[32], user[ST_NAME_MAX];
	size_t rule;
	bool all; /* what is spared, too */
};

/* Whom --keep names; none: everybody. */
struct keep {
	struct bytes user;    /* empty: by origin */
	struct prefix origin;
	const char *word;     /* as it was given */
};

struct rehearsal {
	const struct policy *policy;
	struct keep keep[ST_REHEARSE_KEEPS];
	size_t nkeep;

	uint64_t findings, logins;         /* asked about */
	uint64_t stopped, refused;         /* of them */
	uint64_t moot;                     /* their session would have been over by then */
	uint64_t unsure, short_of_facts;   /* hangs on what is not known; made before facts were kept */
	uint64_t never_stop;               /* stopped but for never-stop */
	uint64_t kept_stopped, kept_unsure; /* of those whom --keep names */
	uint64_t *by_rule;                 /* of the policy's rules */
	struct tally *users, *origins, *destinations, *missing, *lines;
	struct tally *over; /* session names: refused or ended */
	struct ended *ended;
	size_t nended;
	uint64_t ended_lost;
	struct service *services;
	size_t nservices;
	uint64_t services_lost;
	uint64_t lineless; /* refusals that no pass line can name */
};

/* False: out of memory. */
bool rehearsal_begin(struct rehearsal *, const struct policy *);
void rehearsal_end(struct rehearsal *);
/* Sessions and logins first, then the findings, oldest first. */
void rehearse_login(struct rehearsal *, const struct asked *);
void rehearse_finding(struct rehearsal *, const struct asked *);

/* --- rehearse_keep.c ----------------------------------------------------------------------- */

/* "user=U" or "origin=NET". */
bool keep_parse(const char *, struct keep *);
/* NULL: none of them names it. */
const struct keep *keep_find(const struct rehearsal *, const struct question *);
/* A line of the language that lets it pass, without newline.  False: there is none. */
bool keep_line(const struct question *, const struct keep *, struct buf *out);

/* --- rehearse_print.c ---------------------------------------------------------------------- */

struct rehearse_show {
	const struct cli *cli;
	const struct rehearsal *all;
	const struct rehearsal *proof; /* with the lines before the policy; NULL: no lines */
	struct rtime since, until;
	const char *policy;
};
/* Returns enum cli_exit. */
int rehearse_print(const struct rehearse_show *);

#endif
