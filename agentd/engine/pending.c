/* pending: see pending.h. */
#include "agentd/engine/pending.h"

#include <stdlib.h>

struct pending *
pending_new(struct engine *e, struct client *c)
{
	struct pending *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	*p = (struct pending){.e = e, .client = c};
	LIST_INSERT_HEAD(&e->pending, p, link);
	return p;
}

void
pending_free(struct pending *p)
{
	LIST_REMOVE(p, link);
	free(p);
}

void
pending_gone(struct engine *e, const struct client *c)
{
	struct pending *p;

	LIST_FOREACH(p, &e->pending, link) {
		if (p->client == c)
			p->client = NULL;
	}
}
