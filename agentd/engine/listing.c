/* listing: see listing.h.  Engine process. */
#include "agentd/engine/listing.h"

#include <stdlib.h>

#include <event2/event.h>

#include "agentd/engine/control.h"
#include "agentd/engine/state.h"

#define SHARE      64 /* sessions of one step */
#define SHARE_TREE 8  /* with their processes */

struct listing {
	LIST_ENTRY(listing) link;
	struct engine *e;      /* borrowed */
	struct client *client; /* borrowed */
	struct event *step;
	bool tree;
	size_t n, at;
	uint32_t ses[]; /* as they were at the beginning; one that is gone by its turn is passed over */
};

static void
listing_free(struct listing *l)
{
	LIST_REMOVE(l, link);
	if (l->step != NULL)
		event_free(l->step);
	free(l);
}

static void
show(struct listing *l, uint32_t ses)
{
	const struct session *s = host_session(pipeline_host(l->e->pipeline), ses);
	struct buf line = BUF_INIT;

	if (s == NULL)
		return;
	session_json(l->e, s, l->tree, &line);
	if (buf_ok(&line))
		client_line(l->client, buf_bytes(&line));
	buf_free(&line);
}

static void
on_step(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval now = {0};
	struct listing *l = arg;
	const size_t share = l->tree ? SHARE_TREE : SHARE;
	const size_t end = l->n - l->at > share ? l->at + share : l->n;

	(void)fd;
	(void)what;
	while (l->at < end)
		show(l, l->ses[l->at++]);
	if (l->at < l->n) {
		event_add(l->step, &now);
		return;
	}
	client_end(l->client, 0, NULL);
	listing_free(l);
}

struct collecting {
	bool all;
	uint32_t *ses; /* NULL: count only */
	size_t n;
};

static bool
collect(struct session *s, void *arg)
{
	struct collecting *c = arg;

	if (!c->all && (!s->ssh || s->state == SESSION_OVER))
		return true;
	if (c->ses != NULL)
		c->ses[c->n] = s->ses;
	c->n++;
	return true;
}

void
listing_begin(struct engine *e, struct client *client, bool all, bool tree)
{
	const struct host *h = pipeline_host(e->pipeline);
	struct collecting c = {.all = all};
	struct listing *l;

	host_each_session(h, collect, &c);
	if ((l = calloc(1, sizeof(*l) + c.n * sizeof(l->ses[0]))) == NULL) {
		client_end(client, 3, "out of memory");
		return;
	}
	*l = (struct listing){.e = e, .client = client, .tree = tree, .n = c.n};
	c = (struct collecting){.all = all, .ses = l->ses};
	host_each_session(h, collect, &c);
	LIST_INSERT_HEAD(&e->listings, l, link);
	if ((l->step = evtimer_new(e->base, on_step, l)) == NULL) {
		listing_free(l);
		client_end(client, 3, "out of memory");
		return;
	}
	on_step(-1, 0, l);
}

void
listing_forget(struct engine *e, const struct client *client)
{
	struct listing *l, *next;

	for (l = LIST_FIRST(&e->listings); l != NULL; l = next) {
		next = LIST_NEXT(l, link);
		if (l->client == client)
			listing_free(l);
	}
}
