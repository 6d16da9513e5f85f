/*
 * vault: the store with what it takes to keep it going: opened when it is needed, set aside when it is
 * damaged, thinned out when it is full or old.  Belongs to the archive's thread.
 */
#ifndef ENGINE_VAULT_H
#define ENGINE_VAULT_H

#include "agentd/engine/vault_row.h"
#include "base/clock.h"

struct vault {
	char *path; /* owned */
	uint64_t max_bytes;
	int64_t keep_ms, usual_ms; /* the baseline has days of its own */
	struct store *store; /* NULL: not open */
	struct mtime tried, measured, tended;
	bool tending; /* there is more to do */
};

/* What came of it, for whoever asked; carried over from call to call. */
struct told {
	bool failing, measured;
	uint64_t written, dropped, set_aside, lost; /* lost: the file was taken away, and begun anew */
	struct store_size size;
	char why[128];
};

/* path is copied.  False: out of memory. */
bool vault_init(struct vault *, const char *path, uint64_t max_bytes, unsigned days, unsigned usual_days);
void vault_close(struct vault *);
/* Open and sound, now; else told says why not. */
bool vault_open(struct vault *, struct told *);
/* One transaction; n rows, which may be none: then the store is only looked after. */
void vault_write(struct vault *, const struct rows *, size_t n, struct told *);
void told_failed(struct told *, const char *why);

#endif
