/*
 * hop: see hop.h.
 */
#include "agentd/detect/hop.h"

#include <stdlib.h>

struct hop_user {
	struct table_link by_auid;
	uint32_t auid;
	size_t n;
	struct hop_list hops; /* oldest first */
};

struct hops {
	struct table pids, users;
	struct ripe_queue queue;
	struct hop_list unsure;
	void (*settle)(struct detect *, struct hops *, struct hop *);
};

struct hops *
hops_new(void (*settle)(struct detect *, struct hops *, struct hop *))
{
	struct hops *hs = calloc(1, sizeof(*hs));

	if (hs == NULL)
		return NULL;
	hs->settle = settle;
	ripe_init(&hs->queue);
	TAILQ_INIT(&hs->unsure);
	if (!table_init(&hs->pids) || !table_init(&hs->users))
		hops_free(&hs);
	return hs;
}

void
hops_free(struct hops **hsp)
{
	struct hops *hs = *hsp;
	struct hop *h;

	if (hs == NULL)
		return;
	while ((h = hop_ripe(hs, RTIME_NONE, true)) != NULL)
		hop_drop(hs, h);
	table_done(&hs->pids);
	table_done(&hs->users);
	free(hs);
	*hsp = NULL;
}

struct hop *
hop_of_pid(const struct hops *hs, uint32_t pid)
{
	struct table_link *l = table_first(&hs->pids, hash_u64(pid));

	for (; l != NULL; l = table_next(l)) {
		struct hop *h = TABLE_ENTRY(l, struct hop, by_pid);

		if (h->pid == pid)
			return h;
	}
	return NULL;
}

struct hop *
hop_find(const struct hops *hs, uint32_t pid, uint64_t life)
{
	struct hop *h = hop_of_pid(hs, pid);

	return h != NULL && h->life == life ? h : NULL;
}

static struct hop_user *
user_get(struct hops *hs, uint32_t auid)
{
	struct hop_user *u;

	for (struct table_link *l = table_first(&hs->users, hash_u64(auid)); l != NULL;
	    l = table_next(l)) {
		u = TABLE_ENTRY(l, struct hop_user, by_auid);
		if (u->auid == auid)
			return u;
	}
	u = calloc(1, sizeof(*u));
	if (u == NULL)
		return NULL;
	u->auid = auid;
	TAILQ_INIT(&u->hops);
	table_add(&hs->users, &u->by_auid, hash_u64(auid));
	return u;
}

static void
user_release(struct hops *hs, struct hop_user *u)
{
	if (u->n > 0)
		return;
	table_del(&hs->users, &u->by_auid);
	free(u);
}

void
hop_drop(struct hops *hs, struct hop *h)
{
	free(hop_wait_take(hs, h, &(size_t){0}));
	table_del(&hs->pids, &h->by_pid);
	ripe_clear(&hs->queue, &h->ripe);
	TAILQ_REMOVE(&h->user->hops, h, in_user);
	h->user->n--;
	user_release(hs, h->user);
	free(h);
}

/* The user is held by the caller, and counts one more than he has. */
static void
make_room(struct detect *d, struct hops *hs, const struct hop_user *u)
{
	struct hop *victim = NULL;

	if (u->n > ST_HOPS_USER)
		victim = TAILQ_FIRST(&u->hops);
	else if (hs->pids.n >= ST_HOPS)
		victim = hop_ripe(hs, RTIME_NONE, true);
	if (victim == NULL)
		return;
	hs->settle(d, hs, victim);
	hop_drop(hs, victim);
}

struct hop *
hop_get(struct detect *d, struct hops *hs, const struct evidence *e)
{
	struct hop *h = hop_of_pid(hs, e->pid);
	struct hop_user *u;

	if (h != NULL && h->life == e->life)
		return h;
	if (h != NULL) {
		hs->settle(d, hs, h);
		hop_drop(hs, h);
	}
	u = user_get(hs, e->auid);
	if (u == NULL)
		return NULL;
	u->n++; /* held, or it could go with the one that makes room */
	make_room(d, hs, u);
	u->n--;
	h = calloc(1, sizeof(*h));
	if (h == NULL) {
		user_release(hs, u);
		return NULL;
	}
	h->pid = e->pid;
	h->life = e->life;
	h->user = u;
	u->n++;
	TAILQ_INSERT_TAIL(&u->hops, h, in_user);
	table_add(&hs->pids, &h->by_pid, hash_u64(e->pid));
	hop_due(hs, h, (struct rtime){.ms = e->time.ms + HOP_IDLE_MS});
	return h;
}

void
hop_due(struct hops *hs, struct hop *h, struct rtime due)
{
	ripe_set(&hs->queue, &h->ripe, due);
}

struct hop *
hop_ripe(const struct hops *hs, struct rtime now, bool all)
{
	struct ripe *r = ripe_next(&hs->queue, now, all);

	return r != NULL ? TABLE_ENTRY(r, struct hop, ripe) : NULL;
}

static bool
is_waiting(const struct hop *h, struct endpoint to)
{
	for (size_t i = 0; i < h->nwaits; i++) {
		if (endpoint_eq(h->waits[i].to, to))
			return true;
	}
	return false;
}

void
hop_wait(struct hops *hs, struct hop *h, const struct evidence *e)
{
	if (is_waiting(h, e->to))
		return;
	if (h->waits == NULL && (h->waits = calloc(HOP_WAITS, sizeof(*h->waits))) == NULL)
		return;
	if (h->nwaits == HOP_WAITS) {
		memmove(h->waits, h->waits + 1, (HOP_WAITS - 1) * sizeof(h->waits[0]));
		h->nwaits--;
	}
	h->waits[h->nwaits++] = *e;
	if (!h->unsure)
		TAILQ_INSERT_TAIL(&hs->unsure, h, in_unsure);
	h->unsure = true;
}

struct evidence *
hop_wait_take(struct hops *hs, struct hop *h, size_t *n)
{
	struct evidence *waits = h->waits;

	*n = h->nwaits;
	h->waits = NULL;
	h->nwaits = 0;
	if (h->unsure)
		TAILQ_REMOVE(&hs->unsure, h, in_unsure);
	h->unsure = false;
	return waits;
}

struct hop *
hop_first_unsure(const struct hops *hs)
{
	return TAILQ_FIRST(&hs->unsure);
}

struct hop *
hop_next_unsure(struct hop *h)
{
	return TAILQ_NEXT(h, in_unsure);
}
