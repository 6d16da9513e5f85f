/* span: see span.h. */
#include "agentd/engine/span.h"

#define NEAR_MS 1500
#define GAP_MS  8000 /* as long as a detector may take (NAME_MS in silence.c) */

bool
span_near(struct rtime a, struct rtime b)
{
	const int64_t apart = rtime_since(a, b);

	return a.ms != 0 && b.ms != 0 && apart <= NEAR_MS && apart >= -NEAR_MS;
}

bool
span_since(struct rtime when, struct rtime then)
{
	return rtime_since(when, then) >= -NEAR_MS;
}

void
span_add(struct span *s, struct rtime when)
{
	if (s->to.ms == 0 || rtime_since(when, s->to) > GAP_MS)
		s->from = when;
	s->to = when;
}

bool
span_covers(const struct span *s, struct rtime when)
{
	return s->to.ms != 0 && rtime_since(when, s->from) >= -NEAR_MS && rtime_since(when, s->to) <= NEAR_MS;
}
