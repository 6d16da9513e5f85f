/*
 * table: a small hash of links that live inside what they link.  O(1); the caller gives the hash,
 * made with hash_u64() or bytes_hash() where an outsider may choose the key.  Owns its slots,
 * nothing else. Used by the model and the detectors, in the engine and in replay.
 */
#ifndef HOST_TABLE_H
#define HOST_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_link {
	struct table_link *next;
	uint64_t hash;
};

struct table {
	struct table_link **slot; /* owned */
	size_t nslot;             /* a power of two */
	size_t n;
};

/* The struct of type t that holds link l as its member m. */
#define TABLE_ENTRY(l, t, m) ((t *)(void *)((char *)(l)-offsetof(t, m)))

/* False: out of memory. */
bool table_init(struct table *);
/* Frees the slots; what is linked is not touched. */
void table_done(struct table *);
/* Never fails: a table that cannot grow gets slower. */
void table_add(struct table *, struct table_link *, uint64_t hash);
void table_del(struct table *, struct table_link *);
/* All links with that hash, the newest first; the caller compares keys.  NULL: no more. */
struct table_link *table_first(const struct table *, uint64_t hash);
struct table_link *table_next(const struct table_link *);

#endif
