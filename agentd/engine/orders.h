/*
 * orders: why a session is to end by hand: root says it here first, and then tells the monitor to do it,
 * which takes no words.  When the monitor says what became of it, the two are put together.  Pure.
 */
#ifndef ENGINE_ORDERS_H
#define ENGINE_ORDERS_H

#include <sshtether/limits.h>
#include <stdbool.h>
#include <stdint.h>

struct order {
	uint32_t ses, pid; /* the session, and root's process; pid 0: free */
	char reason[ST_REASON_MAX];
};

/* The last few; starts zeroed. */
struct orders {
	struct order order[ST_ORDERS];
	unsigned next;
};

/* False: the reason is too long. */
bool orders_note(struct orders *, uint32_t ses, uint32_t pid, const char *reason);
/* Borrowed until the next orders_note(); NULL: none was given. */
const char *orders_take(struct orders *, uint32_t ses, uint32_t pid);

#endif
