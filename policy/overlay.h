/*
 * overlay: many tests' ranges laid over each other.  Between two borders the same tests hold; stretches
 * where the same ones hold are of one class.  Places are numbers of some bytes, big end first: addresses,
 * and ports.  Internal to policy/.
 */
#ifndef POLICY_OVERLAY_H
#define POLICY_OVERLAY_H

#include "policy/tree.h"

#define PLACE 16 /* bytes of the widest; shorter ones are filled up with zeros */

/* A range of a test begins or has ended here. */
struct edge {
	uint8_t at[PLACE];
	uint32_t test;
	bool ends;
};

/* From here to where the next begins; the first begins at zero, the last has no end. */
struct stretch {
	uint8_t from[PLACE];
	uint8_t class;
};

/* Class 0: no test holds.  When there are more than fit, the last is that of all the rest, and is blurred. */
struct classes {
	unsigned n, max;    /* max: up to 64 */
	uint64_t blur;      /* a bit for each class whose places differ */
	uint64_t vector[64][2]; /* which tests hold, as a hash */
	uint64_t *holds;    /* by test: a bit for each class in which it holds; borrowed */
	uint32_t *open;     /* by test: ranges of it that are open now; borrowed */
	size_t ntests;
};

struct overlay {
	unsigned width; /* bytes of a place */
	struct edge *edges; /* owned */
	size_t n, room;
	size_t max;     /* edges; with more, none is regarded */
	bool too_many, failed;
	struct stretch *stretches; /* owned */
	size_t nstretches;
};

/* Both ends inside; ranges of a test may overlap. */
void overlay_add(struct overlay *, uint32_t test, const uint8_t *lo, const uint8_t *hi);
/* Sorts the edges and makes the stretches; new classes are added.  False: no memory. */
bool overlay_classify(struct overlay *, struct classes *);
void overlay_free(struct overlay *);

#endif
