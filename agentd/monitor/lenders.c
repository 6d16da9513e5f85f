/* lenders: see lenders.h.  Runs in the monitor.  The kernel counts session ids up: the highest is the newest. */
#include "agentd/monitor/lenders.h"

#include <bsd/sys/tree.h>
#include <stdlib.h>

#include "base/proc.h"

struct lender {
	RB_ENTRY(lender) entry;
	uint32_t auid, ses;
};

RB_HEAD(tree, lender);

struct lenders {
	struct tree tree;
};

/* The newest of a user first. */
static int
compare(const struct lender *a, const struct lender *b)
{
	if (a->auid != b->auid)
		return a->auid < b->auid ? -1 : 1;
	return (a->ses < b->ses) - (a->ses > b->ses);
}

#define UNUSED_STATIC __attribute__((unused)) static /* libbsd's own word for it is not on Linux */
RB_GENERATE_INTERNAL(tree, lender, entry, compare, UNUSED_STATIC)

struct lenders *
lenders_new(void)
{
	return calloc(1, sizeof(struct lenders));
}

void
lenders_free(struct lenders **all)
{
	struct lender *l;

	while (*all != NULL && (l = RB_ROOT(&(*all)->tree)) != NULL) {
		(void)RB_REMOVE(tree, &(*all)->tree, l);
		free(l);
	}
	free(*all);
	*all = NULL;
}

bool
lenders_add(struct lenders *all, uint32_t auid, uint32_t ses)
{
	struct lender *l = malloc(sizeof(*l));

	if (l == NULL)
		return false;
	*l = (struct lender){.auid = auid, .ses = ses};
	if (RB_INSERT(tree, &all->tree, l) != NULL)
		free(l); /* it is there already */
	return true;
}

void
lenders_remove(struct lenders *all, uint32_t auid, uint32_t ses)
{
	struct lender *l = RB_FIND(tree, &all->tree, (&(struct lender){.auid = auid, .ses = ses}));

	if (l != NULL)
		(void)RB_REMOVE(tree, &all->tree, l);
	free(l);
}

uint32_t
lenders_newest(struct lenders *all, uint32_t auid)
{
	const struct lender *l = RB_NFIND(tree, &all->tree,
	    (&(struct lender){.auid = auid, .ses = SES_UNSET}));

	return l != NULL && l->auid == auid ? l->ses : SES_UNSET;
}
