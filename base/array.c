/* array: see array.h. */
#include "base/array.h"

#include <stdlib.h>

#define FIRST 64

void *
array_grow(void *array, size_t n, size_t *room, size_t size, size_t most)
{
	size_t wider = *room == 0 ? FIRST : *room <= most / 2 ? *room * 2 : most;
	void *wide;

	if (n < *room)
		return array;
	if (wider > most)
		wider = most;
	if (n >= wider || (wide = reallocarray(array, wider, size)) == NULL)
		return NULL;
	*room = wider;
	return wide;
}
