/* ring: see ring.h.  Runs in the monitor.  BPF limits how much a session can make it say. */
#include "agentd/monitor/ring.h"

#include <stdlib.h>
#include <string.h>

#include "agentd/monitor/cuts.h"
#include "agentd/monitor/gate.h"
#include "agentd/monitor/mode.h"
#include "agentd/monitor/protect.h"
#include "agentd/monitor/registry.h"
#include "agentd/monitor/table.h"
#include "base/log.h"

struct ring {
	struct monitor *m; /* borrowed */
	struct cuts *cuts;
	uint64_t uncut; /* by gate_uncut(), when it was last looked at */
};

/*
 * A connection that is there although the verdict is against it: its process was killed in it, and a sibling
 * may hold it; or it is sshd's, which is never killed.  By path none came to be.
 */
static void
cut(struct ring *ring, const struct notice *n)
{
	uint64_t uncut = gate_uncut(ring->m->gate);

	if ((n->flags & GATEN_CUT) != 0 && n->id != SES_UNSET && n->inode != 0)
		cuts_begin(ring->cuts, n);
	/* The ring was full, and still is when such a one is missed: after it more is to be read. */
	if (uncut != ring->uncut)
		cuts_look(ring->cuts);
	ring->uncut = uncut;
}

/* What root has ordered is no mistake of the policy's. */
static void
count(struct ring *ring, const struct notice *n, const struct mon_session *s)
{
	const uint32_t order = GATEROW_ISOLATED_ORDER | GATEROW_REVOKED_ORDER;

	if ((n->flags & (GATEN_REFUSED | GATEN_KILLED)) != 0 && (s == NULL || (s->row_flags & order) == 0) &&
	    mode_get(ring->m->mode) == MODE_ENFORCE)
		(void)table_may_stop(ring->m, s != NULL ? s->auid : n->auid);
}

static void
on_event(const struct notice *n, void *arg)
{
	struct ring *ring = arg;

	cut(ring, n);
	(void)monitor_send(ring->m, n, NULL, 0);
	count(ring, n, registry_get(ring->m->registry, n->ses));
}

void
ring_tell_gates(struct ring *ring)
{
	struct notice n = {.kind = NOTE_GATES};
	uint8_t why[GATEF_COUNT] = {0};

	n.flags = gate_works(ring->m->gate, why);
	for (unsigned i = 0; i < GATEF_COUNT; i++)
		n.value |= (uint64_t)why[i] << 8 * i;
	(void)monitor_send(ring->m, &n, NULL, 0);
}

struct ring *
ring_new(struct monitor *m)
{
	struct ring *ring = calloc(1, sizeof(*ring));
	int rc;

	if (ring == NULL)
		return NULL;
	ring->m = m;
	ring->cuts = cuts_new(m);
	if (ring->cuts == NULL) {
		ring_free(&ring);
		return NULL;
	}
	rc = gate_listen(m->gate, m->base, on_event, ring);
	if (rc != 0)
		log_err("what the gates see is not heard: %s", strerror(-rc));
	return ring;
}

void
ring_free(struct ring **ring)
{
	if (*ring == NULL)
		return;
	cuts_free(&(*ring)->cuts);
	free(*ring);
	*ring = NULL;
}
