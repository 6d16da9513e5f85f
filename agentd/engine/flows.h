/*
 * flows: the outbound connections that sessions made lately, by their own end.  A login that comes from
 * this very host is then known to come from that session.  Pure.
 */
#ifndef ENGINE_FLOWS_H
#define ENGINE_FLOWS_H

#include <sshtether/limits.h>

#include "base/addr.h"


struct flows {
	struct flow {
		struct endpoint from;
		uint32_t ses;
	} flow[ST_FLOWS];
	size_t next;
};

static inline void
flows_note(struct flows *f, struct endpoint from, uint32_t ses)
{
	if (from.addr.family != 0 && from.port != 0)
		f->flow[f->next++ % ST_FLOWS] = (struct flow){.from = from, .ses = ses};
}

/* The session whose connection that is; false: not known. */
static inline bool
flows_find(const struct flows *f, struct endpoint from, uint32_t *ses)
{
	for (size_t i = 0; i < ST_FLOWS && from.addr.family != 0; i++) {
		const struct flow *v = &f->flow[(f->next - 1 - i) % ST_FLOWS];

		if (endpoint_eq(v->from, from)) {
			*ses = v->ses;
			return true;
		}
	}
	return false;
}

#endif
