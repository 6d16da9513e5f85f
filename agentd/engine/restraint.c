/* restraint: see restraint.h. */
#include "agentd/engine/restraint.h"

void
restraint_done(struct session *s, enum done done)
{
	if (s == NULL)
		return;
	s->isolated |= done == DONE_ISOLATED ? BY_POLICY : 0u;
	s->revoked |= done == DONE_REVOKED ? BY_POLICY : 0u;
}

void
restraint_ordered(struct session *s, const struct notice *n)
{
	if (s == NULL || !result_is_done(n->result))
		return;
	s->isolated |= (n->flags & ORDERF_ISOLATE) != 0 ? BY_ORDER : 0u;
	s->revoked |= (n->flags & ORDERF_REVOKE) != 0 ? BY_ORDER : 0u;
}

static unsigned
by_whom(uint32_t flags, uint32_t held, uint32_t by_order)
{
	if ((flags & held) == 0)
		return 0;
	return (flags & by_order) != 0 ? BY_ORDER : BY_POLICY;
}

void
restraint_found(struct session *s, const struct notice *n)
{
	if (s == NULL)
		return;
	s->isolated |= by_whom(n->flags, FOUNDF_ISOLATED, FOUNDF_ISOLATED_ORDER);
	s->revoked |= by_whom(n->flags, FOUNDF_REVOKED, FOUNDF_REVOKED_ORDER);
}

static bool
free_of_policy(struct session *s, void *arg)
{
	(void)arg;
	s->isolated &= BY_ORDER;
	s->revoked &= BY_ORDER;
	return true;
}

void
restraint_mode(struct host *h, enum mode mode)
{
	if (mode == MODE_AUDIT)
		host_each_session(h, free_of_policy, NULL);
}
