/*
 * quota: what one key, a login user or a uid, may take of a thing that all share: `burst` at once, `minute`
 * in every minute.  So that who asks in a loop uses up his own share and not the others'.  As many keys as
 * there are slots are told apart; a key that was not seen for longest gives way.  Pure.
 */
#ifndef ENGINE_QUOTA_H
#define ENGINE_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define QUOTA_SLOTS 1024
#define QUOTA_WAYS  8

struct quota {
	unsigned burst, minute;
	struct {
		bool used;
		uint32_t key;
		double left;
		struct mtime last;
	} slot[QUOTA_SLOTS];
};

/* The rest of it is to be zero. */
void quota_init(struct quota *, unsigned burst, unsigned minute);
/* Takes one; false when there is none left. */
bool quota_take(struct quota *, uint32_t key, struct mtime now);

#endif
