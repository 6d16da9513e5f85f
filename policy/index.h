/* index: names → pointers, for one load.  Open addressing over the keyed hash of base. */
#ifndef POLICY_INDEX_H
#define POLICY_INDEX_H

#include "base/bytes.h"

struct index_slot;

struct index {
	struct index_slot *slots; /* owned */
	size_t n, cap;
	bool failed;
};

#define INDEX_INIT {0}

/* NULL when the name is not there. */
void *index_get(const struct index *, struct bytes name);
/* The name is borrowed; the value must not be NULL.  An older value of the name is replaced. */
void index_put(struct index *, struct bytes name, void *value);
void index_free(struct index *);

#endif
