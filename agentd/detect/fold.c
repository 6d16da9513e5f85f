/*
 * fold: see fold.h.
 */
#include "agentd/detect/fold.h"

#include <bsd/sys/queue.h>
#include <stdlib.h>

#include "agentd/host/table.h"

struct fold_entry {
	struct table_link by_key;
	TAILQ_ENTRY(fold_entry) in_order;
	uint64_t key;
	struct rtime told;
	unsigned held;
};
TAILQ_HEAD(fold_list, fold_entry);

struct fold {
	struct table keys;
	struct fold_list order; /* last told first out */
	size_t max;
};

struct fold *
fold_new(size_t max)
{
	struct fold *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	f->max = max;
	TAILQ_INIT(&f->order);
	if (!table_init(&f->keys))
		fold_free(&f);
	return f;
}

static void
drop(struct fold *f, struct fold_entry *e)
{
	table_del(&f->keys, &e->by_key);
	TAILQ_REMOVE(&f->order, e, in_order);
	free(e);
}

void
fold_free(struct fold **fp)
{
	struct fold *f = *fp;
	struct fold_entry *e;

	if (f == NULL)
		return;
	while ((e = TAILQ_FIRST(&f->order)) != NULL)
		drop(f, e);
	table_done(&f->keys);
	free(f);
	*fp = NULL;
}

static struct fold_entry *
find(const struct fold *f, uint64_t key)
{
	struct table_link *l = table_first(&f->keys, hash_u64(key));

	for (; l != NULL; l = table_next(l)) {
		struct fold_entry *e = TABLE_ENTRY(l, struct fold_entry, by_key);

		if (e->key == key)
			return e;
	}
	return NULL;
}

static bool
is_told(const struct fold_entry *e, struct rtime now, int64_t window_ms)
{
	return e != NULL && rtime_since(now, e->told) < window_ms;
}

bool
fold_has(const struct fold *f, uint64_t key, struct rtime now, int64_t window_ms)
{
	return is_told(find(f, key), now, window_ms);
}

unsigned
fold_pass(struct fold *f, uint64_t key, struct rtime now, int64_t window_ms)
{
	struct fold_entry *e = find(f, key);
	unsigned count;

	if (is_told(e, now, window_ms)) {
		e->held++;
		return 0;
	}
	if (e == NULL) {
		if (f->keys.n >= f->max)
			drop(f, TAILQ_FIRST(&f->order));
		e = calloc(1, sizeof(*e));
		if (e == NULL)
			return 1;
		e->key = key;
		table_add(&f->keys, &e->by_key, hash_u64(key));
	} else
		TAILQ_REMOVE(&f->order, e, in_order);
	TAILQ_INSERT_TAIL(&f->order, e, in_order);
	count = e->held + 1;
	e->held = 0;
	e->told = now;
	return count;
}
