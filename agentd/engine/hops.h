/*
 * hops: where sessions went lately and what became of it, for `sshtether sessions --tree`.
 * For looking at only: nothing is decided by it, so a ring does, and who is busy pushes the
 * others out.  Pure.
 */
#ifndef ENGINE_HOPS_H
#define ENGINE_HOPS_H

#include <sshtether/limits.h>

#include "agentd/engine/acts.h"
#include "agentd/sink/alert.h"

#define HOPS_PATH 112 /* sun_path has 108 bytes */

struct hop_seen {
	uint32_t ses, pid;
	enum activity activity;
	enum done done;
	struct endpoint to;
	char path[HOPS_PATH]; /* "": not a Unix socket */
	struct rtime time;
};

struct hops {
	struct hop_seen hop[ST_TREE_HOPS];
	size_t n; /* ever noted */
};

static inline void
hops_note(struct hops *h, const struct outcome_of *o)
{
	const struct finding *f = o->ruling->finding;
	struct hop_seen *v = &h->hop[h->n % ST_TREE_HOPS];
	struct buf path = BUF_INIT;

	if (f->to.addr.family == 0 && f->to_unix.n == 0)
		return;
	*v = (struct hop_seen){.ses = f->session->ses, .pid = f->pid, .activity = f->activity,
	    .done = o->done, .to = f->to, .time = f->time};
	alert_unix_path(f->to_unix, &path);
	(void)bytes_copy(buf_bytes(&path), v->path, sizeof(v->path));
	buf_free(&path);
	h->n++;
}

/* The i-th of those still remembered, oldest first; NULL: no more. */
static inline const struct hop_seen *
hops_get(const struct hops *h, size_t i)
{
	size_t kept = h->n < ST_TREE_HOPS ? h->n : ST_TREE_HOPS;

	return i < kept ? &h->hop[(h->n - kept + i) % ST_TREE_HOPS] : NULL;
}

#endif
