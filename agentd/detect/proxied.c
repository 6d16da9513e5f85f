/* proxied: see proxied.h.  Pure. */
#include "agentd/detect/proxied.h"

#include <stdlib.h>

static void
drop(struct proxies *all, struct proxied *p)
{
	table_del(&all->by_ses, &p->by_ses);
	TAILQ_REMOVE(&all->order, p, in_order);
	passage_done(&p->passage);
	free(p);
}

struct proxies *
proxies_new(void)
{
	struct proxies *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	TAILQ_INIT(&all->order);
	if (!table_init(&all->by_ses)) {
		free(all);
		return NULL;
	}
	return all;
}

void
proxies_free(struct proxies *all)
{
	struct proxied *p;

	while ((p = TAILQ_FIRST(&all->order)) != NULL)
		drop(all, p);
	table_done(&all->by_ses);
	free(all);
}

struct proxied *
proxied_find(const struct proxies *all, uint32_t ses)
{
	struct table_link *l = table_first(&all->by_ses, hash_u64(ses));

	for (; l != NULL; l = table_next(l)) {
		struct proxied *p = TABLE_ENTRY(l, struct proxied, by_ses);

		if (p->ses == ses)
			return p;
	}
	return NULL;
}

struct proxied *
proxied_get(struct proxies *all, uint32_t ses)
{
	struct proxied *p = proxied_find(all, ses);

	if (p != NULL) {
		TAILQ_REMOVE(&all->order, p, in_order);
		TAILQ_INSERT_TAIL(&all->order, p, in_order);
		return p;
	}
	if (all->by_ses.n >= ST_PROXIES)
		drop(all, TAILQ_FIRST(&all->order));
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->ses = ses;
	passage_init(&p->passage);
	table_add(&all->by_ses, &p->by_ses, hash_u64(ses));
	TAILQ_INSERT_TAIL(&all->order, p, in_order);
	return p;
}

struct place *
place_find(struct proxied *p, struct endpoint to)
{
	for (size_t i = 0; i < ST_PROXY_PLACES && i < p->nplaces; i++) {
		if (endpoint_eq(p->place[i].to, to))
			return &p->place[i];
	}
	return NULL;
}

struct place *
place_get(struct proxied *p, struct endpoint to)
{
	struct place *at = place_find(p, to);

	if (at == NULL) {
		at = &p->place[p->nplaces++ % ST_PROXY_PLACES];
		*at = (struct place){.to = to};
	}
	return at;
}
