/* past_source: where a command's questions of the past come from, as its options say. */
#ifndef CLI_PAST_SOURCE_H
#define CLI_PAST_SOURCE_H

#include "cli/past.h"

struct past_source {
	struct rtime since, until;
	char *logs[ST_PAST_LOGS]; /* --replay; none: the store */
	int nlogs;
	past_case_fn *alerted; /* NULL: nobody wants to know */
};

/* Seven days, of the store. */
void past_source_begin(struct past_source *);
/* The options --since, --until and --replay: their letters, for the command's own table. */
#define PAST_OPTIONS                                                                                                   \
	{"since", required_argument, NULL, 's'}, {"until", required_argument, NULL, 'u'},                              \
	{                                                                                                              \
		"replay", required_argument, NULL, 'r'                                                                 \
	}
/* One of them, with its operand; CLI_USAGE after it has said what is wrong, also of any other letter. */
int past_source_option(const struct cli *, struct past_source *, int letter, char *operand);
/*
 * Asks for all of them, as past_walk().  Whose case alerted is told before what the store keeps, and among what logs
 * tell.  Returns enum cli_exit.
 */
int past_source_walk(const struct cli *, struct past_source *, enum past_part first, past_fn *, void *arg);

#endif
