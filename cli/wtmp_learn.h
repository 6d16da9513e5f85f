/*
 * wtmp_learn: the logins of a wtmp, put to the detectors as if the module had reported them: so a baseline learns
 * from them what it learns from logins, and nothing else.  Pure.
 */
#ifndef CLI_WTMP_LEARN_H
#define CLI_WTMP_LEARN_H

#include "agentd/engine/pipeline.h"
#include "cli/wtmp.h"

struct wtmp_stats {
	uint64_t entries, wrong; /* wrong: no entry of a wtmp; times that cannot be among them */
	uint64_t logins, local;  /* over a network; and those that nobody knows from where */
	uint64_t open;           /* logins whose end is not told: how long they lasted is not learned */
	struct rtime first, last;
};

struct wtmp_learn;

/* The pipeline is borrowed.  latest: what is later is no time of a login. */
struct wtmp_learn *wtmp_learn_new(struct pipeline *, struct rtime latest);
void wtmp_learn_free(struct wtmp_learn **);
/* Bytes as they come; entries may be cut anywhere. */
void wtmp_learn_feed(struct wtmp_learn *, const char *p, size_t n);
/* A file ends: what is left of an entry is none. */
void wtmp_learn_end(struct wtmp_learn *);
const struct wtmp_stats *wtmp_learn_stats(const struct wtmp_learn *);

#endif
