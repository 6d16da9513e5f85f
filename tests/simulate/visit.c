/* visit: see visit.h; here a visit is planned. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/simulate/visit_parts.h"

#define CARRIES 3 /* how often one is told what a connection carried, before its end */

static void
die(void)
{
	fputs("simulate: out of memory\n", stderr);
	exit(1);
}

void *
visit_grow(void *p, size_t *cap, size_t n, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap > 0 ? *cap * 2 : 8;
	p = realloc(p, *cap * size);
	if (p == NULL)
		die();
	return p;
}

static struct rtime
at_minute(const struct visit *v, double minute)
{
	return (struct rtime){.ms = v->begin.ms + (int64_t)(minute * (double)MINUTE_MS)};
}

struct step *
visit_add(struct visit *v, double minute, enum what what)
{
	struct step *s;

	v->steps = visit_grow(v->steps, &v->cap, v->nsteps, sizeof(*v->steps));
	s = &v->steps[v->nsteps];
	*s = (struct step){.at = at_minute(v, minute), .order = (unsigned)v->nsteps, .what = what};
	v->nsteps++;
	if (s->at.ms > v->end.ms)
		v->end = s->at;
	return s;
}

struct visit *
visit_new(struct site *site, const struct credentials *who, struct rtime begin, int attack)
{
	struct visit *v = calloc(1, sizeof(*v));

	if (v == NULL)
		die();
	v->site = site;
	v->who = *who;
	v->begin = v->end = begin;
	v->attack = attack;
	visit_add(v, 0, STEP_LOGIN);
	return v;
}

struct visit *
visit_cron(struct site *site, const struct credentials *who, struct rtime begin)
{
	struct visit *v = visit_new(site, who, begin, NO_ATTACK);

	v->cron = true;
	v->steps[0].what = STEP_CRON;
	return v;
}

void
visit_shell(struct visit *v, double at)
{
	visit_add(v, at, STEP_SHELL);
}

void
visit_work(struct visit *v, double at)
{
	visit_add(v, at, STEP_WORK);
}

void
visit_sudo(struct visit *v, double at)
{
	visit_add(v, at, STEP_SUDO);
}

void
visit_su(struct visit *v, double at, const char *user, uint32_t uid)
{
	struct step *s = visit_add(v, at, STEP_SU);

	s->user = user;
	s->uid = uid;
}

static void
add_part(struct visit *v, double at, enum what what, unsigned flow, double share)
{
	const struct errand *e = &v->errands[flow];
	struct step *s = visit_add(v, at, what);

	s->flow = flow;
	s->sent = (uint64_t)(e->sent * share);
	s->received = (uint64_t)(e->received * share);
}

void
visit_errand(struct visit *v, const struct errand *e)
{
	unsigned flow = (unsigned)v->nerrands;
	const unsigned parts = e->minutes > 10 ? CARRIES : 0;

	v->errands = visit_grow(v->errands, &v->errands_cap, v->nerrands, sizeof(*v->errands));
	v->errands[v->nerrands++] = *e;
	add_part(v, e->at, STEP_CONNECT, flow, 0);
	for (unsigned i = 1; i <= parts; i++)
		add_part(v, e->at + e->minutes * i / (parts + 1), STEP_CARRY, flow, 1.0 / (parts + 1));
	add_part(v, e->at + e->minutes, STEP_HANG_UP, flow, 1.0 / (parts + 1));
}

void
visit_tmux(struct visit *v, double at)
{
	visit_add(v, at, STEP_TMUX);
}

static void
add_against(struct visit *v, double at, enum what what, enum by by, const char *victim)
{
	struct step *s = visit_add(v, at, what);

	s->by = by;
	s->user = victim;
}

void
visit_agent_of(struct visit *v, double at, enum by by, const char *victim)
{
	add_against(v, at, STEP_AGENT_OF, by, victim);
}

void
visit_read_key(struct visit *v, double at, enum by by, const struct person *victim)
{
	add_against(v, at, STEP_READ_KEY, by, victim->name);
	v->steps[v->nsteps - 1].uid = victim->uid;
}

void
visit_attach(struct visit *v, double at, enum by by, const char *victim)
{
	add_against(v, at, STEP_ATTACH, by, victim);
}

void
visit_own_server(struct visit *v, double at)
{
	visit_add(v, at, STEP_OWN_SERVER);
}

void
visit_without_pam(struct visit *v, double at, uint32_t uid)
{
	visit_add(v, at, STEP_WITHOUT_PAM)->uid = uid;
}

void
visit_served(struct visit *v, double at)
{
	visit_add(v, at, STEP_SERVED);
}

void
visit_leave(struct visit *v, double at)
{
	visit_add(v, at, STEP_LEAVE);
	v->leaves = true;
}

static int
by_time(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	if (x->at.ms != y->at.ms)
		return x->at.ms < y->at.ms ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}
void
visit_go(struct visit *v)
{
	if (!v->leaves)
		visit_add(v, (double)(v->end.ms - v->begin.ms) / (double)MINUTE_MS + 0.5, STEP_LEAVE);
	qsort(v->steps, v->nsteps, sizeof(*v->steps), by_time);
	v->flows = calloc(v->nerrands + 1, sizeof(*v->flows));
	v->clients = calloc(v->nerrands + 1, sizeof(*v->clients));
	if (v->flows == NULL || v->clients == NULL)
		die();
	agenda_put(v->site, v);
}

void
visit_free(struct visit *v)
{
	for (size_t i = 0; i < PEOPLE; i++)
		if (v->site->tmux[i] == v)
			v->site->tmux[i] = NULL;
	free(v->steps);
	free(v->errands);
	free(v->flows);
	free(v->clients);
	free(v);
}
