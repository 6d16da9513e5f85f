/*
 * flows: the outbound connections that sessions made lately, by their own end.  A login that comes from
 * this very host is then known to come from that session.  Pure.
 */
#ifndef ENGINE_FLOWS_H
#define ENGINE_FLOWS_H

#include "base/addr.h"

#define FLOWS_MAX 4096 /* the oldest is forgotten */

struct flows {
	struct flow {
		struct endpoint from;
		uint32_t ses;
	} flow[FLOWS_MAX];
	size_t next;
};

static inline void
flows_note(struct flows *f, struct endpoint from, uint32_t ses)
{
	if (from.addr.family != 0 && from.port != 0)
		f->flow[f->next++ % FLOWS_MAX] = (struct flow){.from = from, .ses = ses};
}

/* The session whose connection that is; false: not known. */
static inline bool
flows_find(const struct flows *f, struct endpoint from, uint32_t *ses)
{
	for (size_t i = 0; i < FLOWS_MAX && from.addr.family != 0; i++) {
		const struct flow *v = &f->flow[(f->next - 1 - i) % FLOWS_MAX];

		if (v->from.port == from.port && addr_eq(v->from.addr, from.addr)) {
			*ses = v->ses;
			return true;
		}
	}
	return false;
}

#endif
