/* cuts: see cuts.h.  Runs in the monitor: run() and look() beside its loop. */
#include "agentd/monitor/cuts.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "agentd/monitor/cut.h"
#include "agentd/monitor/gate.h"
#include "base/log.h"

#define LOOK_MS 20 /* until a look at all begins */

/* What one session has connected to one listener. */
struct cutting {
	struct job job;
	LIST_ENTRY(cutting) entry;
	struct cuts *cuts; /* borrowed; the loop's */
	uint32_t ses, dev_major, dev_minor;
	uint64_t inode;
	bool again; /* it has connected once more since this was begun */
	int rc;
};

/* Whatever is refused at any listener: one of them a turn, so that others have theirs. */
struct look {
	struct job job;
	struct cuts *cuts;       /* borrowed; the loop's */
	const struct gate *gate; /* borrowed; asked, never changed */
	size_t i, n;
	struct gate_listener at[GATE_LISTENERS];
	unsigned cut;
};

struct cuts {
	struct monitor *m; /* borrowed */
	LIST_HEAD(, cutting) all; /* each is with WORK_ACT */
	unsigned n;
	struct event *on_left;
	bool looking; /* a look is with WORK_ACT */
	bool left;    /* since that began, something was not taken */
	struct log_limit log_limit;
};

/* --- one by one ----------------------------------------------------------------------------------------- */

static void
run(struct job *job)
{
	struct cutting *c = (struct cutting *)job;

	c->rc = cut_connections(c->ses, c->dev_major, c->dev_minor, c->inode, false);
}

static void
done(struct job *job)
{
	struct cutting *c = (struct cutting *)job;
	struct cuts *cuts = c->cuts;

	if (c->rc != 0)
		log_debug("session %u at the listener of inode %llu: %s%d", c->ses,
		    (unsigned long long)c->inode, c->rc < 0 ? "not cut, errno " : "cut ", abs(c->rc));
	if (c->again) {
		c->again = false;
		if (aside_give(cuts->m->work[WORK_ACT], &c->job))
			return;
		cuts_look(cuts);
	}
	LIST_REMOVE(c, entry);
	cuts->n--;
	free(c);
}

static struct cutting *
under_way(const struct cuts *cuts, const struct notice *n)
{
	struct cutting *c;

	LIST_FOREACH (c, &cuts->all, entry)
		if (c->ses == n->id && c->inode == n->inode && c->dev_major == n->dev_major &&
		    c->dev_minor == n->dev_minor)
			return c;
	return NULL;
}

static bool
begin(struct cuts *cuts, const struct notice *n)
{
	struct cutting *c = cuts->n < ST_CUTS ? malloc(sizeof(*c)) : NULL;

	if (c == NULL)
		return false;
	*c = (struct cutting){.job = {.run = run, .done = done}, .cuts = cuts, .ses = n->id,
	    .dev_major = n->dev_major, .dev_minor = n->dev_minor, .inode = n->inode};
	if (!aside_give(cuts->m->work[WORK_ACT], &c->job)) {
		free(c);
		return false;
	}
	LIST_INSERT_HEAD(&cuts->all, c, entry);
	cuts->n++;
	return true;
}

void
cuts_begin(struct cuts *cuts, const struct notice *n)
{
	struct cutting *c = under_way(cuts, n);

	if (c != NULL)
		c->again = true;
	else if (!begin(cuts, n))
		cuts_look(cuts);
}

/* --- all ------------------------------------------------------------------------------------------------ */

static bool
is_refused(const struct facts *f, const void *arg)
{
	const struct look *l = arg;

	return gate_refuses(l->gate, f->ses, f->auid, l->at[l->i].cookie);
}

static void
look(struct job *job)
{
	struct look *l = (struct look *)job;
	const struct gate_listener *at = &l->at[l->i];
	int rc = cut_all(at->dev_major, at->dev_minor, at->inode, is_refused, l);

	if (rc > 0)
		l->cut += (unsigned)rc;
}

static void
looked(struct job *job)
{
	struct look *l = (struct look *)job;
	struct cuts *cuts = l->cuts;

	if (++l->i < l->n && aside_give(cuts->m->work[WORK_ACT], &l->job))
		return;
	log_debug("%zu of %zu Unix listeners looked at: %u connections cut", l->i, l->n, l->cut);
	cuts->looking = false;
	if (cuts->left || l->i < l->n)
		cuts_look(cuts);
	free(l);
}

static void
on_left_cb(evutil_socket_t fd, short what, void *arg)
{
	struct cuts *cuts = arg;
	struct look *l = malloc(sizeof(*l));

	(void)fd;
	(void)what;
	if (l != NULL) {
		l->job = (struct job){.run = look, .done = looked};
		l->cuts = cuts;
		l->gate = cuts->m->gate;
		l->i = l->cut = 0;
		l->n = gate_listeners(l->gate, l->at);
		cuts->left = false;
		cuts->looking = l->n != 0 && aside_give(cuts->m->work[WORK_ACT], &l->job);
		if (cuts->looking)
			return;
		cuts->left = l->n != 0;
		free(l);
	}
	if (cuts->left)
		cuts_look(cuts);
}

void
cuts_look(struct cuts *cuts)
{
	const struct timeval tv = timeval_of_ms(LOOK_MS);
	unsigned held;

	cuts->left = true;
	if (cuts->looking || evtimer_pending(cuts->on_left, NULL))
		return;
	if (log_allow(&cuts->log_limit, 10, &held))
		log_warn("more connections to be cut than can be one by one: all Unix listeners are looked at");
	(void)evtimer_add(cuts->on_left, &tv);
}

/* --- life ----------------------------------------------------------------------------------------------- */

struct cuts *
cuts_new(struct monitor *m)
{
	struct cuts *cuts = calloc(1, sizeof(*cuts));

	if (cuts == NULL)
		return NULL;
	cuts->m = m;
	LIST_INIT(&cuts->all);
	cuts->on_left = evtimer_new(m->base, on_left_cb, cuts);
	if (cuts->on_left == NULL)
		cuts_free(&cuts);
	return cuts;
}

void
cuts_free(struct cuts **cuts)
{
	if (*cuts == NULL)
		return;
	if ((*cuts)->on_left != NULL)
		event_free((*cuts)->on_left);
	free(*cuts);
	*cuts = NULL;
}
