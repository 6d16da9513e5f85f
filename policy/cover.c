/*
 * cover: see cover.h.  Up: which classes a subtree could take from above with as few prefixes as any, a
 * bit for each.  Down: a prefix where what comes from above is none of them.
 */
#include "policy/cover.h"

#include <assert.h>
#include <stdlib.h>

#include "base/array.h"

/* A child: the index of a node, or the class of a leaf. */
#define LEAF 0x80000000u
#define NODES_MAX (1u << 23)

struct node {
	uint64_t classes;
	uint32_t child[2];
};

struct tree {
	const struct stretch *stretches; /* borrowed */
	struct node *nodes;              /* owned */
	size_t n, room;
	bool failed, too_many;
	unsigned family;
};

static uint32_t
new_node(struct tree *t, struct node node)
{
	struct node *room = array_grow(t->nodes, t->n, &t->room, sizeof(*room), NODES_MAX);

	if (room == NULL) {
		t->too_many = t->n == NODES_MAX;
		t->failed = true;
		return LEAF;
	}
	t->nodes = room;
	t->nodes[t->n] = node;
	return (uint32_t)t->n++;
}

static uint64_t
classes_of(const struct tree *t, uint32_t at)
{
	if ((at & LEAF) != 0)
		return 1ull << (at & ~LEAF);
	assert(t->nodes != NULL && at < t->n);
	return t->nodes[at].classes;
}

/* The first of [lo, hi] that begins behind the place; hi + 1: none. */
static size_t
first_behind(const struct tree *t, size_t lo, size_t hi, const uint8_t place[PLACE])
{
	hi++;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (memcmp(t->stretches[mid].from, place, PLACE) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The subtree of a prefix in which the stretches [lo, hi] lie; they may reach beyond it. */
static uint32_t
build(struct tree *t, const uint8_t prefix[PLACE], unsigned bits, size_t lo, size_t hi)
{
	struct node node;
	uint8_t upper[PLACE];
	size_t behind;
	uint64_t both;

	if (lo == hi || t->failed)
		return LEAF | t->stretches[lo].class;
	memcpy(upper, prefix, PLACE);
	upper[bits / 8] = (uint8_t)(upper[bits / 8] | 0x80u >> bits % 8);
	behind = first_behind(t, lo, hi, upper);
	/* behind − 1 is the one in which the upper half begins; it may begin there itself. */
	node.child[0] = build(t, prefix, bits + 1, lo,
	    memcmp(t->stretches[behind - 1].from, upper, PLACE) == 0 ? behind - 2 : behind - 1);
	node.child[1] = build(t, upper, bits + 1, behind - 1, hi);
	if (t->failed)
		return LEAF;
	both = classes_of(t, node.child[0]) & classes_of(t, node.child[1]);
	node.classes = both != 0 ? both :
	                           classes_of(t, node.child[0]) | classes_of(t, node.child[1]);
	return new_node(t, node);
}

static void
emit(struct cover *c, const struct tree *t, const uint8_t prefix[PLACE], unsigned bits, unsigned class)
{
	struct pol_prefix p = {.prefix = {.addr.family = (uint8_t)t->family, .bits = (uint8_t)bits},
	    .addr_class = class};
	struct pol_prefix *room;

	if (c->n == c->max) {
		c->too_many = c->failed = true;
		return;
	}
	if ((room = array_grow(c->list, c->n, &c->room, sizeof(*room), c->max)) == NULL) {
		c->failed = true;
		return;
	}
	c->list = room;
	memcpy(p.prefix.addr.b, prefix, PLACE);
	c->list[c->n++] = p;
}

static void
choose(struct cover *c, const struct tree *t, uint32_t at, const uint8_t prefix[PLACE], unsigned bits,
    int above)
{
	const uint64_t classes = classes_of(t, at);
	uint8_t upper[PLACE];

	if (c->failed)
		return;
	if (above == COVER_NOTHING || (classes >> above & 1) == 0) {
		above = __builtin_ctzll(classes);
		emit(c, t, prefix, bits, (unsigned)above);
	}
	if ((at & LEAF) != 0)
		return;
	memcpy(upper, prefix, PLACE);
	upper[bits / 8] = (uint8_t)(upper[bits / 8] | 0x80u >> bits % 8);
	choose(c, t, t->nodes[at].child[0], prefix, bits + 1, above);
	choose(c, t, t->nodes[at].child[1], upper, bits + 1, above);
}

void
cover_add(struct cover *c, unsigned family, const struct stretch *stretches, size_t n, int outside)
{
	struct tree t = {.stretches = stretches, .family = family};
	const uint8_t all[PLACE] = {0};
	uint32_t root = build(&t, all, 0, 0, n - 1);

	c->too_many = c->too_many || t.too_many;
	c->failed = c->failed || t.failed;
	if (!c->failed)
		choose(c, &t, root, all, 0, outside);
	free(t.nodes);
}
