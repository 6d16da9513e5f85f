/*
 * pipeline: the stages joined up, bytes → record → event → fact → host → finding → ruling.
 * Owns one of each stage and the empty policy that rules until another is given.  Pure: it has
 * no clock; time comes with the records (replay) and, live, also from a timer.  Runs in the
 * engine and in replay.
 */
#include <stdlib.h>

#include "agentd/engine/pipeline.h"

/* The model and the detectors need no finer clock than this to let things ripen. */
#define TICK_MS 100

struct pipeline {
	struct pipeline_options opt; /* what it points to is borrowed */
	struct aev_assembler *events;
	struct fact_scratch *scratch;
	struct host *host;
	struct detect *detect;
	struct policy *empty;
	const struct policy *policy; /* borrowed; empty until pipeline_policy() */
	struct rtime ticked;
};

/* Time only goes forward: records come out of order, and a timer may be ahead of them. */
static void
tick_model(struct pipeline *p, struct rtime now)
{
	if (rtime_since(now, p->ticked) < TICK_MS)
		return;
	p->ticked = now;
	detect_tick(p->detect, now);
	host_tick(p->host, now);
}

static void
on_event(const struct aev *ev, void *arg)
{
	struct pipeline *p = arg;
	struct fact fact;

	fact_from_event(ev, p->scratch, &fact);
	if (p->opt.event != NULL)
		p->opt.event(ev, &fact, p->opt.arg);
	tick_model(p, ev->time);
	host_apply(p->host, &fact);
	detect_fact(p->detect, &fact);
}

static void
on_finding(const struct finding *f, void *arg)
{
	struct pipeline *p = arg;
	struct question_room room;
	struct ruling r;

	ruling_make(f, p->policy, &p->opt, &room, &r);
	if (f->again && !r.stop) { /* told already; only what is stopped is stopped each time */
		if (p->opt.folded != NULL && f->confidence != CONFIDENCE_NONE)
			p->opt.folded(&r, p->opt.arg);
		return;
	}
	if (p->opt.ruling != NULL)
		p->opt.ruling(&r, p->opt.arg);
}

static bool
is_ssh_port(uint16_t port, void *arg)
{
	const struct pipeline *p = arg;

	return pol_is_ssh_port(p->policy, port);
}

static bool
is_listed(struct addr a, const char **list, void *arg)
{
	const struct pipeline *p = arg;

	return p->opt.is_listed != NULL && p->opt.is_listed(a, list, p->opt.arg);
}

static bool
is_learned(const struct session *s, void *arg)
{
	const struct pipeline *p = arg;
	struct question_room room;
	struct question q;

	question_login(s, &p->opt, p->ticked, &room, &q);
	return pol_learns(p->policy, &q);
}

static struct detect *
detect_for(struct pipeline *p)
{
	return detect_new(&(struct detect_parts){.host = p->host, .baseline = p->opt.baseline,
	    .is_ssh_port = is_ssh_port, .is_listed = is_listed, .is_learned = is_learned, .finding = on_finding, .arg = p});
}

struct pipeline *
pipeline_new(const struct pipeline_options *opt)
{
	struct pipeline *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->opt = *opt;
	p->empty = pol_empty();
	p->policy = p->empty;
	p->events = aev_new(on_event, p);
	p->scratch = fact_scratch_new();
	p->host = host_new(opt->boot_id, opt->probe);
	if (p->host != NULL)
		p->detect = detect_for(p);
	if (p->empty == NULL || p->events == NULL || p->scratch == NULL || p->detect == NULL)
		pipeline_free(&p);
	return p;
}

void
pipeline_free(struct pipeline **pp)
{
	struct pipeline *p = *pp;

	if (p == NULL)
		return;
	aev_free(&p->events);
	detect_free(&p->detect);
	host_free(&p->host);
	fact_scratch_free(&p->scratch);
	pol_free(&p->empty);
	free(p);
	*pp = NULL;
}

void
pipeline_policy(struct pipeline *p, const struct policy *policy)
{
	p->policy = policy != NULL ? policy : p->empty;
}

void
pipeline_mode(struct pipeline *p, enum mode host_mode)
{
	p->opt.host_mode = host_mode;
}

void
pipeline_feed(struct pipeline *p, const char *bytes, size_t n)
{
	aev_feed(p->events, bytes, n);
}

void
pipeline_record(struct pipeline *p, const struct record *r)
{
	aev_record(p->events, r);
}

void
pipeline_tick(struct pipeline *p, struct rtime now)
{
	aev_tick(p->events, now);
	tick_model(p, now);
}

void
pipeline_flush(struct pipeline *p)
{
	aev_flush(p->events);
	detect_flush(p->detect);
}

struct host *
pipeline_host(struct pipeline *p)
{
	return p->host;
}

struct detect *
pipeline_detect(struct pipeline *p)
{
	return p->detect;
}

const struct aev_stats *
pipeline_stats(const struct pipeline *p)
{
	return aev_stats_get(p->events);
}
