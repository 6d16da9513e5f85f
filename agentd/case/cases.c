/*
 * cases: the table of them, one a session, in the order of their last change.  The longest unchanged one makes room,
 * those of which nothing counts first.  Pure.
 */
#include <bsd/sys/queue.h>
#include <stdio.h>
#include <stdlib.h>

#include "agentd/baseline/baseline.h"
#include "agentd/case/case_parts.h"

#define BUCKETS 1024
#define WAIT_MS 1000 /* and up to a second more, until somebody asks */

struct node {
	struct case_file c; /* first */
	LIST_ENTRY(node) in_bucket;
	TAILQ_ENTRY(node) in_order, in_wait;
	struct rtime since; /* when it was first asked for; RTIME_NONE: not yet */
	bool scored, dirty, waits;
};
TAILQ_HEAD(order, node);

struct cases {
	char boot_id[37];
	const struct baseline *baseline; /* borrowed; NULL: nothing is known to be usual */
	LIST_HEAD(bucket, node) buckets[BUCKETS];
	struct order plain, scored; /* the newest change last */
	struct order waiting;       /* they have something to be told */
	size_t n;
	uint64_t dropped;
};

static struct node *
find(const struct cases *t, uint32_t ses)
{
	struct node *n;

	LIST_FOREACH(n, &t->buckets[hash_u64(ses) % BUCKETS], in_bucket) {
		if (n->c.ses == ses)
			return n;
	}
	return NULL;
}

static void
set_waits(struct cases *t, struct node *n, bool waits)
{
	if (waits == n->waits)
		return;
	if (waits)
		TAILQ_INSERT_TAIL(&t->waiting, n, in_wait);
	else
		TAILQ_REMOVE(&t->waiting, n, in_wait);
	n->waits = waits;
	n->since = RTIME_NONE;
}

static void
drop(struct cases *t, struct node *n)
{
	set_waits(t, n, false);
	TAILQ_REMOVE(n->scored ? &t->scored : &t->plain, n, in_order);
	LIST_REMOVE(n, in_bucket);
	t->n--;
	case_free(&n->c);
}

static void
make_room(struct cases *t)
{
	struct node *n = TAILQ_FIRST(&t->plain);

	if (t->n < ST_CASES)
		return;
	if (n == NULL) {
		n = TAILQ_FIRST(&t->scored);
		t->dropped++;
	}
	drop(t, n);
}

static struct node *
ensure(struct cases *t, uint32_t ses)
{
	struct node *n = find(t, ses);

	if (n != NULL)
		return n;
	make_room(t);
	if ((n = calloc(1, sizeof(*n))) == NULL)
		return NULL;
	n->c.ses = ses;
	memcpy(n->c.boot, t->boot_id, sizeof(n->c.boot));
	LIST_INSERT_HEAD(&t->buckets[hash_u64(ses) % BUCKETS], n, in_bucket);
	TAILQ_INSERT_TAIL(&t->plain, n, in_order);
	t->n++;
	return n;
}

/* It has its place by what counts, and goes to the end; what is due to be told waits. */
static void
touch(struct cases *t, struct node *n)
{
	TAILQ_REMOVE(n->scored ? &t->scored : &t->plain, n, in_order);
	n->scored = n->c.score > 0;
	n->dirty = n->dirty || n->scored;
	TAILQ_INSERT_TAIL(n->scored ? &t->scored : &t->plain, n, in_order);
	set_waits(t, n, case_is_due(&n->c));
}

void
cases_look(struct cases *t, struct case_file *c, const struct host *h)
{
	const unsigned before = c->score;

	case_look(c, h);
	case_score(c);
	if (c->score != before)
		touch(t, (struct node *)c);
}

/* --- a finding ------------------------------------------------------------------------------------ */

/* Could anything have been unusual of it? */
static bool
is_judged(const struct cases *t, const struct case_file *c)
{
	char net[USUAL_NET_STRLEN];
	struct usual usual;

	if (t->baseline == NULL || c->user[0] == '\0' || c->peer.addr.family == 0)
		return false;
	baseline_ask(t->baseline, &(struct usual_key){.kind = USUAL_ORIGIN, .user = c->user,
	    .value = usual_net(c->peer.addr, net)}, c->opened, &usual);
	return usual.ready;
}

struct case_file *
cases_take(struct cases *t, const struct ruling *r, enum done done, const char *id, const struct host *h)
{
	const struct finding *f = r->finding;
	struct case_item it;
	struct node *n;
	unsigned before;

	/* The login itself stands in the head of the case. */
	if (f->session->ses == SES_UNSET || (f->activity == ACT_LOGIN && find(t, f->session->ses) == NULL))
		return NULL;
	if (!case_item_of(r, done, id, &it))
		return NULL;
	if ((n = ensure(t, f->session->ses)) == NULL) {
		case_item_done(&it);
		return NULL;
	}
	case_note_login(&n->c, f->session);
	if (f->session->state != SESSION_OVER) /* a late record does not bring it back */
		n->c.over = RTIME_NONE;
	else if (n->c.over.ms == RTIME_NONE.ms)
		n->c.over = f->session->closed;
	if (f->time.ms > n->c.changed.ms)
		n->c.changed = f->time;
	before = n->c.indicators;
	case_add(&n->c, &it);
	case_score(&n->c);
	if (n->c.indicators != before) {
		n->c.judged = n->c.judged || is_judged(t, &n->c);
		if (h != NULL)
			cases_look(t, &n->c, h);
	}
	touch(t, n);
	return &n->c;
}

/* A clock that was set back makes nobody wait. */
static bool
has_waited(const struct node *n, struct rtime now)
{
	const int64_t waited = rtime_since(now, n->since);

	return n->c.scored == SEV_CRITICAL || waited < 0 || waited >= WAIT_MS;
}

struct case_file *
cases_ripe(struct cases *t, struct rtime now, bool all)
{
	struct node *n;

	TAILQ_FOREACH(n, &t->waiting, in_wait) {
		if (n->since.ms == 0)
			n->since = now;
		if (all || has_waited(n, now))
			return &n->c;
	}
	return NULL;
}

void
cases_told(struct cases *t, struct case_file *c)
{
	c->told = c->scored;
	touch(t, (struct node *)c);
}

void
cases_over(struct cases *t, uint32_t ses, const struct host *h, struct rtime now)
{
	struct node *n = find(t, ses);

	if (n == NULL)
		return;
	if (n->c.score == 0) {
		drop(t, n);
		return;
	}
	if (h != NULL)
		cases_look(t, &n->c, h);
	n->c.over = now;
	n->dirty = true;
}

/* --- kept ones ------------------------------------------------------------------------------------- */

void
cases_restore(struct cases *t, struct case_file *kept)
{
	const bool is_new = find(t, kept->ses) == NULL;
	struct node *n = ensure(t, kept->ses);

	if (n != NULL && is_new) {
		n->c = *kept;
		kept->items = NULL;
		kept->nitems = 0;
	} else if (n != NULL) {
		case_join(&n->c, kept);
	}
	if (n != NULL) {
		case_score(&n->c);
		touch(t, n);
		n->dirty = !is_new;
	}
	case_free(kept);
}

struct case_file *
cases_find(struct cases *t, uint32_t ses)
{
	struct node *n = find(t, ses);

	return n != NULL && n->scored ? &n->c : NULL;
}

void
cases_each(struct cases *t, bool (*fn)(const struct case_file *, void *arg), void *arg)
{
	struct node *n;

	TAILQ_FOREACH_REVERSE(n, &t->scored, order, in_order) {
		if (!fn(&n->c, arg))
			return;
	}
}

void
cases_changed(struct cases *t, void (*fn)(const struct case_file *, void *arg), void *arg)
{
	struct node *n;

	/* Those that changed stand together at the end, but for those that are over since. */
	TAILQ_FOREACH_REVERSE(n, &t->scored, order, in_order) {
		if (n->dirty)
			fn(&n->c, arg);
		n->dirty = false;
	}
}

uint64_t
cases_dropped(const struct cases *t)
{
	return t->dropped;
}

struct cases *
cases_new(const char *boot_id, const struct baseline *baseline)
{
	struct cases *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	(void)snprintf(t->boot_id, sizeof(t->boot_id), "%s", boot_id != NULL ? boot_id : "");
	t->baseline = baseline;
	TAILQ_INIT(&t->plain);
	TAILQ_INIT(&t->scored);
	TAILQ_INIT(&t->waiting);
	return t;
}

void
cases_free(struct cases **tp)
{
	struct cases *t = *tp;
	struct node *n;

	if (t == NULL)
		return;
	*tp = NULL;
	while ((n = TAILQ_FIRST(&t->plain)) != NULL || (n = TAILQ_FIRST(&t->scored)) != NULL)
		drop(t, n);
	free(t);
}
