/*
 * host: the model put together: the life of its tables, the way a fact takes through them, and what
 * others may ask.  Pure; runs in the engine and in replay.
 */
#include "agentd/host/model.h"

#include <stdlib.h>

static void
host_init(struct host *h, const char *boot_id, const struct probe *probe)
{
	RB_INIT(&h->tree);
	for (size_t i = 0; i < RANK_MAX; i++)
		TAILQ_INIT(&h->sessions[i]);
	TAILQ_INIT(&h->processes);
	for (size_t i = 0; i < USOCK_RANKS; i++)
		TAILQ_INIT(&h->usocks[i]);
	TAILQ_INIT(&h->program_list);
	if (probe != NULL)
		h->probe = *probe;
	if (boot_id != NULL)
		(void)bytes_copy(bytes_of(boot_id), h->boot_id, sizeof(h->boot_id));
}

struct host *
host_new(const char *boot_id, const struct probe *probe)
{
	struct host *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	host_init(h, boot_id, probe);
	if (!table_init(&h->accounts) || !table_init(&h->pids) || !table_init(&h->inodes) ||
	    !table_init(&h->paths) || !table_init(&h->programs))
		host_free(&h);
	return h;
}

void
host_free(struct host **hp)
{
	struct host *h = *hp;
	struct session_node *s;
	struct process_node *p;
	struct usock_node *u;

	if (h == NULL)
		return;
	while ((s = RB_ROOT(&h->tree)) != NULL)
		session_drop(h, s);
	while ((p = TAILQ_FIRST(&h->processes)) != NULL)
		process_drop(h, p);
	while ((u = usock_victim(h->usocks)) != NULL)
		usock_drop(h, u);
	program_drop_all(h);
	table_done(&h->accounts);
	table_done(&h->pids);
	table_done(&h->inodes);
	table_done(&h->paths);
	table_done(&h->programs);
	free(h);
	*hp = NULL;
}

/* Records come out of order; the model's clock only goes forward. */
static void
host_clock(struct host *h, struct rtime t)
{
	if (rtime_since(t, h->now) > 0)
		h->now = t;
}

bool
host_complete(const struct host *h, const struct fact *f, struct fact *out)
{
	const struct process *p;

	if (f->way != WAY_URING || f->ses != SES_UNSET)
		return false;
	p = host_process(h, f->pid);
	if (p == NULL || p->ses == SES_UNSET)
		return false;
	*out = *f;
	out->ses = p->ses;
	out->auid = p->auid;
	return true;
}

void
host_apply(struct host *h, const struct fact *f)
{
	struct fact whole;

	if (f->kind == FACT_OTHER && !f->has_task)
		return;
	if (host_complete(h, f, &whole))
		f = &whole;
	host_clock(h, f->time);
	session_apply(h, f);
	process_apply(h, f);
	usock_apply(h, f);
}

void
host_tick(struct host *h, struct rtime now)
{
	host_clock(h, now);
	session_sweep(h, now);
	process_sweep(h, now);
}

const struct host_stats *
host_stats_get(const struct host *h)
{
	return &h->stats;
}

uint64_t
host_lessons(const struct host *h)
{
	return h->lessons;
}

const struct probe *
host_probe(const struct host *h)
{
	return &h->probe;
}
