/*
 * tally: how often each of many words was counted, with a cap on how many there are: what is beyond it is
 * counted together.
 */
#ifndef CLI_TALLY_H
#define CLI_TALLY_H

#include "base/bytes.h"

struct tally;
struct tally_row {
	const char *word;
	uint64_t n;
	size_t index; /* tally_index() */
};

/* NULL: out of memory.  cap: a power of two. */
struct tally *tally_new(size_t cap);
void tally_free(struct tally **);
/* False: there was no room for the word, and it is counted among the others. */
bool tally_add(struct tally *, struct bytes word, uint64_t n);
/* The word's number: in the order in which they came, from 0 on.  False: no room. */
bool tally_index(struct tally *, struct bytes word, size_t *out);
/* How many words there are. */
size_t tally_count(const struct tally *);
bool tally_has(const struct tally *, struct bytes word);
/* What there was no room for. */
uint64_t tally_others(const struct tally *);
/* The most frequent first, then by the word; borrowed until the next tally_add(). */
const struct tally_row *tally_rows(struct tally *, size_t *n);

#endif
