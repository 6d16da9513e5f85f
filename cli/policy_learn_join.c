/*
 * policy_learn_join: addresses that one user reached at one port, joined into networks.  How: of IPv4, the least
 * network of addresses of one /24 that were seen, when there are four or more of them and they are a quarter of it;
 * else its halves, each for itself.  Of IPv6 a /64 of which four or more were seen.  Nothing else is ever joined.
 */
#include "cli/policy_learn.h"

#include <stdlib.h>

struct joining {
	struct learn *learn;
	struct learn_cell *out; /* as many as there were, at most */
	size_t n;
	bool ok;
};

static const struct learn_dest *
dest_of(const struct learn *l, const struct learn_cell *c)
{
	return &l->dests[c->dest];
}

/* What is joined is about one user, key, activity, port and owner, and about addresses of one network. */
static int
compare_kind(const struct learn_cell *x, const struct learn_cell *y)
{
	if (x->activity != y->activity)
		return x->activity < y->activity ? -1 : 1;
	if (x->user != y->user)
		return x->user < y->user ? -1 : 1;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	return x->owner < y->owner ? -1 : x->owner > y->owner;
}

static int
compare(const void *a, const void *b, void *arg)
{
	const struct learn_cell *x = a, *y = b;
	const struct learn_dest *dx, *dy;
	int kind = compare_kind(x, y);

	if (kind != 0 || (learn_wants(x->activity) & (WANT_TO | WANT_ORIGIN)) == 0)
		return kind;
	dx = dest_of(arg, x);
	dy = dest_of(arg, y);
	if (dx->self != dy->self)
		return dx->self ? -1 : 1;
	return addr_cmp(dx->prefix.addr, dy->prefix.addr);
}

static bool
bit(struct addr a, unsigned i)
{
	return (a.b[i / 8] >> (7 - i % 8) & 1) != 0;
}

/* The network of the address beyond which nothing is joined. */
static struct prefix
bounds(struct addr a)
{
	return prefix_of(a, a.family == 4 ? LEARN_BITS4 : LEARN_BITS6);
}

static void
put_alone(struct joining *j, const struct learn_cell *c, size_t n)
{
	memcpy(&j->out[j->n], c, n * sizeof(*c));
	j->n += n;
}

static void
put_network(struct joining *j, const struct learn_cell *c, size_t n, struct prefix p)
{
	struct learn_cell *joined = &j->out[j->n++];

	*joined = *c;
	joined->joined = true;
	j->ok = learn_dest_number(j->learn, (struct learn_dest){.prefix = p}, &joined->dest) && j->ok;
	for (size_t i = 1; i < n; i++)
		learn_evidence_add(&joined->seen, &c[i].seen);
}

/* Ascending addresses of one /24. */
static void
join4(struct joining *j, const struct learn_cell *c, size_t n)
{
	struct addr first = dest_of(j->learn, c)->prefix.addr, last = dest_of(j->learn, &c[n - 1])->prefix.addr;
	unsigned bits = LEARN_BITS4;
	size_t low = 0;

	if (n < LEARN_JOIN) {
		put_alone(j, c, n);
		return;
	}
	while (bits < 32 && bit(first, bits) == bit(last, bits))
		bits++;
	if (n * LEARN_JOIN_PART >= (size_t)1 << (32 - bits)) {
		put_network(j, c, n, prefix_of(first, bits));
		return;
	}
	while (!bit(dest_of(j->learn, &c[low])->prefix.addr, bits))
		low++;
	join4(j, c, low);
	join4(j, c + low, n - low);
}

/* Cells of one kind, of one network within which may be joined. */
static void
join_network(struct joining *j, const struct learn_cell *c, size_t n)
{
	const struct learn_dest *d = (learn_wants(c->activity) & (WANT_TO | WANT_ORIGIN)) != 0 ? dest_of(j->learn, c) : NULL;

	if (d == NULL || d->self)
		put_alone(j, c, n);
	else if (d->prefix.addr.family == 4)
		join4(j, c, n);
	else if (n >= LEARN_JOIN)
		put_network(j, c, n, bounds(d->prefix.addr));
	else
		put_alone(j, c, n);
}

static bool
same_network(const struct learn *l, const struct learn_cell *x, const struct learn_cell *y)
{
	const struct learn_dest *dx, *dy;

	if (compare_kind(x, y) != 0 || (learn_wants(x->activity) & (WANT_TO | WANT_ORIGIN)) == 0)
		return false;
	dx = dest_of(l, x);
	dy = dest_of(l, y);
	return !dx->self && !dy->self && prefix_has(bounds(dx->prefix.addr), dy->prefix.addr);
}

bool
learn_join(struct learn *l)
{
	struct joining j = {.learn = l, .ok = true, .out = calloc(l->ncells + 1, sizeof(*j.out))};

	if (j.out == NULL)
		return false;
	if (l->ncells > 0)
		qsort_r(l->cells, l->ncells, sizeof(*l->cells), compare, l);
	for (size_t i = 0, n; i < l->ncells; i += n) {
		for (n = 1; i + n < l->ncells && same_network(l, &l->cells[i], &l->cells[i + n]);)
			n++;
		join_network(&j, &l->cells[i], n);
	}
	free(l->cells);
	l->cells = j.out;
	l->ncells = j.n;
	return j.ok;
}
