/* at_most: see at_most.h. */
#include "agentd/engine/at_most.h"

#include <stdlib.h>

#include <sshtether/limits.h>

struct slot {
	bool used;
	uint64_t key;
	unsigned left;      /* that may leave in this window */
	int64_t window_ms;
	struct mtime since; /* when it began */
	uint64_t held;
};

struct at_most {
	struct slot slots[ST_AT_MOST];
};

static bool
is_over(const struct slot *s, struct mtime now)
{
	return mtime_ms_since(now, s->since) >= s->window_ms;
}

/* What is free, or over with nothing to tell, goes before what is oldest. */
static bool
is_better(const struct slot *a, const struct slot *b, struct mtime now)
{
	const bool a_free = !a->used || (is_over(a, now) && a->held == 0);
	const bool b_free = !b->used || (is_over(b, now) && b->held == 0);

	return a_free != b_free ? a_free : a->since.ns < b->since.ns;
}

/* The key's own, or the one of its set that can best be spared. */
static struct slot *
slot_of(struct at_most *a, uint64_t key, struct mtime now)
{
	struct slot *set = &a->slots[key % (ST_AT_MOST / AT_MOST_WAYS) * AT_MOST_WAYS], *best = set;

	for (struct slot *s = set; s < set + AT_MOST_WAYS; s++) {
		if (s->used && s->key == key)
			return s;
		if (is_better(s, best, now))
			best = s;
	}
	return best;
}

bool
at_most_take(struct at_most *a, uint64_t rule, struct bytes user, const struct pol_rate *rate, struct mtime now,
    uint64_t *held, uint64_t *lost)
{
	const uint64_t key = hash_u64(rule ^ hash_u64(bytes_hash(user)));
	struct slot *s = slot_of(a, key, now);
	const bool known = s->used && s->key == key;

	*held = 0;
	if (lost != NULL)
		*lost = known ? 0 : s->held;
	if (!known || is_over(s, now))
		*s = (struct slot){.used = true, .key = key, .left = rate->n, .window_ms = rate->window_ms, .since = now,
		    .held = known ? s->held : 0};
	if (s->left == 0) {
		s->held++;
		return false;
	}
	s->left--;
	*held = s->held;
	s->held = 0;
	return true;
}

struct at_most *
at_most_new(void)
{
	return calloc(1, sizeof(struct at_most));
}

void
at_most_free(struct at_most **ap)
{
	free(*ap);
	*ap = NULL;
}
