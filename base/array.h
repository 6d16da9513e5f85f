/* array: one that grows by doubling.  Memory only; the caller owns it and frees it. */
#ifndef BASE_ARRAY_H
#define BASE_ARRAY_H

#include <stddef.h>

/*
 * Room for an element behind the n that are there: the array itself, or where it stands now, with *room
 * elements of size bytes, at most `most`.  NULL: no memory, or no more allowed; the array is as it was.
 */
void *array_grow(void *array, size_t n, size_t *room, size_t size, size_t most);

#endif
