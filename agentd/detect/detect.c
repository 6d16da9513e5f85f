/*
 * detect: the table of detectors and what they share.  A fact passes all of them; what has to ripen
 * does so before the next fact, by the time that the facts bring, or at a tick.  Pure; runs in the
 * engine and in replay.
 */
#include <stdio.h>
#include <stdlib.h>

#include "agentd/detect/detector.h"
#include "agentd/detect/passage.h"

static const struct detector *const detectors[] = {
	&detector_login,
	&detector_listed_origin,
	&detector_unusual_origin,
	&detector_unusual_hour,
	&detector_unusual_duration,
	&detector_concurrent_origins,
	&detector_outbound,
	&detector_relay,
	&detector_socket,
	&detector_listen,
	&detector_bridge,
	&detector_escape,
	&detector_ssh_tamper,
	&detector_key_read,
	&detector_unreported,
	&detector_unusual_destination,
	&detector_escalated_agent,
	&detector_proxy,
	&detector_learn, /* the last */
};

#define CLOCK_SET_MS (3600 * 1000LL)

#define NDETECTORS (sizeof(detectors) / sizeof(detectors[0]))

struct detect {
	struct detect_parts parts;
	bool following; /* of what was found something follows: found() is at work */
	struct fold *fold;
	struct session none; /* for tasks without a session */
	struct rtime now;
	void *state[NDETECTORS];
};

static bool
states_new(struct detect *d)
{
	for (size_t i = 0; i < NDETECTORS; i++) {
		if (detectors[i]->state_new == NULL)
			continue;
		d->state[i] = detectors[i]->state_new();
		if (d->state[i] == NULL)
			return false;
	}
	return true;
}

struct detect *
detect_new(const struct detect_parts *parts)
{
	struct detect *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->parts = *parts;
	d->none.ses = SES_UNSET;
	d->none.auid = d->none.uid = AUID_UNSET;
	d->fold = fold_new(ST_HOPS);
	if (d->fold == NULL || !states_new(d))
		detect_free(&d);
	return d;
}

void
detect_free(struct detect **dp)
{
	struct detect *d = *dp;

	if (d == NULL)
		return;
	for (size_t i = 0; i < NDETECTORS; i++) {
		if (d->state[i] != NULL)
			detectors[i]->state_free(d->state[i]);
	}
	fold_free(&d->fold);
	free(d);
	*dp = NULL;
}

/*
 * Records come out of order by moments; by hours, when the clock was set or an older file is read.
 */
static void
set_clock(struct detect *d, struct rtime now)
{
	int64_t ahead = rtime_since(now, d->now);

	if (ahead > 0 || ahead < -CLOCK_SET_MS)
		d->now = now;
}

static void
ripen(struct detect *d, struct rtime now, bool all)
{
	set_clock(d, now);
	for (size_t i = 0; i < NDETECTORS; i++) {
		if (detectors[i]->ripen != NULL)
			detectors[i]->ripen(d, d->state[i], d->now, all);
	}
}

void
detect_fact(struct detect *d, const struct fact *f)
{
	struct fact whole;

	ripen(d, f->time, false);
	if (!f->has_task)
		return;
	if (host_complete(d->parts.host, f, &whole))
		f = &whole;
	for (size_t i = 0; i < NDETECTORS; i++) {
		if (detectors[i]->fact != NULL)
			detectors[i]->fact(d, d->state[i], f);
	}
}

void
detect_opened(struct detect *d, const struct session *s, struct rtime now)
{
	for (size_t i = 0; i < NDETECTORS; i++) {
		if (detectors[i]->opened != NULL)
			detectors[i]->opened(d, d->state[i], s, now);
	}
}

void
detect_closed(struct detect *d, const struct session *closed, struct rtime now)
{
	struct session *s = host_session(d->parts.host, closed->ses);

	if (s == NULL || s->end_told) /* the module and a record tell of the same end */
		return;
	s->end_told = true;
	for (size_t i = 0; i < NDETECTORS; i++) {
		if (detectors[i]->closed != NULL)
			detectors[i]->closed(d, d->state[i], s, now);
	}
}

void
detect_volume(struct detect *d, const struct volume *v)
{
	struct session *s = host_session(d->parts.host, v->ses);

	for (size_t i = 0; i < NDETECTORS; i++) {
		if (detectors[i]->volume != NULL)
			detectors[i]->volume(d, d->state[i], v);
	}
	if (s == NULL || !passage_is_own(s, v))
		return;
	s->carried.sent = v->sent;
	s->carried.received = v->received;
	s->carried.at = v->time;
}

void
detect_key(struct detect *d, const struct key_read *k)
{
	for (size_t i = 0; i < NDETECTORS; i++) {
		if (detectors[i]->key != NULL)
			detectors[i]->key(d, d->state[i], k);
	}
}

void
detect_tick(struct detect *d, struct rtime now)
{
	ripen(d, now, false);
}

void
detect_flush(struct detect *d)
{
	ripen(d, d->now, true);
}

struct host *
detect_host(const struct detect *d)
{
	return d->parts.host;
}

struct baseline *
detect_baseline(const struct detect *d)
{
	return d->parts.baseline;
}

bool
detect_is_listed(const struct detect *d, struct addr a, const char **list)
{
	return d->parts.is_listed != NULL && d->parts.is_listed(a, list, d->parts.arg);
}

bool
detect_is_learned(const struct detect *d, const struct session *s)
{
	return d->parts.is_learned == NULL || d->parts.is_learned(s, d->parts.arg);
}

struct fold *
detect_fold(struct detect *d)
{
	return d->fold;
}

void *
detect_state(const struct detect *d, const struct detector *which)
{
	for (size_t i = 0; i < NDETECTORS; i++) {
		if (detectors[i] == which)
			return d->state[i];
	}
	return NULL;
}

bool
detect_is_ssh_port(const struct detect *d, uint16_t port)
{
	return d->parts.is_ssh_port(port, d->parts.arg);
}

const struct session *
detect_session(const struct detect *d, uint32_t ses)
{
	const struct session *s = host_whose(d->parts.host, ses);

	return s != NULL ? s : &d->none;
}

/* What follows from a finding is found by the others; nothing follows from that. */
static void
follow(struct detect *d, const struct finding *f)
{
	if (d->following || f->again)
		return;
	d->following = true;
	for (size_t i = 0; i < NDETECTORS; i++) {
		if (detectors[i]->found != NULL)
			detectors[i]->found(d, d->state[i], f);
	}
	d->following = false;
}

void
detect_emit(struct detect *d, const struct finding *f)
{
	d->parts.finding(f, d->parts.arg);
	follow(d, f);
}
