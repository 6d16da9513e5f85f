/*
 * where: who did something, and where to: what the words of a gate, of audit and of a finding have in common,
 * and by which they are held against each other.  Pure.  Runs in the engine.
 */
#ifndef ENGINE_WHERE_H
#define ENGINE_WHERE_H

#include "agentd/detect/finding.h"
#include "agentd/detect/gated.h"

struct where {
	uint32_t pid, kind; /* enum gated_kind */
	uint32_t ses;       /* 0: it goes by the process */
	struct endpoint to;
	uint64_t inode;
	uint32_t dev_major, dev_minor;
};

struct where where_of_gated(const struct gated *);
/* False: no gate speaks of such a thing. */
bool where_of_fact(const struct fact *, struct where *out);
bool where_of_finding(const struct finding *, struct where *out);
/* All that a session was refused over TCP: it goes neither by process nor by destination. */
struct where where_of_session(uint32_t ses);
/* The record of a Unix socket that was refused by its path has no inode. */
struct where where_without_inode(struct where);
uint64_t where_key(const struct where *);

#endif
