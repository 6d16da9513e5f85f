/* held: see held.h.  Engine process. */
#include "agentd/engine/held.h"

#include <stdlib.h>
#include <sys/queue.h>

#include <event2/event.h>

#include "agentd/engine/keep.h"

struct one {
	TAILQ_ENTRY(one) link;
	struct held *held; /* borrowed */
	struct kept *kept; /* owned */
	struct event *late; /* owned */
};

struct held {
	struct event_base *base;
	int64_t wait_ms;
	held_fn *fn;
	void *arg;
	TAILQ_HEAD(, one) all;
};

static void
one_free(struct one *o)
{
	if (o->late != NULL)
		event_free(o->late);
	kept_free(&o->kept);
	free(o);
}

static void
look(struct one *o, bool late)
{
	struct held *h = o->held;

	if (!h->fn(kept_ruling(o->kept), late, h->arg) && !late)
		return;
	TAILQ_REMOVE(&h->all, o, link);
	one_free(o);
}

static void
on_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	look(arg, true);
}

bool
held_put(struct held *h, const struct ruling *r)
{
	const struct timeval tv = timeval_of_ms(h->wait_ms);
	struct one *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return false;
	o->held = h;
	o->kept = kept_new(r);
	o->late = evtimer_new(h->base, on_late, o);
	if (o->kept == NULL || o->late == NULL || event_add(o->late, &tv) == -1) {
		one_free(o);
		return false;
	}
	TAILQ_INSERT_TAIL(&h->all, o, link);
	return true;
}

void
held_again(struct held *h, bool late)
{
	struct one *o, *next;

	for (o = TAILQ_FIRST(&h->all); o != NULL; o = next) {
		next = TAILQ_NEXT(o, link);
		look(o, late);
	}
}

struct held *
held_new(struct event_base *base, int64_t wait_ms, held_fn *fn, void *arg)
{
	struct held *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	*h = (struct held){.base = base, .wait_ms = wait_ms, .fn = fn, .arg = arg};
	TAILQ_INIT(&h->all);
	return h;
}

void
held_free(struct held **hp)
{
	struct held *h = *hp;
	struct one *o;

	if (h == NULL)
		return;
	*hp = NULL;
	while ((o = TAILQ_FIRST(&h->all)) != NULL) {
		TAILQ_REMOVE(&h->all, o, link);
		one_free(o);
	}
	free(h);
}
