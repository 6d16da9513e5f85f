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

void *
arena_get(struct arena *a, size_t n)
{
	struct arena_chunk *c;
	size_t align = alignof(max_align_t), size;

	if (n > ST_POLICY_MEMORY)
		return fail(a);
	n = n != 0 ? (n + align - 1) & ~(align - 1) : align;
	if (n > a->left) {
		size = n > CHUNK ? n : CHUNK;
		if (a->total + size > ST_POLICY_MEMORY ||
		    (c = calloc(1, sizeof(*c) + size)) == NULL)
			return fail(a);
		c->n = size;
		a->total += size;
		/* A large piece goes behind the head: what is left there stays in use. */
		if (n > CHUNK && a->head != NULL) {
			c->next = a->head->next;
			a->head->next = c;
			return c->data;
		}
		c->next = a->head;
		a->head = c;
		a->left = size;
	}
	a->left -= n;
	return a->head->data + (a->head->n - a->left - n);
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
