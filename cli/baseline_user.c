/* baseline_user: what was learned of each user, counted from rows; see baseline.h. */
#include <stdlib.h>
#include <string.h>

#include "cli/baseline.h"

#define DAY_MS 86400000LL

/* Doubles when it is full. */
static void *
grown(void *list, size_t n, size_t size)
{
	return n != 0 && (n & (n - 1)) != 0 ? list : reallocarray(list, n == 0 ? 1 : 2 * n, size);
}

static struct baseline_user *
user_of(struct baseline_people *p, const char *name)
{
	struct baseline_user *list;

	if (p->n > 0 && strcmp(p->list[p->n - 1].name, name) == 0)
		return &p->list[p->n - 1];
	if ((list = grown(p->list, p->n, sizeof(*list))) == NULL) {
		p->failed = true;
		return NULL;
	}
	p->list = list;
	list[p->n] = (struct baseline_user){0};
	(void)bytes_copy(bytes_of(name), list[p->n].name, sizeof(list[p->n].name));
	return &list[p->n++];
}

static struct baseline_value *
value_of(struct baseline_people *p, struct baseline_values *all, const char *text)
{
	struct baseline_value *list;

	if (all->n > 0 && strcmp(all->list[all->n - 1].text, text) == 0)
		return &all->list[all->n - 1];
	if ((list = grown(all->list, all->n, sizeof(*list))) == NULL) {
		p->failed = true;
		return NULL;
	}
	all->list = list;
	list[all->n] = (struct baseline_value){0};
	(void)bytes_copy(bytes_of(text), list[all->n].text, sizeof(list[all->n].text));
	return &list[all->n++];
}

/* Rows come in order of user, kind, value and day. */
static void
take_row(const struct usual_row *row, void *arg)
{
	struct baseline_people *p = arg;
	struct baseline_user *u = *row->key.user != '\0' && !p->failed ? user_of(p, row->key.user) : NULL;
	struct baseline_value *v = u != NULL ? value_of(p, &u->of[row->key.kind], row->key.value) : NULL;
	uint64_t hour;

	if (v == NULL)
		return;
	if (v->days++ == 0)
		v->first = row->day;
	v->last = row->day;
	v->count += row->count;
	if (row->key.kind == USUAL_HOUR && bytes_u64(bytes_of(row->key.value), &hour) && hour < WEEK_HOURS)
		u->hours[hour] += row->count;
	if (row->key.kind != USUAL_ACTIVE)
		return;
	u->days++;
	u->last = row->day;
}

static int
most_days_first(const void *a, const void *b)
{
	const struct baseline_value *x = a, *y = b;

	if (x->days != y->days)
		return x->days > y->days ? -1 : 1;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return strcmp(x->text, y->text);
}

void
baseline_people(const struct baseline *b, struct rtime now, struct baseline_people *out)
{
	struct baseline_people p = {0};

	baseline_each(b, NULL, take_row, &p);
	for (size_t i = 0; i < p.n; i++) {
		struct baseline_user *u = &p.list[i];

		for (unsigned k = 0; k < USUAL_COUNT; k++)
			if (u->of[k].n > 0)
				qsort(u->of[k].list, u->of[k].n, sizeof(u->of[k].list[0]), most_days_first);
		baseline_ask(b, &(struct usual_key){USUAL_ACTIVE, u->name, ""}, now, &u->active);
	}
	*out = p;
}

void
baseline_people_free(struct baseline_people *p)
{
	for (size_t i = 0; i < p->n; i++)
		for (unsigned k = 0; k < USUAL_COUNT; k++)
			free(p->list[i].of[k].list);
	free(p->list);
	*p = (struct baseline_people){0};
}

/* --- durations and volumes: steps ------------------------------------------------------------------------ */

static int
by_step(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return x[0] < y[0] ? -1 : x[0] > y[0];
}

void
baseline_steps(const struct baseline_values *v, uint64_t *most, uint64_t *highest)
{
	uint64_t (*steps)[2] = v->n > 0 ? calloc(v->n, sizeof(*steps)) : NULL, all = 0, seen = 0;

	*most = *highest = UINT64_MAX;
	for (size_t i = 0; steps != NULL && i < v->n; i++) {
		if (!bytes_u64(bytes_of(v->list[i].text), &steps[i][0]))
			steps[i][0] = 0;
		all += steps[i][1] = v->list[i].count;
	}
	if (steps == NULL)
		return;
	qsort(steps, v->n, sizeof(*steps), by_step);
	for (size_t i = 0; i < v->n && seen * 10 < all * 9; i++) {
		seen += steps[i][1];
		*most = usual_step_from((unsigned)steps[i][0] + 1);
	}
	*highest = usual_step_from((unsigned)steps[v->n - 1][0] + 1);
	free(steps);
}
