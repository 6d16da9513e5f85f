/* build: what the functions that the grammar calls (parse.h) have in common.  Internal to policy/. */
#ifndef POLICY_BUILD_H
#define POLICY_BUILD_H

#include "policy/parse.h"

/* Whatever is wrong is reported; false: it was. */

void build_resolve(struct parser *, const struct conds *);
/* Not inside a match block, nor in a prelude. */
bool build_at_top(struct parser *, struct span);
/* Of what is no pass rule with an end, in a prelude: always false. */
bool build_only_passes(struct parser *, struct span);
bool build_plain_text(struct parser *, const struct value *, const char *what);
/* Reports nothing: one line of text that may be shown on a terminal. */
bool build_is_line(struct bytes);
/* The index of the value in a vocabulary that ends with NULL; an error comes with a correction. */
bool build_one_of(struct parser *, const struct value *, const char *what, const char *(*word)(unsigned),
    unsigned *out);
/* Two such vocabularies. */
const char *build_mode_word(unsigned);
const char *build_severity_word(unsigned);

#endif
