/* kept: see kept.h. */
#include "agentd/monitor/kept.h"

#include <stdlib.h>

#define ROOM_MIN 64

bool
kept_add(struct kept *k, uint32_t ses, const struct grant *g)
{
	if (k->n == k->room) {
		size_t room = k->room == 0 ? ROOM_MIN : k->room * 2;
		struct kept_grant *of = reallocarray(k->of, room, sizeof(*of));

		if (of == NULL)
			return false;
		k->of = of;
		k->room = room;
	}
	k->of[k->n++] = (struct kept_grant){.ses = ses, .grant = *g};
	return true;
}

void
kept_clear(struct kept *k)
{
	free(k->of);
	*k = (struct kept){0};
}
