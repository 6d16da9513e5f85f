/*
 * listed_file: one list of addresses and networks, from its file to a set that is looked up.  Touches nothing of the
 * engine, so that it can be read beside its loop; immutable once read.
 *
 *   203.0.113.7                  # an address; what follows # or ; is a comment
 *   198.51.100.0/24 ; SBL12345   # a network
 *   2001:db8:bad::/48
 *
 * A line that is none of these is told with its number, and left out; the rest counts.
 */
#ifndef ENGINE_LISTED_FILE_H
#define ENGINE_LISTED_FILE_H

#include "base/clock.h"
#include "policy/arena.h"
#include "policy/set.h"

struct listed_file {
	char *path;       /* owned */
	const char *name; /* the last part of it */
	struct arena arena;
	struct addr_set set;
	size_t entries, bad; /* lines */
	struct buf told;     /* the first bad ones: "FILE:LINE: why", a line each */
	struct rtime read;
	struct buf why;      /* it could not be read; empty: it was */
};

/* *left: how many bytes may be read; what this file has is taken off.  NULL: out of memory. */
struct listed_file *listed_file_read(const char *path, size_t *left, struct rtime now);
void listed_file_free(struct listed_file **);
/* Of a text, which need not live on.  False: out of memory.  For listed_file_read(), and for tests. */
bool listed_file_parse(struct listed_file *, struct bytes text);

#endif
