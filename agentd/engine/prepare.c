/* prepare: see prepare.h. */
#include "agentd/engine/prepare.h"

#include <stdlib.h>

#define ANSWER_MS 2000

struct preparing {
	struct link *link; /* borrowed */
	uint32_t ses;
	prepared_fn *fn;
	void *arg;
};

static void
on_heard(const struct notice *n, int fds[LINK_FDS], void *arg)
{
	struct preparing *p = arg;

	(void)fds;
	p->fn(n != NULL && n->result < RES_COUNT ? (enum result)n->result : RES_COUNT, p->arg);
	free(p);
}

/* All of it is spared: is there anything to end? */
static void
on_prepared(enum result result, void *arg)
{
	struct preparing *p = arg;
	struct request question = {.kind = REQ_ALIVE, .ses = p->ses};

	if (result == RES_OK && link_ask(p->link, &question, ANSWER_MS, on_heard, p))
		return;
	p->fn(result == RES_OK ? RES_COUNT : result, p->arg);
	free(p);
}

bool
prepare_end(struct link *link, uint32_t ses, spared_fn *spared, void *spared_arg, prepared_fn *fn, void *arg)
{
	struct preparing *p = malloc(sizeof(*p));

	if (p == NULL)
		return false;
	*p = (struct preparing){.link = link, .ses = ses, .fn = fn, .arg = arg};
	if (spares_tell(link, ses, spared, spared_arg, on_prepared, p))
		return true;
	free(p);
	return false;
}
