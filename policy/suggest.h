/* suggest: the word that somebody probably meant. */
#ifndef POLICY_SUGGEST_H
#define POLICY_SUGGEST_H

#include "base/bytes.h"

struct suggest {
	struct bytes word; /* what was written; borrowed */
	const char *best;  /* NULL: nothing is near enough; borrowed from the candidates */
	unsigned distance;
};

void suggest_init(struct suggest *, struct bytes word);
void suggest_offer(struct suggest *, const char *candidate);

#endif
