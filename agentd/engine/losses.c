/* losses: see losses.h.  Pure but for its callback. */
#include "agentd/engine/losses.h"

#include <stdio.h>
#include <stdlib.h>

#define QUIET_MS 60000 /* without a loss: the burst is over */

/* What there is to lose, each with its word. */
enum loss { LOSS_SERIALS, LOSS_KERNEL, LOSS_EVICTED, LOSS_OVERRUNS, LOSS_CUT, LOSS_COUNT };

static const char *const words[LOSS_COUNT] = {
	[LOSS_SERIALS] = "missing serials",
	[LOSS_KERNEL] = "lost by the kernel",
	[LOSS_EVICTED] = "events pushed out",
	[LOSS_OVERRUNS] = "overruns of the audit socket",
	[LOSS_CUT] = "over-long records",
};

struct losses {
	losses_fn *fn;
	void *arg;
	uint64_t seen[LOSS_COUNT];  /* the counters, as they were looked at last */
	uint64_t burst[LOSS_COUNT]; /* of this burst */
	uint64_t kernel;
	struct mtime last; /* loss; 0: no burst */
};

static void
tell(struct losses *l, bool over)
{
	char sentence[256] = "audit records were lost:";
	uint64_t sum = 0;

	for (unsigned i = 0; i < LOSS_COUNT; i++) {
		size_t n = strlen(sentence);

		if (l->burst[i] == 0)
			continue;
		snprintf(sentence + n, sizeof(sentence) - n, "%s %llu %s", sum > 0 ? "," : "",
		    (unsigned long long)l->burst[i], words[i]);
		sum += l->burst[i];
	}
	l->fn(sum, sentence, over, l->arg);
}

void
losses_check(struct losses *l, const struct aev_stats *a, const struct source_stats *s,
    struct mtime now)
{
	const uint64_t counters[LOSS_COUNT] = {
	    [LOSS_SERIALS] = a->missing,
	    [LOSS_KERNEL] = l->kernel,
	    [LOSS_EVICTED] = a->evicted,
	    [LOSS_OVERRUNS] = s->overruns,
	    [LOSS_CUT] = s->cut,
	};
	bool more = false, first = l->last.ns == 0;

	for (unsigned i = 0; i < LOSS_COUNT; i++) {
		/* A hole that late records fill makes `missing` go down again. */
		uint64_t plus = counters[i] > l->seen[i] ? counters[i] - l->seen[i] : 0;

		l->burst[i] += plus;
		l->seen[i] = counters[i];
		more = more || plus > 0;
	}
	if (more) {
		l->last = now;
		if (first)
			tell(l, false);
	} else if (!first && mtime_ms_since(now, l->last) >= QUIET_MS) {
		tell(l, true);
		memset(l->burst, 0, sizeof(l->burst));
		l->last = (struct mtime){0};
	}
}

void
losses_kernel(struct losses *l, uint64_t n)
{
	l->kernel += n; /* the next losses_check() tells */
}

uint64_t
losses_kernel_total(const struct losses *l)
{
	return l->kernel;
}

struct losses *
losses_new(losses_fn *fn, void *arg)
{
	struct losses *l = calloc(1, sizeof(*l));

	if (l != NULL) {
		l->fn = fn;
		l->arg = arg;
	}
	return l;
}

void
losses_free(struct losses **lp)
{
	free(*lp);
	*lp = NULL;
}
