/* syntax: a syntax error in words: what stands there, what could stand there, what was probably meant. */
#ifndef POLICY_SYNTAX_H
#define POLICY_SYNTAX_H

#include "policy/parse.h"

#define SYNTAX_EXPECTED 64

struct syntax_error {
	struct span at;
	const char *expected[SYNTAX_EXPECTED]; /* symbol names, as grammar.y spells them */
	size_t n;
};

void syntax_expected(struct syntax_error *, const char *symbol);
void syntax_report(struct parser *, const struct syntax_error *);

#endif
