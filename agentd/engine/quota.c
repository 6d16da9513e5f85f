/* quota: see quota.h. */
#include "agentd/engine/quota.h"

#include "base/bytes.h"

void
quota_init(struct quota *q, unsigned burst, unsigned minute)
{
	q->burst = burst;
	q->minute = minute;
}

/* Its slot, or the one of its set that is free or oldest. */
static size_t
slot_of(const struct quota *q, uint32_t key)
{
	const size_t first = hash_u64(key) % (QUOTA_SLOTS / QUOTA_WAYS) * QUOTA_WAYS;
	size_t best = first;

	for (size_t i = first; i < first + QUOTA_WAYS; i++) {
		if (q->slot[i].used && q->slot[i].key == key)
			return i;
		if (q->slot[best].used &&
		    (!q->slot[i].used || q->slot[i].last.ns < q->slot[best].last.ns))
			best = i;
	}
	return best;
}

bool
quota_take(struct quota *q, uint32_t key, struct mtime now)
{
	const size_t i = slot_of(q, key);
	double passed;

	if (!q->slot[i].used || q->slot[i].key != key) {
		q->slot[i].used = true;
		q->slot[i].key = key;
		q->slot[i].left = q->burst;
		q->slot[i].last = now;
	}
	passed = (double)mtime_ms_since(now, q->slot[i].last);
	if (passed > 0) {
		q->slot[i].left += passed * q->minute / 60000.0;
		q->slot[i].last = now;
	}
	if (q->slot[i].left > q->burst)
		q->slot[i].left = q->burst;
	if (q->slot[i].left < 1)
		return false;
	q->slot[i].left -= 1;
	return true;
}
