/* ring: see ring.h.  Runs in the monitor.  BPF limits how much a session can make it say. */
#include "agentd/monitor/ring.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "agentd/monitor/cut.h"
#include "agentd/monitor/gate.h"
#include "agentd/monitor/mode.h"
#include "agentd/monitor/protect.h"
#include "agentd/monitor/registry.h"
#include "agentd/monitor/table.h"
#include "base/log.h"

#define CUTS_MAX 256

/* What one session has connected to one listener is cut. */
struct cutting {
	struct job job;
	LIST_ENTRY(cutting) entry;
	struct ring *ring; /* borrowed; the loop's */
	uint32_t ses, dev_major, dev_minor;
	uint64_t inode;
	bool again; /* it has connected once more since this was begun */
	int rc;
};

struct ring {
	struct monitor *m; /* borrowed */
	LIST_HEAD(, cutting) cuts; /* each is with WORK_ACT */
	unsigned n;
	struct log_gate gate;
};

/* --- cuts ------------------------------------------------------------------------------------------- */

static void
run(struct job *job)
{
	struct cutting *c = (struct cutting *)job;

	c->rc = cut_connections(c->ses, c->dev_major, c->dev_minor, c->inode);
}

static void
done(struct job *job)
{
	struct cutting *c = (struct cutting *)job;
	struct ring *ring = c->ring;

	if (c->rc != 0)
		log_debug("session %u at the listener of inode %llu: %s%d", c->ses,
		    (unsigned long long)c->inode, c->rc < 0 ? "not cut, errno " : "cut ", abs(c->rc));
	if (c->again) {
		c->again = false;
		if (aside_give(ring->m->work[WORK_ACT], &c->job))
			return;
	}
	LIST_REMOVE(c, entry);
	ring->n--;
	free(c);
}

static struct cutting *
under_way(const struct ring *ring, const struct notice *n)
{
	struct cutting *c;

	LIST_FOREACH (c, &ring->cuts, entry)
		if (c->ses == n->id && c->inode == n->inode && c->dev_major == n->dev_major &&
		    c->dev_minor == n->dev_minor)
			return c;
	return NULL;
}

static bool
begin_cut(struct ring *ring, const struct notice *n)
{
	struct cutting *c = under_way(ring, n);

	if (c != NULL) {
		c->again = true;
		return true;
	}
	c = ring->n < CUTS_MAX ? malloc(sizeof(*c)) : NULL;
	if (c == NULL)
		return false;
	*c = (struct cutting){.job = {.run = run, .done = done}, .ring = ring, .ses = n->id,
	    .dev_major = n->dev_major, .dev_minor = n->dev_minor, .inode = n->inode};
	if (!aside_give(ring->m->work[WORK_ACT], &c->job)) {
		free(c);
		return false;
	}
	LIST_INSERT_HEAD(&ring->cuts, c, entry);
	ring->n++;
	return true;
}

/* --- events ----------------------------------------------------------------------------------------- */

static unsigned
event_of(const struct notice *n)
{
	return n->flags & 0xff;
}

static unsigned
verdict_of(const struct notice *n)
{
	return n->flags >> 8 & 0xff;
}

/*
 * A connection to a listener that is there although the verdict is against it: its process was killed in
 * it, and a sibling may hold it; or it is sshd's, which is never killed.  By path none came to be.
 */
static bool
must_be_cut(const struct ring *ring, const struct notice *n, const struct mon_session *s)
{
	if (event_of(n) != GATE_UNIX || verdict_of(n) != GRANT_DENY || (n->flags & GATEN_REFUSED) != 0 ||
	    n->id == SES_UNSET || n->inode == 0)
		return false;
	return (n->flags & GATEN_KILLED) != 0 || mode_get(ring->m->mode) == MODE_ENFORCE ||
	    (s != NULL && (s->row_flags & GATEROW_REVOKED_ORDER) != 0);
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
	const struct mon_session *s = registry_get(ring->m->registry, n->ses);
	unsigned held;

	if (must_be_cut(ring, n, s) && !begin_cut(ring, n) && log_allow(&ring->gate, 10, &held))
		log_err("session %u: a connection to a socket of another's is not cut: too many at once",
		    n->id);
	(void)monitor_send(ring->m, n, NULL, 0);
	count(ring, n, s);
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

/* --- life ------------------------------------------------------------------------------------------- */

struct ring *
ring_new(struct monitor *m)
{
	struct ring *ring = calloc(1, sizeof(*ring));
	int rc;

	if (ring == NULL)
		return NULL;
	ring->m = m;
	LIST_INIT(&ring->cuts);
	rc = gate_listen(m->gate, m->base, on_event, ring);
	if (rc != 0)
		log_err("what the gates see is not heard: %s", strerror(-rc));
	return ring;
}

/* The jobs are with WORK_ACT, which has ended. */
void
ring_free(struct ring **ring)
{
	free(*ring);
	*ring = NULL;
}
