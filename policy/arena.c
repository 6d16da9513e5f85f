/* arena: see arena.h.  Chunks of 64 KiB, or of their own size for what is larger. */
#include "policy/arena.h"

#include <sshtether/limits.h>
#include <stdalign.h>
#include <stdlib.h>

#define CHUNK (64u << 10)

struct arena_chunk {
	struct arena_chunk *next;
	size_t n;
	alignas(max_align_t) char data[];
};

static void *
fail(struct arena *a)
{
	a->failed = true;
	return NULL;
}

static char *
next_of(const struct arena *a)
{
	return a->head->data + (a->head->n - a->left);
}

static size_t
padding(const char *p, size_t align)
{
	return -(uintptr_t)p & (align - 1);
}

/* Room for n bytes from a place that is so aligned; a large piece goes behind the head: what is left there stays in use. */
static char *
grow(struct arena *a, size_t n, size_t align)
{
	const size_t size = n + align > CHUNK ? n + align : CHUNK;
	struct arena_chunk *c = a->total + size <= ST_POLICY_MEMORY ? calloc(1, sizeof(*c) + size) : NULL;

	if (c == NULL)
		return fail(a);
	c->n = size;
	a->total += size;
	if (size > CHUNK && a->head != NULL) {
		c->next = a->head->next;
		a->head->next = c;
		return c->data + padding(c->data, align);
	}
	c->next = a->head;
	a->head = c;
	a->left = size - padding(c->data, align) - n;
	return c->data + padding(c->data, align);
}

static void *
get(struct arena *a, size_t n, size_t align)
{
	const size_t least = alignof(max_align_t);
	size_t pad;

	if (n > ST_POLICY_MEMORY)
		return fail(a);
	n = n != 0 ? (n + least - 1) & ~(least - 1) : least;
	if (a->head == NULL || n + (pad = padding(next_of(a), align)) > a->left)
		return grow(a, n, align);
	a->left -= n + pad;
	return next_of(a) - n;
}

void *
arena_get(struct arena *a, size_t n)
{
	return get(a, n, alignof(max_align_t));
}

void *
arena_lines(struct arena *a, size_t n)
{
	return get(a, n, ARENA_LINE);
}

void *
arena_array(struct arena *a, size_t n, size_t size)
{
	if (size != 0 && n > ST_POLICY_MEMORY / size)
		return fail(a);
	return arena_get(a, n * size);
}

char *
arena_copy(struct arena *a, struct bytes b)
{
	char *p = b.n < ST_POLICY_MEMORY ? arena_get(a, b.n + 1) : fail(a);

	if (p != NULL && b.n != 0)
		memcpy(p, b.p, b.n);
	return p;
}

void
arena_free(struct arena *a)
{
	while (a->head != NULL) {
		struct arena_chunk *c = a->head;

		a->head = c->next;
		free(c);
	}
	*a = (struct arena)ARENA_INIT;
}
