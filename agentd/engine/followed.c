/* followed: see followed.h.  Engine process. */
#include "agentd/engine/followed.h"

#include <stdlib.h>
#include <string.h>

#include <sshtether/limits.h>

#include "agentd/engine/failures.h"

#define CONTEST_MS 5000 /* records of two sessions that are so near may be of either connection */

static uint64_t
place_hash(struct endpoint to, uint32_t uid)
{
	return endpoints_hash(to, (struct endpoint){0}) ^ hash_u64(uid);
}

struct conn *
followed_conn(const struct followed *all, struct endpoint local, struct endpoint peer)
{
	struct table_link *l = table_first(&all->conns, endpoints_hash(local, peer));

	for (; l != NULL; l = table_next(l)) {
		struct conn *c = TABLE_ENTRY(l, struct conn, by_ends);

		if (endpoint_eq(c->local, local) && endpoint_eq(c->peer, peer))
			return c;
	}
	return NULL;
}

struct group *
followed_group(const struct followed *all, uint32_t ses)
{
	struct table_link *l = table_first(&all->groups, hash_u64(ses));

	for (; l != NULL; l = table_next(l)) {
		struct group *g = TABLE_ENTRY(l, struct group, by_ses);

		if (g->ses == ses)
			return g;
	}
	return NULL;
}

struct place *
followed_place(const struct followed *all, const struct group *of, struct endpoint to, uint32_t uid)
{
	struct table_link *l = table_first(&all->places, place_hash(to, uid));

	for (; l != NULL; l = table_next(l)) {
		struct place *p = TABLE_ENTRY(l, struct place, by_place);

		if (p->group == of && p->uid == uid && endpoint_eq(p->to, to))
			return p;
	}
	return NULL;
}

bool
followed_contested(const struct followed *all, const struct place *of)
{
	struct table_link *l = table_first(&all->places, place_hash(of->to, of->uid));

	for (; l != NULL; l = table_next(l)) {
		const struct place *p = TABLE_ENTRY(l, struct place, by_place);

		if (p != of && p->uid == of->uid && endpoint_eq(p->to, of->to) &&
		    (p->due || rtime_since(of->since, p->since) < CONTEST_MS))
			return true;
	}
	return false;
}

void
followed_drop(struct followed *all, struct conn *c)
{
	if (!c->over)
		table_del(&all->conns, &c->by_ends);
	TAILQ_REMOVE(&c->group->conns, c, link);
	c->group->nconns--;
	if (!c->own) {
		all->outbound--;
		c->group->user->outbound--;
	}
	free(c);
}

/* --- users: a bound of one is no other's ------------------------------------------------------------------ */

/* Made when he is not there.  NULL: no memory. */
static struct follower *
user_get(struct followed *all, uint32_t auid)
{
	struct table_link *l = table_first(&all->users, hash_u64(auid));
	struct follower *u;

	for (; l != NULL; l = table_next(l)) {
		u = TABLE_ENTRY(l, struct follower, by_auid);
		if (u->auid == auid)
			return u;
	}
	if ((u = calloc(1, sizeof(*u))) == NULL)
		return NULL;
	u->auid = auid;
	table_add(&all->users, &u->by_auid, hash_u64(auid));
	return u;
}

static void
user_release(struct followed *all, struct follower *u)
{
	if (--u->groups > 0)
		return;
	table_del(&all->users, &u->by_auid);
	free(u);
}

/* --- groups ------------------------------------------------------------------------------------------------- */

static void
forget_places(struct followed *all, struct group *g)
{
	struct place *p;

	while ((p = SLIST_FIRST(&g->places)) != NULL) {
		SLIST_REMOVE_HEAD(&g->places, link);
		table_del(&all->places, &p->by_place);
		free(p);
	}
	g->nplaces = 0;
}

static void
not_due(struct followed *all, struct group *g)
{
	if (g->due)
		TAILQ_REMOVE(&all->due, g, in_due);
	g->due = false;
}

void
followed_group_free(struct followed *all, struct group *g)
{
	struct conn *c;

	while ((c = TAILQ_FIRST(&g->conns)) != NULL)
		followed_drop(all, c);
	forget_places(all, g);
	table_del(&all->groups, &g->by_ses);
	not_due(all, g);
	TAILQ_REMOVE(&all->order, g, link);
	user_release(all, g->user);
	free(g);
}

struct group *
followed_group_new(struct followed *all, uint32_t ses, uint32_t auid)
{
	struct follower *user = NULL;
	struct group *g = calloc(1, sizeof(*g));

	if (g == NULL || (user = user_get(all, auid)) == NULL) {
		failure_note(FAIL_VOLUME_CAP);
		free(g);
		return NULL;
	}
	g->ses = ses;
	g->user = user;
	user->groups++;
	TAILQ_INIT(&g->conns);
	SLIST_INIT(&g->places);
	table_add(&all->groups, &g->by_ses, hash_u64(ses));
	TAILQ_INSERT_TAIL(&all->order, g, link);
	return g;
}

static bool
has_room(const struct followed *all, const struct group *g)
{
	return g->nconns < ST_VOLUMES_SES && all->outbound < ST_VOLUMES && g->user->outbound < ST_VOLUMES_USER;
}

struct conn *
followed_add(struct followed *all, struct group *g, struct endpoint local, struct endpoint peer, bool own)
{
	struct conn *c = NULL;

	if (own || has_room(all, g))
		c = calloc(1, sizeof(*c));
	if (c == NULL) {
		failure_note(FAIL_VOLUME_CAP);
		return NULL;
	}
	c->group = g;
	c->local = local;
	c->peer = peer;
	c->own = own;
	c->since = mtime_now();
	table_add(&all->conns, &c->by_ends, endpoints_hash(local, peer));
	g->nconns++;
	if (own) {
		TAILQ_INSERT_HEAD(&g->conns, c, link);
	} else {
		TAILQ_INSERT_TAIL(&g->conns, c, link);
		all->outbound++;
		g->user->outbound++;
	}
	return c;
}

static void
drop_place(struct followed *all, struct group *g, struct place *p)
{
	SLIST_REMOVE(&g->places, p, place, link);
	table_del(&all->places, &p->by_place);
	free(p);
	g->nplaces--;
}

/* NULL: there is no room, which is counted. */
static struct place *
place_new(struct followed *all, struct group *g)
{
	struct place *p, *oldest = NULL;

	if (g->nplaces >= ST_VOLUME_PLACES) {
		SLIST_FOREACH(p, &g->places, link)
			oldest = p->due ? oldest : p;
		if (oldest != NULL)
			drop_place(all, g, oldest);
	}
	p = g->nplaces < ST_VOLUME_PLACES ? calloc(1, sizeof(*p)) : NULL;
	if (p == NULL)
		failure_note(FAIL_VOLUME_CAP);
	return p;
}

void
followed_place_note(struct followed *all, struct group *g, struct endpoint to, uint32_t uid, struct rtime when,
    bool due)
{
	struct place *p = followed_place(all, g, to, uid);

	if (p == NULL && (p = place_new(all, g)) == NULL)
		return;
	p->due = p->due || due;
	if (rtime_since(when, p->since) > 0)
		p->since = when;
	if (p->group != NULL)
		return;
	p->group = g;
	p->to = to;
	p->uid = uid;
	table_add(&all->places, &p->by_place, place_hash(to, uid));
	SLIST_INSERT_HEAD(&g->places, p, link);
	g->nplaces++;
}

void
followed_due(struct followed *all, struct group *g)
{
	if (!g->due)
		TAILQ_INSERT_TAIL(&all->due, g, in_due);
	g->due = true;
}

void
followed_looked(struct followed *all, struct group *g)
{
	not_due(all, g);
	TAILQ_REMOVE(&all->order, g, link);
	TAILQ_INSERT_TAIL(&all->order, g, link);
}

void
followed_over(struct followed *all, struct conn *c, struct mtime now)
{
	forget_places(all, c->group);
	table_del(&all->conns, &c->by_ends);
	c->over = true;
	c->group->over = now;
}

bool
followed_init(struct followed *all)
{
	TAILQ_INIT(&all->order);
	TAILQ_INIT(&all->due);
	return table_init(&all->conns) && table_init(&all->groups) && table_init(&all->places) &&
	    table_init(&all->users);
}

void
followed_done(struct followed *all)
{
	struct group *g;

	while ((g = TAILQ_FIRST(&all->order)) != NULL)
		followed_group_free(all, g);
	table_done(&all->conns);
	table_done(&all->groups);
	table_done(&all->places);
	table_done(&all->users);
}
