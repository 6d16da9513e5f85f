/*
 * parent: who started whom, back to sshd.  A parent that has no record of its own is taken from
 * /proc where we may look, or is no more than a pid.  Runs in the engine and in replay.
 */
#include "agentd/host/model.h"

#define PARENTS_PROBED 32

/*
 * From /proc where we may look and it still lives; else all that is sure is that a child has its
 * parent's session.
 */
static bool
parent_facts(const struct host *h, const struct process *child, struct process *out)
{
	struct probe_task t;

	*out = (struct process){.pid = child->ppid, .ses = child->ses, .auid = child->auid};
	if (h->probe.task == NULL || !h->probe.task(h->probe.arg, child->ppid, &t))
		return true;
	if (t.ses != child->ses)
		return false;
	out->ppid = t.ppid;
	out->uid = t.uid;
	out->euid = t.euid;
	memcpy(out->comm, t.comm, sizeof(out->comm));
	return true;
}

void
process_note_parents(struct host *h, const struct process_node *first)
{
	struct process child = first->p, parent;
	struct process_node *n;

	for (int i = 0; i < PARENTS_PROBED && child.ppid > 1; i++) {
		n = process_find(h, child.ppid);
		if (n != NULL && n->p.ses == child.ses) {
			process_touch(h, n);
			return;
		}
		if (!parent_facts(h, &child, &parent))
			return;
		n = process_note(h, &parent);
		if (n == NULL)
			return;
		child = n->p;
	}
}

/*
 * Where a parent is not known the chain has a gap; but whatever runs in an SSH session descends
 * from its sshd.  (Not for the task itself: the next in its chain is taken for its parent.)
 */
static const struct process_node *
over_the_gap(const struct host *h, const struct process_node *n, size_t depth)
{
	const struct session *s = n->session != NULL ? &n->session->s : NULL;
	const struct process_node *child;

	if (s == NULL || !s->ssh || (depth < 2 && !n->p.is_sshd))
		return NULL;
	child = process_find(h, s->child_pid);
	return child != NULL && child != n ? child : process_find(h, s->monitor_pid);
}

static const struct process_node *
parent_of(const struct host *h, const struct process_node *n)
{
	const struct process_node *parent = process_find(h, n->p.ppid);

	/* a younger one of another session has taken the parent's pid */
	if (parent != NULL && parent->p.ses != n->p.ses && parent->p.life > n->p.life)
		return NULL;
	return parent;
}

static bool
is_monitor(const struct process_node *n)
{
	return n->session != NULL && n->session->s.ssh && n->p.pid == n->session->s.monitor_pid;
}

static bool
is_among(const struct process **chain, size_t n, const struct process *p)
{
	for (size_t i = 0; i < n; i++) {
		if (chain[i] == p)
			return true;
	}
	return false;
}

/* Records can be wrong, and pids come again: a chain that runs in a circle ends. */
size_t
host_ancestry(const struct host *h, uint32_t pid, const struct process **out, size_t max)
{
	const struct process_node *n = process_find(h, pid), *next;
	size_t count = 0;

	while (n != NULL && count < max && !is_among(out, count, &n->p)) {
		out[count++] = &n->p;
		if (is_monitor(n))
			break;
		next = parent_of(h, n);
		n = next != NULL ? next : over_the_gap(h, n, count);
	}
	return count;
}
