/* index: see index.h.  At most three quarters full. */
#include "policy/index.h"

#include <stdlib.h>

struct index_slot {
	struct bytes name;
	uint64_t hash;
	void *value; /* NULL: free */
};

static struct index_slot *
slot_of(const struct index *x, struct bytes name, uint64_t hash)
{
	size_t i = (size_t)hash & (x->cap - 1);

	while (x->slots[i].value != NULL &&
	    (x->slots[i].hash != hash || !bytes_eq(x->slots[i].name, name)))
		i = (i + 1) & (x->cap - 1);
	return &x->slots[i];
}

void *
index_get(const struct index *x, struct bytes name)
{
	return x->cap != 0 ? slot_of(x, name, bytes_hash(name))->value : NULL;
}

static bool
grow(struct index *x)
{
	struct index bigger = {.n = x->n, .cap = x->cap != 0 ? x->cap * 2 : 64};

	bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
	if (bigger.slots == NULL) {
		x->failed = true;
		return false;
	}
	for (size_t i = 0; i < x->cap; i++)
		if (x->slots[i].value != NULL)
			*slot_of(&bigger, x->slots[i].name, x->slots[i].hash) = x->slots[i];
	free(x->slots);
	*x = bigger;
	return true;
}

void
index_put(struct index *x, struct bytes name, void *value)
{
	uint64_t hash = bytes_hash(name);
	struct index_slot *slot;

	if (x->n * 4 >= x->cap * 3 && !grow(x))
		return;
	slot = slot_of(x, name, hash);
	x->n += slot->value == NULL;
	*slot = (struct index_slot){.name = name, .hash = hash, .value = value};
}

void
index_free(struct index *x)
{
	free(x->slots);
	*x = (struct index)INDEX_INIT;
}
