/* spares: see spares.h.  Engine process. */
#include "agentd/engine/spares.h"

#include <stdlib.h>

#define WAIT_MS 2000

struct telling {
	struct link *link; /* borrowed */
	uint32_t ses;
	unsigned waiting;
	enum result worst;
	spares_heard_fn *heard;
	void *arg;
};

static void
one_less(struct telling *t)
{
	if (--t->waiting != 0)
		return;
	t->heard(t->worst, t->arg);
	free(t);
}

/* What has ended, or left the session, needs no sparing. */
static void
on_spared(const struct notice *n, int fds[LINK_FDS], void *arg)
{
	struct telling *t = arg;
	const enum result r = n != NULL && n->result < RES_COUNT ? (enum result)n->result : RES_COUNT;

	(void)fds;
	if (r != RES_OK && r != RES_GONE && r != RES_OTHER_SESSION)
		t->worst = r;
	one_less(t);
}

static void
tell_one(uint32_t pid, void *arg)
{
	struct telling *t = arg;
	struct request r = {.kind = REQ_SPARE, .ses = t->ses, .pid = pid};

	t->waiting++;
	if (link_ask(t->link, &r, WAIT_MS, on_spared, t))
		return;
	t->waiting--;
	t->worst = RES_COUNT;
}

bool
spares_tell(struct link *link, uint32_t ses, spared_fn *spared, void *spared_arg, spares_heard_fn *heard,
    void *arg)
{
	struct telling *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return false;
	/* One of those waited for is this walk itself. */
	*t = (struct telling){.link = link, .ses = ses, .waiting = 1, .heard = heard, .arg = arg};
	if (spared != NULL)
		spared(ses, tell_one, t, spared_arg);
	one_less(t);
	return true;
}
