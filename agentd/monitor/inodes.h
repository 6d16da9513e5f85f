/* inodes: a small set of socket inodes with a cap. */
#ifndef MONITOR_INODES_H
#define MONITOR_INODES_H

#include <sshtether/limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>


struct inodes {
	size_t n;
	uint64_t inode[ST_INODES];
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
	if (set->n == ST_INODES)
		return false;
	set->inode[set->n++] = inode;
	return true;
}

#endif
