/*
 * detect: the table of detectors and what they share.  A fact passes all of them; what has to ripen
 * does so before the next fact, by the time that the facts bring, or at a tick.  Pure; runs in the
 * engine and in replay.
 */
#include <stdio.h>
#include <stdlib.h>

#include "agentd/detect/detector.h"

static const struct detector *const detectors[] = {
	&detector_login,
	&detector_outbound,
	&detector_relay,
	&detector_socket,
	&detector_listen,
	&detector_bridge,
	&detector_escape,
	&detector_ssh_tamper,
	&detector_unreported,
};

#define CLOCK_SET_MS (3600 * 1000LL)

#define NDETECTORS (sizeof(detectors) / sizeof(detectors[0]))

struct detect {
	struct host *host; /* borrowed */
	bool (*is_ssh_port)(uint16_t port, void *arg);
	void *port_arg;
	finding_fn *fn;
	void *fn_arg;
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
detect_new(struct host *host, bool (*is_ssh_port)(uint16_t port, void *arg), void *arg,
    finding_fn *fn, void *finding_arg)
{
	struct detect *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->host = host;
	d->is_ssh_port = is_ssh_port;
	d->port_arg = arg;
	d->fn = fn;
	d->fn_arg = finding_arg;
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
	if (host_complete(d->host, f, &whole))
		f = &whole;
	for (size_t i = 0; i < NDETECTORS; i++) {
		if (detectors[i]->fact != NULL)
			detectors[i]->fact(d, d->state[i], f);
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
	return d->host;
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
	return d->is_ssh_port(port, d->port_arg);
}

const struct session *
detect_session(const struct detect *d, uint32_t ses)
{
	const struct session *s = host_whose(d->host, ses);

	return s != NULL ? s : &d->none;
}

void
detect_emit(struct detect *d, const struct finding *f)
{
	d->fn(f, d->fn_arg);
}
