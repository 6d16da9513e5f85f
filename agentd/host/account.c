/*
 * account: what one login user holds of the model, so that a cap can be his own.  Lives as long as
 * it holds anything.  Runs in the engine and in replay.
 */
#include "agentd/host/model.h"

#include <stdlib.h>

struct account *
account_find(const struct host *h, uint32_t auid)
{
	for (struct table_link *l = table_first(&h->accounts, hash_u64(auid)); l != NULL; l = table_next(l)) {
		struct account *a = TABLE_ENTRY(l, struct account, by_auid);

		if (a->auid == auid)
			return a;
	}
	return NULL;
}

struct account *
account_get(struct host *h, uint32_t auid)
{
	uint64_t hash = hash_u64(auid);
	struct account *a = account_find(h, auid);

	if (a != NULL)
		return a;
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return NULL;
	a->auid = auid;
	for (size_t i = 0; i < RANK_MAX; i++)
		TAILQ_INIT(&a->sessions[i]);
	TAILQ_INIT(&a->processes);
	for (size_t i = 0; i < USOCK_RANKS; i++)
		TAILQ_INIT(&a->usocks[i]);
	table_add(&h->accounts, &a->by_auid, hash);
	return a;
}

void
account_release(struct host *h, struct account *a)
{
	if (a->nsession + a->nprocess + a->nusock > 0)
		return;
	table_del(&h->accounts, &a->by_auid);
	free(a);
}
