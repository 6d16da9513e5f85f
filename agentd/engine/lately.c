/* lately: see lately.h. */
#include "agentd/engine/lately.h"

void
lately_add(struct lately *l, const struct tcp_socket *s, struct rtime when)
{
	l->ended[l->n++ % ST_VOLUME_ENDS] = (struct ended){.socket = *s, .when = when};
}

struct ended *
lately_find(struct lately *l, struct endpoint local, struct endpoint peer)
{
	for (size_t i = 0; i < ST_VOLUME_ENDS && i < l->n; i++) {
		struct ended *e = &l->ended[(l->n - 1 - i) % ST_VOLUME_ENDS];

		if (endpoint_eq(e->socket.local, local) && endpoint_eq(e->socket.peer, peer))
			return e;
	}
	return NULL;
}

const struct ended *
lately_only(const struct lately *l, struct endpoint to, struct rtime since)
{
	const struct ended *found = NULL;

	for (size_t i = 0; i < ST_VOLUME_ENDS && i < l->n; i++) {
		const struct ended *e = &l->ended[i];

		if (e->taken || !endpoint_eq(e->socket.peer, to) || rtime_since(e->when, since) < 0)
			continue;
		if (found != NULL)
			return NULL;
		found = e;
	}
	return found;
}
