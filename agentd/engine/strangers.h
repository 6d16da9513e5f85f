/*
 * strangers: connections that SSH servers of this host serve and that no report accounts for.  The sockets are
 * looked through every few seconds; who holds one is the monitor's to say, what he runs the scanner's, and what
 * it means is told by detect/served.c.
 */
#ifndef ENGINE_STRANGERS_H
#define ENGINE_STRANGERS_H

#include "agentd/detect/finding.h"
#include "agentd/engine/programs.h"

struct strangers;

/* All borrowed. */
struct strangers_parts {
	struct event_base *base;
	struct link *link;
	struct programs *programs;
	struct detect *detect;
	const struct probe *probe;
};

/* NULL: out of memory.  Without sock_diag it does nothing. */
struct strangers *strangers_new(const struct strangers_parts *);
void strangers_free(struct strangers **);

#endif
