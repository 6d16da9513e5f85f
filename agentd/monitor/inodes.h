/* inodes: a small set of socket inodes with a cap. */
#ifndef MONITOR_INODES_H
#define MONITOR_INODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INODES_MAX 1024

struct inodes {
	size_t n;
	uint64_t inode[INODES_MAX];
};

static inline bool
inodes_has(const struct inodes *set, uint64_t inode)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->inode[i] == inode)
			return true;
	return false;
}

/* False when there is no room. */
static inline bool
inodes_add(struct inodes *set, uint64_t inode)
{
	if (inodes_has(set, inode))
		return true;
	if (set->n == INODES_MAX)
		return false;
	set->inode[set->n++] = inode;
	return true;
}

#endif
