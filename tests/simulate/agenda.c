/* agenda: the visits side by side, a heap by the time of their next step. */
#include <stdlib.h>
#include <string.h>

#include "tests/simulate/visit_parts.h"

static struct rtime
next_time(const struct visit *v)
{
	return v->steps[v->next].at;
}

static bool
is_before(const struct visit *a, const struct visit *b)
{
	int64_t x = next_time(a).ms, y = next_time(b).ms;

	return x != y ? x < y : a->order < b->order;
}

static void
swap(struct site *s, size_t a, size_t b)
{
	struct visit *v = s->agenda[a];

	s->agenda[a] = s->agenda[b];
	s->agenda[b] = v;
}

static void
sift_up(struct site *s, size_t i)
{
	for (; i > 0 && is_before(s->agenda[i], s->agenda[(i - 1) / 2]); i = (i - 1) / 2)
		swap(s, i, (i - 1) / 2);
}

static void
sift_down(struct site *s, size_t i)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= s->nagenda)
			return;
		if (child + 1 < s->nagenda && is_before(s->agenda[child + 1], s->agenda[child]))
			child++;
		if (!is_before(s->agenda[child], s->agenda[i]))
			return;
		swap(s, child, i);
		i = child;
	}
}
void
agenda_put(struct site *s, struct visit *v)
{
	s->agenda = visit_grow(s->agenda, &s->cap, s->nagenda, sizeof(struct visit *));
	v->order = s->order++;
	s->agenda[s->nagenda++] = v;
	sift_up(s, s->nagenda - 1);
}

static void
take_first(struct site *s)
{
	s->agenda[0] = s->agenda[--s->nagenda];
	sift_down(s, 0);
}

void
site_until(struct site *s, struct rtime then)
{
	while (s->nagenda > 0 && next_time(s->agenda[0]).ms < then.ms) {
		struct visit *v = s->agenda[0];
		struct step step = v->steps[v->next++];

		machine_time(s->machine, step.at);
		visit_play(v, &step);
		if (v->next < v->nsteps) {
			sift_down(s, 0);
			continue;
		}
		take_first(s);
		visit_free(v);
	}
	machine_time(s->machine, then);
}

void
site_free(struct site *s)
{
	while (s->nagenda > 0) {
		struct visit *v = s->agenda[0];

		s->agenda[0] = s->agenda[--s->nagenda];
		visit_free(v);
	}
	free(s->agenda);
	s->agenda = NULL;
}
