/*
 * sink: what all sinks can say of themselves.  A sink never stops detection: what it cannot take it
 * drops, counts and says so.
 */
#ifndef SINK_SINK_H
#define SINK_SINK_H

#include "base/bytes.h"

enum sink_state { SINK_OFF, SINK_OK, SINK_FAILING };

struct sink_health {
	enum sink_state state;
	uint64_t written, dropped;
	char why[160]; /* of the last failure; "" when all is well */
};

static inline const char *
sink_state_name(enum sink_state s)
{
	return s == SINK_OFF ? "off" : s == SINK_OK ? "ok" : "failing";
}

#endif
