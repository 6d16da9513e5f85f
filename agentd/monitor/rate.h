/* rate: a token bucket: `burst` at once, the same number again in every window. */
#ifndef MONITOR_RATE_H
#define MONITOR_RATE_H

#include "base/clock.h"

struct rate {
	unsigned burst;
	int64_t window_ms;
	double tokens;
	struct mtime last;
	uint64_t refused;
};

void rate_init(struct rate *, unsigned burst, int64_t window_ms, struct mtime now);
/* Takes one; false (and counted) when there is none left. */
bool rate_take(struct rate *, struct mtime now);

#endif
