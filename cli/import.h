/*
 * import: old audit logs and wtmp files into baselines of the command's own, by the stages that the daemon runs.
 * Each sort of source has one of its own: what both tell of the same login counts once.
 */
#ifndef CLI_IMPORT_H
#define CLI_IMPORT_H

#include "agentd/baseline/baseline.h"
#include "agentd/engine/pipeline.h"
#include "cli/wtmp_learn.h"

struct import;

/* NULL: out of memory. */
struct import *import_new(void);
void import_free(struct import **);
/* In the order of their beginnings, whatever they are.  Returns enum cli_exit, after it has said what is wrong. */
int import_files(struct import *, char **names, int n);
/* All that they told of the last ST_USUAL_DAYS days that they tell of; borrowed, and whole once it was asked for. */
struct baseline *import_learned(struct import *);

struct import_stats {
	uint64_t files, bytes;
	const struct aev_stats *records;
	const struct wtmp_stats *wtmp;
};
void import_stats(const struct import *, struct import_stats *);

#endif
