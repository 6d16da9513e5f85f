/*
 * losses: records that were lost, whoever lost them.  Adds up the holes in the serials, the kernel's
 * counter and our own drops, and says so once a burst: at its first loss, and the sum when it is over.
 */
#ifndef ENGINE_LOSSES_H
#define ENGINE_LOSSES_H

#include "agentd/audit/event.h"
#include "agentd/source/source.h"

struct losses;

/* count: of this burst so far; sentence in words and numbers. */
typedef void losses_fn(uint64_t count, const char *sentence, bool over, void *arg);

struct losses *losses_new(losses_fn *, void *arg);
void losses_free(struct losses **);
/* The kernel's lost counter went up by n. */
void losses_kernel(struct losses *, uint64_t n);
/* Looks at the counters; once a second. */
void losses_check(struct losses *, const struct aev_stats *, const struct source_stats *,
    struct mtime now);
/* Of the kernel, since the start. */
uint64_t losses_kernel_total(const struct losses *);

#endif
