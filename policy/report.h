/* report: a syntax error in words: what stands there, what could stand there, what was probably meant. */
#ifndef POLICY_REPORT_H
#define POLICY_REPORT_H

#include "policy/parse.h"

#define REPORT_EXPECTED 64

struct report {
	struct span at;
	const char *expected[REPORT_EXPECTED]; /* symbol names, as grammar.y spells them */
	size_t n;
};

void report_expected(struct report *, const char *symbol);
void report_syntax_error(struct parser *, const struct report *);

#endif
