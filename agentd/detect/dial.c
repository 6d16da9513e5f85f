/*
 * dial: see dial.h.
 */
#include "agentd/detect/dial.h"

#include <errno.h>

static bool
is_seen(const struct dial *d, struct endpoint e)
{
	for (size_t i = 0; i < d->nseen; i++) {
		if (endpoint_eq(d->seen[i], e))
			return true;
	}
	return false;
}

static void
see(struct dial *d, struct endpoint e)
{
	if (is_seen(d, e))
		return;
	if (d->nseen == DIAL_SEEN) {
		memmove(d->seen, d->seen + 1, (DIAL_SEEN - 1) * sizeof(d->seen[0]));
		d->nseen--;
	}
	d->seen[d->nseen++] = e;
}

static void
held_was_probe(struct dial *d)
{
	see(d, d->held.to);
	d->has_held = false;
	d->probing = true;
}

static void
decide(struct dial *d, const struct evidence *e, struct dial_out *out)
{
	struct evidence *tcp = &out->tcp[out->n++];

	*tcp = *e;
	if (d->has_failed)
		tcp->count += d->failed.count;
	d->has_failed = d->probing = false;
	d->nseen = 0;
}

/* The next connect tells what the one before it was.  True: both are the same connection. */
static bool
judge_held(struct dial *d, const struct evidence *next, struct dial_out *out)
{
	bool again;

	if (!d->has_held)
		return false;
	again = endpoint_eq(d->held.to, next->to);
	if (again || is_seen(d, next->to) || d->held.to.addr.family != next->to.addr.family) {
		held_was_probe(d);
		return again;
	}
	d->has_held = false;
	decide(d, &d->held, out);
	return false;
}

static void
fail(struct dial *d, const struct evidence *e)
{
	unsigned before = d->has_failed ? d->failed.count : 0;

	see(d, e->to);
	d->failed = *e;
	d->failed.count += before;
	d->has_failed = true;
}

/* A second connect on a socket that is connecting or connected asks how the first one went. */
static bool
is_question(int64_t exit)
{
	return exit == -EISCONN || exit == -EALREADY;
}

static bool
is_under_way(const struct evidence *e)
{
	return e->exit == -EINPROGRESS || e->exit == -EINTR ||
	    (e->way == WAY_FASTOPEN && e->exit >= 0);
}

void
dial_step(struct dial *d, const struct evidence *e, enum dial_kind kind, struct dial_out *out)
{
	bool again;

	out->n = 0;
	if (is_question(e->exit))
		return;
	if (d->probing && rtime_since(e->time, d->last) > DIAL_PROBING_MS)
		d->probing = false;
	d->last = e->time;
	again = judge_held(d, e, out);
	if (is_under_way(e) || (kind == DIAL_SURE && e->exit >= 0)) {
		decide(d, e, out);
		return;
	}
	if (e->exit < 0) {
		fail(d, e);
		return;
	}
	if (kind == DIAL_NONBLOCKING) {
		see(d, e->to);
	} else if (again || is_seen(d, e->to)) {
		decide(d, e, out);
	} else if (d->probing) {
		see(d, e->to);
	} else {
		d->held = *e;
		d->has_held = true;
	}
}

void
dial_unspec(struct dial *d, struct rtime now)
{
	d->last = now;
	if (d->has_held)
		held_was_probe(d);
	d->probing = true;
}

void
dial_settle(struct dial *d, struct dial_out *out)
{
	out->n = 0;
	if (!d->has_held)
		return;
	d->has_held = false;
	decide(d, &d->held, out);
}

bool
dial_take_failure(struct dial *d, struct evidence *out)
{
	if (!d->has_failed)
		return false;
	*out = d->failed;
	d->has_failed = false;
	return true;
}
