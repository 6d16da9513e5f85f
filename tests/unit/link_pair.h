/* link_pair: the engine's link on a loop of its own, and the monitor's end of it, which a test holds. */
#ifndef TESTS_LINK_PAIR_H
#define TESTS_LINK_PAIR_H

#include "agentd/engine/link.h"

struct link_pair {
	struct event_base *base;
	struct link *link;
	int monitor; /* does not block */
	int engine;
};

/* Notices that nobody waits for come to nothing. */
void link_pair_open(struct link_pair *);
/* Whoever waits for a result, or for his time to be up, hears that none came. */
void link_pair_end(struct link_pair *);
void link_pair_close(struct link_pair *);
/* The next request of the engine.  False: there is none now. */
bool link_pair_asked(struct link_pair *, struct request *);

#endif
