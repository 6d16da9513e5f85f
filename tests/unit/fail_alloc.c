/* fail_alloc: see fail_alloc.h. */
#include "tests/unit/fail_alloc.h"

#include <stdbool.h>
#include <stddef.h>

void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void *__wrap_calloc(size_t, size_t);
void *__wrap_realloc(void *, size_t);

long fail_at;

static bool
fails(void)
{
	return fail_at != 0 && --fail_at == 0;
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}
