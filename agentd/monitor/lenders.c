/* lenders: see lenders.h.  Runs in the monitor.  The kernel counts session ids up: the highest is the newest. */
#include "agentd/monitor/lenders.h"

#include <bsd/sys/tree.h>
#include <stdlib.h>

#include "base/proc.h"

struct node {
	RB_ENTRY(node) entry;
	struct lender lender;
};

RB_HEAD(tree, node);

struct lenders {
	struct tree tree;
};

static int
compare(const struct node *x, const struct node *y)
{
	const struct lender *a = &x->lender, *b = &y->lender;

	if (a->auid != b->auid)
		return a->auid < b->auid ? -1 : 1;
	if (a->weight != b->weight)
		return a->weight > b->weight ? -1 : 1;
	return (a->ses < b->ses) - (a->ses > b->ses);
}

#define UNUSED_STATIC __attribute__((unused)) static /* libbsd's own word for it is not on Linux */
RB_GENERATE_INTERNAL(tree, node, entry, compare, UNUSED_STATIC)

struct lenders *
lenders_new(void)
{
	return calloc(1, sizeof(struct lenders));
}

void
lenders_free(struct lenders **all)
{
	struct node *n;

	while (*all != NULL && (n = RB_ROOT(&(*all)->tree)) != NULL) {
		(void)RB_REMOVE(tree, &(*all)->tree, n);
		free(n);
	}
	free(*all);
	*all = NULL;
}

bool
lenders_add(struct lenders *all, const struct lender *l)
{
	struct node *n = malloc(sizeof(*n));

	if (n == NULL)
		return false;
	*n = (struct node){.lender = *l};
	if (RB_INSERT(tree, &all->tree, n) != NULL)
		free(n); /* it is there already */
	return true;
}

void
lenders_remove(struct lenders *all, const struct lender *l)
{
	struct node *n = RB_FIND(tree, &all->tree, (&(struct node){.lender = *l}));

	if (n != NULL)
		(void)RB_REMOVE(tree, &all->tree, n);
	free(n);
}

uint32_t
lenders_first(struct lenders *all, uint32_t auid)
{
	const struct lender any = {.auid = auid, .weight = UINT32_MAX, .ses = SES_UNSET};
	const struct node *n = RB_NFIND(tree, &all->tree, (&(struct node){.lender = any}));

	return n != NULL && n->lender.auid == auid ? n->lender.ses : SES_UNSET;
}
