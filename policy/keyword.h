/* keyword: the words of the language, for the parser, for corrections and for the printer. */
#ifndef POLICY_KEYWORD_H
#define POLICY_KEYWORD_H

#include "base/bytes.h"

struct keyword {
	const char *name;
	int token; /* of grammar.h */
	int value; /* enum action, activity, pol_fact; else 0 */
};

/* False for a word that is none of them. */
bool keyword_find(struct bytes word, struct keyword *out);
/* The i-th of all, for i from 0; false behind the last. */
bool keyword_at(size_t i, struct keyword *out);

#endif
