/* rate: see rate.h.  Pure. */
#include "agentd/monitor/rate.h"

void
rate_init(struct rate *r, unsigned burst, int64_t window_ms, struct mtime now)
{
	*r = (struct rate){.burst = burst, .window_ms = window_ms, .tokens = burst, .last = now};
}

bool
rate_take(struct rate *r, struct mtime now)
{
	double passed = (double)(now.ns - r->last.ns) / 1e6;

	if (passed > 0) {
		r->tokens += passed * r->burst / (double)r->window_ms;
		r->last = now;
	}
	if (r->tokens > r->burst)
		r->tokens = r->burst;
	if (r->tokens < 1) {
		r->refused++;
		return false;
	}
	r->tokens -= 1;
	return true;
}
