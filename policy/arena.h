/*
 * arena: memory that lives exactly as long as one policy.  Nothing in it is freed alone; when it
 * runs out (or the cap is reached) get returns NULL and failed stays set, so that a load can check
 * once.
 */
#ifndef POLICY_ARENA_H
#define POLICY_ARENA_H

#include "base/bytes.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *head; /* owned */
	size_t left, total;
	bool failed;
};

#define ARENA_INIT {0}

/* Zeroed, aligned for any type; NULL for no memory. */
void *arena_get(struct arena *, size_t n);
/* n elements of the size; NULL also when the product overflows. */
void *arena_array(struct arena *, size_t n, size_t size);
/* As arena_get(), from the begin of a line of the processor's cache on. */
#define ARENA_LINE 64
void *arena_lines(struct arena *, size_t n);
/* A copy that is terminated as well. */
char *arena_copy(struct arena *, struct bytes);
void arena_free(struct arena *);

#endif
