/*
 * policy_diff_group: asks both policies, and counts what they answer differently, those that are alike together.
 * Memory is bounded: the number of groups, and what each remembers, do not grow with the questions.
 */
#include "cli/policy_diff.h"

#include <stdlib.h>

bool
diff_begin(struct diff *d, const struct policy *was, const struct policy *is)
{
	*d = (struct diff){.was = was, .is = is, .keys = tally_new(ST_DIFF_GROUPS)};
	d->groups = calloc(ST_DIFF_GROUPS, sizeof(*d->groups));
	return d->keys != NULL && d->groups != NULL;
}

void
diff_end(struct diff *d)
{
	for (size_t i = 0; i < d->ngroups; i++) {
		tally_free(&d->groups[i].users);
		tally_free(&d->groups[i].ports);
		free(d->groups[i].example);
		free(d->groups[i].at);
	}
	free(d->groups);
	tally_free(&d->keys);
}

/* --- the group of a question ----------------------------------------------------------------- */

/* All that makes two questions alike. */
static void
put_key(const struct question *q, const struct decision *was, const struct decision *is, struct buf *out)
{
	buf_printf(out, "%d %u %u ", q->activity, was->rule, is->rule);
	diff_put_answer_full(was, out);
	buf_puts(out, " > ");
	diff_put_answer_full(is, out);
}

static bool
group_new(const struct question *q, struct diff_group *g)
{
	struct buf words = BUF_INIT;

	g->activity = q->activity;
	g->users = tally_new(ST_DIFF_USERS);
	g->ports = tally_new(ST_DIFF_PORTS);
	question_print(q, &words);
	g->example = words.p; /* moved */
	return g->users != NULL && g->ports != NULL && buf_ok(&words) && words.p != NULL;
}

/* NULL: no room. */
static struct diff_group *
group_of(struct diff *d, const struct question *q, const struct decision *was, const struct decision *is,
    enum diff_kind kind)
{
	struct buf key = BUF_INIT;
	struct diff_group *g = NULL;
	size_t at;

	put_key(q, was, is, &key);
	if (buf_ok(&key) && tally_index(d->keys, buf_bytes(&key), &at) && at <= d->ngroups) {
		g = &d->groups[at];
		if (at == d->ngroups) {
			d->ngroups++;
			g->kind = kind;
			g->was = *was;
			g->is = *is;
			if (!group_new(q, g))
				g = NULL;
		} else if (g->example == NULL || g->users == NULL || g->ports == NULL) {
			g = NULL;
		}
	}
	buf_free(&key);
	return g;
}

/* The longest prefix that holds both. */
static struct prefix
cover(struct prefix p, struct addr a)
{
	unsigned bits = 0;

	while (bits < p.bits && (p.addr.b[bits / 8] >> (7 - bits % 8) & 1) == (a.b[bits / 8] >> (7 - bits % 8) & 1))
		bits++;
	return prefix_of(a, bits);
}

static void
note_to(struct diff_group *g, struct addr a)
{
	struct prefix *p = &g->to[a.family == 6];

	if (a.family == 0)
		return;
	if (p->addr.family == 0)
		*p = prefix_of(a, a.family == 4 ? 32 : 128);
	else
		*p = cover(*p, a);
}

static void
note(struct diff_group *g, const struct question *q, uint64_t count)
{
	char port[8];

	if (q->user.n > 0)
		(void)tally_add(g->users, q->user, count);
	if (q->to_kind == TO_ADDR || q->to_kind == TO_SELF)
		note_to(g, q->to_addr);
	if (q->port != 0) {
		(void)snprintf(port, sizeof(port), "%u", q->port);
		(void)tally_add(g->ports, bytes_of(port), count);
	}
}

static void
note_past(struct diff_group *g, struct rtime when, uint64_t count)
{
	g->count += count;
	if (when.ms == 0)
		return;
	if (g->first.ms == 0 || when.ms < g->first.ms)
		g->first = when;
	if (when.ms > g->last.ms)
		g->last = when;
}

static void
answer(const struct policy *p, const struct question *q, bool faint, struct decision *d)
{
	pol_ask(p, q, d);
	if (faint && d->action > DO_ALERT)
		d->action = DO_ALERT;
	if (faint && d->strongest > DO_ALERT)
		d->strongest = DO_ALERT;
}

void
diff_ask(struct diff *d, const struct question *q, bool faint, uint64_t count, const char *at)
{
	struct decision was, is;
	struct diff_group *g;
	enum diff_kind kind;

	answer(d->was, q, faint, &was);
	answer(d->is, q, faint, &is);
	d->asked += at == NULL ? count : 0;
	d->expects += at != NULL;
	if (!diff_kind_of(&was, &is, &kind)) {
		d->same += count;
		return;
	}
	d->kinds[kind] += count;
	g = group_of(d, q, &was, &is, kind);
	if (g == NULL) {
		d->lost += count;
		return;
	}
	note(g, q, count);
	if (at == NULL) {
		note_past(g, q->time, count);
		return;
	}
	g->expected++;
	if (g->at == NULL && g->count == 0)
		g->at = strdup(at);
}

static int
by_weight(const void *a, const void *b)
{
	const struct diff_group *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->count + x->expected != y->count + y->expected)
		return x->count + x->expected > y->count + y->expected ? -1 : 1;
	return strcmp(x->example, y->example);
}

/* What could not be made whole has been counted as lost. */
void
diff_sort(struct diff *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->ngroups; i++) {
		struct diff_group g = d->groups[i];

		if (g.example == NULL)
			continue;
		d->groups[i] = d->groups[n];
		d->groups[n++] = g;
	}
	qsort(d->groups, n, sizeof(*d->groups), by_weight);
	for (size_t i = n; i < d->ngroups; i++) {
		tally_free(&d->groups[i].users);
		tally_free(&d->groups[i].ports);
	}
	d->ngroups = n;
}
