/* registry: see registry.h.  An open hash table of entries, grown by halves, with two caps. */
#include "agentd/monitor/registry.h"

#include <stdlib.h>
#include <string.h>

#include "base/proc.h"

#define SLOTS_MIN 64u

struct registry {
	struct mon_session *slot; /* ses == SES_UNSET: free */
	size_t nslots;            /* a power of two */
	size_t n;
	uint64_t dropped;
	uint64_t clock; /* of registry_touch() */
	struct program_id program[REGISTRY_PROGRAMS];
	unsigned nprograms; /* ever added */
	registry_watch_fn *watch; /* NULL: nobody */
	void *arg;
};

static void
clear(struct mon_session *slot, size_t n)
{
	for (size_t i = 0; i < n; i++)
		slot[i] = (struct mon_session){.ses = SES_UNSET};
}

struct registry *
registry_new(void)
{
	struct registry *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->nslots = SLOTS_MIN;
	r->slot = calloc(r->nslots, sizeof(*r->slot));
	if (r->slot == NULL)
		registry_free(&r);
	else
		clear(r->slot, r->nslots);
	return r;
}

void
registry_free(struct registry **r)
{
	if (*r != NULL)
		free((*r)->slot);
	free(*r);
	*r = NULL;
}

static size_t
find(const struct registry *r, uint32_t ses)
{
	size_t i = hash_u64(ses) & (r->nslots - 1);

	while (r->slot[i].ses != SES_UNSET && r->slot[i].ses != ses)
		i = (i + 1) & (r->nslots - 1);
	return i;
}

struct mon_session *
registry_get(const struct registry *r, uint32_t ses)
{
	struct mon_session *s = &r->slot[find(r, ses)];

	return ses != SES_UNSET && s->ses == ses ? s : NULL;
}

static bool
grow(struct registry *r)
{
	struct registry wide = {.nslots = r->nslots * 2};

	wide.slot = calloc(wide.nslots, sizeof(*wide.slot));
	if (wide.slot == NULL)
		return false;
	clear(wide.slot, wide.nslots);
	for (size_t i = 0; i < r->nslots; i++)
		if (r->slot[i].ses != SES_UNSET)
			wide.slot[find(&wide, r->slot[i].ses)] = r->slot[i];
	free(r->slot);
	r->slot = wide.slot;
	r->nslots = wide.nslots;
	return true;
}

void
registry_watch(struct registry *r, registry_watch_fn *watch, void *arg)
{
	r->watch = watch;
	r->arg = arg;
}

static void
tell(const struct registry *r, struct mon_session *s, enum registry_change change)
{
	if (r->watch != NULL)
		r->watch(s, change, r->arg);
}

/* Closes the gap: what was pushed past the freed slot moves back. */
static void
remove_at(struct registry *r, size_t i)
{
	size_t mask = r->nslots - 1;

	tell(r, &r->slot[i], SESSION_REMOVED);
	r->n--;
	for (size_t j = (i + 1) & mask; r->slot[j].ses != SES_UNSET; j = (j + 1) & mask) {
		size_t home = hash_u64(r->slot[j].ses) & mask;

		if (((j - home) & mask) < ((j - i) & mask))
			continue;
		r->slot[i] = r->slot[j];
		i = j;
	}
	r->slot[i] = (struct mon_session){.ses = SES_UNSET};
}

void
registry_remove(struct registry *r, uint32_t ses)
{
	size_t i = find(r, ses);

	if (ses != SES_UNSET && r->slot[i].ses == ses)
		remove_at(r, i);
}

/* What stands in the way of a newcomer of auid. */
struct pressure {
	size_t living, over; /* of that auid */
	uint32_t oldest, own_oldest; /* that are over; SES_UNSET: none */
};

static struct pressure
pressure_on(const struct registry *r, uint32_t auid)
{
	struct pressure p = {.oldest = SES_UNSET, .own_oldest = SES_UNSET};
	uint64_t used = UINT64_MAX, own_used = UINT64_MAX;

	for (size_t i = 0; i < r->nslots; i++) {
		const struct mon_session *s = &r->slot[i];
		bool own = s->auid == auid;

		if (s->ses == SES_UNSET)
			continue;
		p.living += own && !s->over;
		p.over += own && s->over;
		if (s->over && s->used < used) {
			used = s->used;
			p.oldest = s->ses;
		}
		if (own && s->over && s->used < own_used) {
			own_used = s->used;
			p.own_oldest = s->ses;
		}
	}
	return p;
}

/* Looked at only once the table is half full: below that nobody pushes anybody out. */
static bool
make_room(struct registry *r, uint32_t auid)
{
	struct pressure p;

	if (r->n < ST_SESSIONS / 2)
		return true;
	p = pressure_on(r, auid);
	if (p.living >= ST_SESSIONS_USER)
		return false;
	if (p.over >= ST_SESSIONS_USER)
		registry_remove(r, p.own_oldest);
	else if (r->n >= ST_SESSIONS)
		registry_remove(r, p.oldest);
	return r->n < ST_SESSIONS;
}

bool
registry_touch(struct registry *r, struct mon_session *s)
{
	bool was = s->over;

	s->over = false;
	s->misses = 0;
	s->used = ++r->clock;
	if (was)
		tell(r, s, SESSION_REVIVED);
	return !was;
}

void
registry_over(struct registry *r, struct mon_session *s)
{
	if (s->over)
		return;
	s->over = true;
	tell(r, s, SESSION_OVER);
}

struct mon_session *
registry_add(struct registry *r, uint32_t ses, uint32_t auid)
{
	struct mon_session *s;

	if (ses == SES_UNSET || !make_room(r, auid) || (r->n * 2 >= r->nslots && !grow(r))) {
		r->dropped++;
		return NULL;
	}
	s = &r->slot[find(r, ses)];
	*s = (struct mon_session){.ses = ses, .auid = auid, .used = ++r->clock};
	r->n++;
	return s;
}

bool
registry_program_has(const struct registry *r, uint64_t dev, uint64_t ino)
{
	for (unsigned i = 0; i < REGISTRY_PROGRAMS && i < r->nprograms; i++)
		if (r->program[i].dev == dev && r->program[i].ino == ino)
			return true;
	return false;
}

void
registry_program_add(struct registry *r, uint64_t dev, uint64_t ino)
{
	if (registry_program_has(r, dev, ino))
		return;
	r->program[r->nprograms % REGISTRY_PROGRAMS] = (struct program_id){.dev = dev, .ino = ino};
	r->nprograms++;
}

size_t
registry_programs(const struct registry *r, struct program_id out[REGISTRY_PROGRAMS])
{
	memcpy(out, r->program, sizeof(r->program));
	return r->nprograms < REGISTRY_PROGRAMS ? r->nprograms : REGISTRY_PROGRAMS;
}

size_t
registry_count(const struct registry *r)
{
	return r->n;
}

uint64_t
registry_dropped(const struct registry *r)
{
	return r->dropped;
}

void
registry_each(struct registry *r, bool (*fn)(struct mon_session *, void *), void *arg)
{
	/* Two passes: a removal moves entries, and fn must see each of them once. */
	for (size_t i = 0; i < r->nslots; i++)
		if (r->slot[i].ses != SES_UNSET)
			r->slot[i].dead = !fn(&r->slot[i], arg);
	for (size_t i = 0; i < r->nslots; i++)
		while (r->slot[i].ses != SES_UNSET && r->slot[i].dead)
			remove_at(r, i);
}
