/* flood: see flood.h. */
#include "agentd/engine/flood.h"

#include <stdlib.h>

#define MINUTE_MS 60000

struct slot {
	bool used;
	uint64_t key;
	unsigned left;
	struct mtime since;
	struct flood_more more;
};

struct floods {
	flood_more_fn *fn;
	void *arg;
	/* Apart: a walk over addresses must not push its own session's count out. */
	struct slot alike[FLOOD_SLOTS], sessions[FLOOD_SLOTS];
};

/* --- what is alike ------------------------------------------------------------------------------ */

static uint64_t
mix(uint64_t h, uint64_t v)
{
	return hash_u64(h ^ hash_u64(v));
}

/* Tasks without a session are told apart by their user. */
static uint64_t
session_key(const struct finding *f)
{
	const uint64_t who = f->session->ses != SES_UNSET ? f->session->ses : (uint64_t)1 << 32 | f->uid;

	return mix(mix(1, who), (uint64_t)f->activity);
}

static uint64_t
alike_key(const struct outcome_of *o)
{
	const struct finding *f = o->ruling->finding;
	uint64_t h = mix(session_key(f), 2);

	h = mix(h, bytes_hash((struct bytes){.p = (const char *)f->to.addr.b, .n = sizeof(f->to.addr.b)}));
	h = mix(h, (uint64_t)f->to.addr.family << 16 | f->to.port);
	h = mix(h, bytes_hash(f->to_unix));
	h = mix(h, bytes_hash(bytes_of(f->process != NULL ? f->process->exe : NULL)));
	h = mix(h, (uint64_t)f->owner << 40 | (uint64_t)f->euid);
	return mix(h, (uint64_t)o->ruling->decision.rule << 8 | (uint64_t)o->done);
}

/* --- minutes -------------------------------------------------------------------------------------- */

static void
close_slot(struct floods *fs, struct slot *s)
{
	if (s->used && s->more.n > 0)
		fs->fn(&s->more, fs->arg);
	*s = (struct slot){.used = false};
}

/* Its slot, or the one of its set that is free or oldest. */
static struct slot *
slot_of(struct slot table[FLOOD_SLOTS], uint64_t key)
{
	struct slot *set = &table[key % (FLOOD_SLOTS / FLOOD_WAYS) * FLOOD_WAYS], *best = set;

	for (struct slot *s = set; s < set + FLOOD_WAYS; s++) {
		if (s->used && s->key == key)
			return s;
		if (best->used && (!s->used || s->since.ns < best->since.ns))
			best = s;
	}
	return best;
}

static bool
take(struct floods *fs, struct slot table[FLOOD_SLOTS], uint64_t key, unsigned limit, const struct outcome_of *o,
    struct mtime now)
{
	const struct finding *f = o->ruling->finding;
	struct slot *s = slot_of(table, key);

	if (!s->used || s->key != key || mtime_ms_since(now, s->since) >= MINUTE_MS) {
		close_slot(fs, s);
		*s = (struct slot){.used = true, .key = key, .left = limit, .since = now,
		    .more = {.ses = f->session->ses, .auid = f->session->auid,
			.activity = f->activity}};
	}
	if (s->left > 0) {
		s->left--;
		return true;
	}
	s->more.n++;
	if (o->ruling->decision.severity > s->more.severity)
		s->more.severity = o->ruling->decision.severity;
	return false;
}

enum flood
floods_take(struct floods *fs, const struct outcome_of *o, struct mtime now)
{
	if (!take(fs, fs->alike, alike_key(o), FLOOD_ALIKE, o, now))
		return FLOOD_ONE_ALIKE;
	if (!take(fs, fs->sessions, session_key(o->ruling->finding), FLOOD_SESSION, o, now))
		return FLOOD_ONE_MORE;
	return FLOOD_NONE;
}

static void
tick(struct floods *fs, struct slot table[FLOOD_SLOTS], struct mtime now)
{
	for (struct slot *s = table; s < table + FLOOD_SLOTS; s++) {
		if (s->used && mtime_ms_since(now, s->since) >= MINUTE_MS)
			close_slot(fs, s);
	}
}

void
floods_tick(struct floods *fs, struct mtime now)
{
	tick(fs, fs->alike, now);
	tick(fs, fs->sessions, now);
}

struct floods *
floods_new(flood_more_fn *fn, void *arg)
{
	struct floods *fs = calloc(1, sizeof(*fs));

	if (fs != NULL) {
		fs->fn = fn;
		fs->arg = arg;
	}
	return fs;
}

void
floods_free(struct floods **fp)
{
	free(*fp);
	*fp = NULL;
}
