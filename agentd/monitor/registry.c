/* registry: see registry.h.  An open hash table of entries, grown by halves, with two caps. */
#include "agentd/monitor/registry.h"

#include <stdlib.h>

#include "base/proc.h"

#define SLOTS_MIN 64u

#define PROGRAMS  8

struct registry {
	struct mon_session *slot; /* ses == SES_UNSET: free */
	size_t nslots;            /* a power of two */
	size_t n;
	uint64_t dropped;
	struct {
		uint64_t dev, ino;
	} program[PROGRAMS];
	unsigned nprograms; /* ever added */
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

/* Counted only once the table is half full: below that nobody pushes anybody out. */
static bool
has_room(const struct registry *r, uint32_t auid)
{
	size_t same = 0;

	if (r->n >= ST_SESSIONS)
		return false;
	if (r->n < ST_SESSIONS / 2)
		return true;
	for (size_t i = 0; i < r->nslots; i++)
		same += r->slot[i].ses != SES_UNSET && r->slot[i].auid == auid;
	return same < ST_SESSIONS_USER;
}

struct mon_session *
registry_add(struct registry *r, uint32_t ses, uint32_t auid)
{
	struct mon_session *s;

	if (ses == SES_UNSET || !has_room(r, auid) || (r->n * 2 >= r->nslots && !grow(r))) {
		r->dropped++;
		return NULL;
	}
	s = &r->slot[find(r, ses)];
	*s = (struct mon_session){.ses = ses, .auid = auid};
	r->n++;
	return s;
}

/* Closes the gap: what was pushed past the freed slot moves back. */
static void
remove_at(struct registry *r, size_t i)
{
	size_t mask = r->nslots - 1;

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

bool
registry_program_has(const struct registry *r, uint64_t dev, uint64_t ino)
{
	for (unsigned i = 0; i < PROGRAMS && i < r->nprograms; i++)
		if (r->program[i].dev == dev && r->program[i].ino == ino)
			return true;
	return false;
}

void
registry_program_add(struct registry *r, uint64_t dev, uint64_t ino)
{
	if (registry_program_has(r, dev, ino))
		return;
	r->program[r->nprograms % PROGRAMS].dev = dev;
	r->program[r->nprograms % PROGRAMS].ino = ino;
	r->nprograms++;
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
