/* orders: see orders.h.  Engine process. */
#include "agentd/engine/orders.h"

#include "base/bytes.h"

static struct order *
find(struct orders *o, uint32_t ses, uint32_t pid)
{
	for (unsigned i = 0; i < ST_ORDERS; i++)
		if (o->order[i].pid == pid && o->order[i].ses == ses)
			return &o->order[i];
	return NULL;
}

bool
orders_note(struct orders *o, uint32_t ses, uint32_t pid, const char *reason)
{
	struct order *slot = find(o, ses, pid), want = {.ses = ses, .pid = pid};

	if (!bytes_copy(bytes_of(reason), want.reason, sizeof(want.reason)))
		return false;
	if (slot == NULL)
		slot = &o->order[o->next++ % ST_ORDERS];
	*slot = want;
	return true;
}

const char *
orders_take(struct orders *o, uint32_t ses, uint32_t pid)
{
	struct order *slot = pid != 0 ? find(o, ses, pid) : NULL;

	if (slot == NULL)
		return NULL;
	slot->pid = 0;
	return slot->reason;
}
